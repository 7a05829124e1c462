import { describe, expect, test } from "vitest";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";
import { NotProduced } from "../../smoke-tests/clients/rest-proxy-client.ts";
import type { SilenceKind } from "../../doctor/dial.ts";
import { NoAnswer } from "../../doctor/dial.ts";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import {
  explainBaseUri,
  explainHanging,
  explainMissing,
  explainNotProduced,
  explainProxyRefusal,
  explainProxySilence,
  explainStrayBaseUri,
} from "../../smoke-tests/rest-proxy-diagnosis.ts";
import type { ServiceUnderTest } from "../../smoke-tests/services.ts";
import { servicesUnderTest } from "../../smoke-tests/services.ts";
import { recordingsOf } from "../stand-ins/replay.ts";

const outputs: PlatformOutputs = {
  environment: "seed",
  docker: { host: "unix:///var/run/docker.sock", network: "seed-network" },
  labels: {},
  kafka: { version: "3.0.1", metadata: "zookeeper", brokers: [], listeners: {} },
  services: {
    restProxy: {
      url: "http://localhost:8082",
      networkUrl: "http://rest-proxy:8082",
      container: "rest-proxy",
    },
  },
  clients: { kafkajs: {}, librdkafka: {}, java: {} },
};
const [host, network] = servicesUnderTest(outputs, "restProxy") as [
  ServiceUnderTest,
  ServiceUnderTest,
];

function recorded(file: string, name: string): ServiceRefusal {
  const exchange = recordingsOf("rest-proxy", file).find((one) => one.name === name);
  if (exchange === undefined) throw new Error(`${file} has no ${name}`);
  const { request, response } = exchange;
  return new ServiceRefusal(`${request.method} ${request.path}`, response.status, response.body);
}

describe("explainProxySilence", () => {
  const explain = (service: ServiceUnderTest, kind: SilenceKind, state?: string): string => {
    const { hostname, port } = new URL(service.url);
    const silence = new NoAnswer(kind, `${hostname}:${port}`, "5 s");
    return explainProxySilence(service, { host: hostname, port: Number(port) }, silence, state);
  };

  test.for<[ServiceUnderTest, SilenceKind, string | undefined, string]>([
    [
      network,
      "refused",
      "running",
      'REST Proxy: rest-proxy:8082 refuses connections from a container on network "seed-network"; see that KAFKA_REST_LISTENERS says http://0.0.0.0:8082 in container "rest-proxy", and that it is through with its start, which needs the brokers (KAFKA_REST_BOOTSTRAP_SERVERS)',
    ],
    [
      host,
      "refused",
      "exited",
      'REST Proxy: localhost:8082 refuses connections from this host; container "rest-proxy" is exited, so start it, or see in its log why it ended',
    ],
    [
      host,
      "foreign",
      undefined,
      'REST Proxy: localhost:8082 answers, but not as REST Proxy: 5 s; services.restProxy.url in the outputs (http://localhost:8082) must lead to container "rest-proxy", with nothing behind the port',
    ],
  ])("explains %o that is %s", ([service, kind, state, message]) => {
    expect(explain(service, kind, state)).toBe(message);
  });
});

describe("explainProxyRefusal", () => {
  test.for<[string, string, string]>([
    [
      "broker-down.json",
      "9-broker-down-topics",
      'REST Proxy: GET /topics is answered with HTTP 500, error_code 50003: Timed out waiting for a node assignment. Call: listNodes; it cannot use Kafka; see that KAFKA_REST_BOOTSTRAP_SERVERS of container "rest-proxy" leads to the brokers, and that they run',
    ],
    [
      "one-broker.json",
      "56-404-path",
      'REST Proxy: GET /nothing is answered with HTTP 404, error_code 404: HTTP 404 Not Found; the API is not there; services.restProxy.url in the outputs (http://localhost:8082) must lead to container "rest-proxy", with nothing behind the port',
    ],
    [
      "one-broker.json",
      "33-404-instance-records",
      "REST Proxy: GET /consumers/my_json_consumer/instances/nope/records is answered with HTTP 404, error_code 40403: Consumer instance not found.; another proxy answers than the one that has the consumer, or it expired: a consumer lives in one proxy, for as long as KAFKA_REST_CONSUMER_INSTANCE_TIMEOUT_MS lets it idle",
    ],
    [
      "one-broker.json",
      "31-409-consumer-exists",
      "REST Proxy: POST /consumers/my_json_consumer is answered with HTTP 409, error_code 40902: Consumer with specified consumer ID already exists in the specified consumer group.",
    ],
  ])("explains what %s holds as %s", ([file, name, message]) => {
    expect(explainProxyRefusal(host, recorded(file, name))).toBe(message);
  });

  test("names the rights that are missing", () => {
    const refusal = new ServiceRefusal("GET /topics", 403, '{"error_code":40301,"message":"no"}');
    expect(explainProxyRefusal(host, refusal)).toMatch(/HTTP 403, error_code 40301: no; .*rights/);
  });
});

describe("explainNotProduced", () => {
  test("doubts the topic where the proxy does not find it", () => {
    const said = "Topic t not present in metadata after 60000 ms.";
    expect(explainNotProduced(host, new NotProduced("t", 50003, said, 1, 2))).toBe(
      'REST Proxy: POST /topics/t is answered with HTTP 200, but 1 of 2 records were not written: error_code 50003: Topic t not present in metadata after 60000 ms.; see that topic "t" is there, and that KAFKA_REST_BOOTSTRAP_SERVERS of container "rest-proxy" leads to this cluster\'s brokers',
    );
  });

  test("doubts the brokers where it finds the topic", () => {
    const said = "Expiring 2 record(s) for t-0:120000 ms has passed since batch creation";
    expect(explainNotProduced(host, new NotProduced("t", 50003, said, 2, 2))).toContain(
      'error_code 50003: Expiring 2 record(s) for t-0:120000 ms has passed since batch creation; see that KAFKA_REST_BOOTSTRAP_SERVERS of container "rest-proxy" leads to the brokers, that they run, and that topic "t" has a leader',
    );
  });
});

describe("explainBaseUri", () => {
  const baseUri = "http://rest-proxy:8082/consumers/g/instances/i";

  test("names what it is, what the client used, and the setting", () => {
    const silence = new NoAnswer("unresolved", "rest-proxy:8082", "ENOTFOUND");
    expect(explainBaseUri(host, baseUri, silence)).toBe(
      'REST Proxy: the base_uri of a consumer is http://rest-proxy:8082/consumers/g/instances/i, which clients of http://localhost:8082 cannot follow: the name in rest-proxy:8082 does not resolve from this host; take KAFKA_REST_HOST_NAME out of container "rest-proxy": without it base_uri follows the address that each client uses (KAFKA_REST_ADVERTISED_LISTENERS changes links of /v3 only)',
    );
  });

  test("tells of another proxy that answers there", () => {
    const refusal = recorded("one-broker.json", "33-404-instance-records");
    expect(explainBaseUri(host, baseUri, refusal)).toMatch(
      /error_code 40403: .*; the address leads to another proxy than the one that was asked$/,
    );
  });

  test("tells what came of it where that is neither silence nor a refusal", () => {
    expect(explainBaseUri(host, "nonsense", new Error('"nonsense" is not the address'))).toContain(
      'cannot follow: "nonsense" is not the address; take KAFKA_REST_HOST_NAME',
    );
  });
});

describe("explainStrayBaseUri", () => {
  const external = { ...host, vantage: "external", url: "http://192.0.2.1:8082" } as const;
  const own = "http://localhost:8082/consumers/g/instances/i";

  test("names a base_uri that only the proxy's own host can follow", () => {
    expect(explainStrayBaseUri(external, own)).toContain(
      "which clients of http://192.0.2.1:8082 cannot follow: it leads to localhost:8082, and they know the proxy as 192.0.2.1:8082; take KAFKA_REST_HOST_NAME out of container",
    );
  });

  test.each([
    ["clients elsewhere use it", external, "http://192.0.2.1:8082/consumers/g/instances/i"],
    ["they stand on that host", host, own],
    ["it is no address, which is found where it is followed", external, "nonsense"],
  ])("has nothing to say where %s", (_, service, baseUri) => {
    expect(explainStrayBaseUri(service, baseUri)).toBeUndefined();
  });
});

test("a call about consumers that hangs is traced to a group that is not formed", () => {
  const silence = new NoAnswer("silent", "localhost:8082", "20 s");
  const message = explainHanging(host, silence);
  expect(message).toContain(
    "localhost:8082 takes the connection from this host, but gives no answer to a REST Proxy request within 20 s; a consumer waits for its group",
  );
  expect(message).toContain("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR");
  expect(message).toContain("delete their consumers");
});

test("records that do not come are counted", () => {
  expect(explainMissing(host, "t", 40, 3, 20)).toMatch(
    /^REST Proxy: 3 of 20 records of topic "t" came in 40 s of fetching; see that KAFKA_REST_BOOTSTRAP_SERVERS/,
  );
});
