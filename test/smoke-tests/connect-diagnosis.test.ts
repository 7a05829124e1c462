import { describe, expect, test } from "vitest";
import type { ConnectorStatus } from "../../smoke-tests/clients/connect-client.ts";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";
import {
  explainConnectRefusal,
  explainConnectSilence,
  explainFailure,
  explainForeignCluster,
  explainMissingPlugin,
  obstacleOf,
  workerBootstrap,
} from "../../smoke-tests/connect-diagnosis.ts";
import { NoAnswer } from "../../doctor/dial.ts";
import type { ListenerOutput, PlatformOutputs, Vantage } from "../../smoke-tests/outputs.ts";
import type { ServiceUnderTest } from "../../smoke-tests/services.ts";
import { servicesUnderTest } from "../../smoke-tests/services.ts";

const outputs: PlatformOutputs = {
  environment: "dev",
  docker: { host: "unix:///var/run/docker.sock", network: "dev-network" },
  labels: {},
  kafka: { version: "4.1.1", metadata: "kraft", brokers: [], listeners: {} },
  services: { connect: { url: "http://localhost:8083", container: "connect" } },
  clients: { kafkajs: {}, librdkafka: {}, java: {} },
};
const [service] = servicesUnderTest(outputs, "connect") as [ServiceUnderTest];
const WORKER = { worker_id: "connect:8083" };

test("an address that refuses names container, port and the brokers that the start needs", () => {
  const silence = new NoAnswer("refused", "localhost:8083", "ECONNREFUSED");
  const address = { host: "localhost", port: 8083 };
  expect(explainConnectSilence(service, address, silence)).toBe(
    'Connect: localhost:8083 refuses connections from this host; see that container "connect" publishes port 8083 and is through with its start, which needs the brokers (bootstrap.servers, CONNECT_BOOTSTRAP_SERVERS)',
  );
});

describe("explainConnectRefusal", () => {
  test.for<[number, string, string]>([
    [
      404,
      "<html>\n<head>",
      'GET /connectors is answered with HTTP 404: <html>; the API is not there; see that container "connect" is through with its start, which needs the brokers (bootstrap.servers, CONNECT_BOOTSTRAP_SERVERS), and that services.connect.url in the outputs (http://localhost:8083) leads to it, with nothing behind the port',
    ],
    [
      404,
      '{"error_code":404,"message":"Connector lines not found"}',
      "GET /connectors is answered with HTTP 404, error_code 404: Connector lines not found",
    ],
    [
      500,
      '{"error_code":500,"message":"Failed to find any class that implements Connector and which name matches x, available connectors are: none"}',
      'GET /connectors is answered with HTTP 500, error_code 500: Failed to find any class that implements Connector and which name matches x, available connectors are: none; see that plugin.path (CONNECT_PLUGIN_PATH) of container "connect" names the folder that holds it',
    ],
    [
      500,
      '{"error_code":500,"message":"IO Error trying to forward REST request: java.net.UnknownHostException"}',
      "GET /connectors is answered with HTTP 500, error_code 500: IO Error trying to forward REST request: java.net.UnknownHostException; rest.advertised.host.name (CONNECT_REST_ADVERTISED_HOST_NAME) of each worker must be a name that the others reach",
    ],
    [
      500,
      '{"error_code":500,"message":"Request timed out"}',
      'GET /connectors is answered with HTTP 500, error_code 500: Request timed out; see that bootstrap.servers (CONNECT_BOOTSTRAP_SERVERS) of container "connect" leads to the brokers, that they run, and that its topics (config.storage.topic, offset.storage.topic, status.storage.topic) have a leader',
    ],
    [
      401,
      "User cannot access the resource.",
      "GET /connectors is answered with HTTP 401: User cannot access the resource.; the smoke tests need the rights to make, read and remove connectors named kafka-platform-kit.smoke.*",
    ],
    [
      400,
      '{"error_code":400,"message":"Connector configuration is invalid"}',
      "GET /connectors is answered with HTTP 400, error_code 400: Connector configuration is invalid",
    ],
  ])("gives Connect's own words and the setting behind $0 $1", ([status, body, message]) => {
    const refusal = new ServiceRefusal("GET /connectors", status, body);
    expect(explainConnectRefusal(service, refusal)).toBe(`Connect: ${message}`);
  });
});

test("a worker of another cluster is told by both ids", () => {
  expect(explainForeignCluster(service, "theirs", "ours")).toBe(
    'Connect: http://localhost:8083 works with cluster theirs, not with ours; bootstrap.servers (CONNECT_BOOTSTRAP_SERVERS) of container "connect" must lead to this platform\'s brokers',
  );
});

test("a missing plugin is told with those that are there", () => {
  expect(explainMissingPlugin(service, "Mirror", ["FileSource", "FileSink"])).toContain(
    'Connect: container "connect" has no plugin Mirror, but FileSource, FileSink; its jar (connect-mirror) must be',
  );
  expect(explainMissingPlugin(service, "Mirror", [])).toContain("but none at all;");
});

describe("obstacleOf", () => {
  const running = { ...WORKER, state: "RUNNING" };

  test.for<[ConnectorStatus | undefined, string | undefined]>([
    [undefined, "it has no status yet"],
    [
      { connector: { ...WORKER, state: "UNASSIGNED" }, tasks: [{ ...running, id: 0 }] },
      "it is UNASSIGNED on worker connect:8083",
    ],
    [
      { connector: running, tasks: [] },
      "it is RUNNING on worker connect:8083, but has no task yet",
    ],
    [
      { connector: running, tasks: [{ ...WORKER, state: "UNASSIGNED", id: 0 }] },
      "its task 0 is UNASSIGNED on worker connect:8083",
    ],
    [{ connector: running, tasks: [{ ...running, id: 0 }] }, undefined],
  ])("says what does not run of %j", ([status, obstacle]) => {
    expect(obstacleOf(status)).toBe(obstacle);
  });
});

describe("explainFailure", () => {
  const explain = (status: ConnectorStatus | undefined): string | undefined =>
    explainFailure(service, "lines", status, "brooker:19092");

  test("has hope for what does not run yet", () => {
    expect(explain(undefined)).toBeUndefined();
    expect(explain({ connector: { ...WORKER, state: "UNASSIGNED" }, tasks: [] })).toBeUndefined();
  });

  test("tells a connector's causes without the places, and the addresses that it was given", () => {
    const trace = [
      "org.apache.kafka.common.KafkaException: Failed to create new KafkaAdminClient",
      "\tat org.apache.kafka.clients.admin.KafkaAdminClient.createInternal(KafkaAdminClient.java:553)",
      "Caused by: org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls given in bootstrap.servers",
      "\t... 8 more",
      "",
    ].join("\n");
    expect(explain({ connector: { ...WORKER, state: "FAILED", trace }, tasks: [] })).toBe(
      [
        'Connect: connector "lines" is FAILED on worker connect:8083; it was given the brokers brooker:19092, which container "connect" must reach, and the addresses that they advertise there as well',
        "  org.apache.kafka.common.KafkaException: Failed to create new KafkaAdminClient",
        "  Caused by: org.apache.kafka.common.config.ConfigException: No resolvable bootstrap urls given in bootstrap.servers",
      ].join("\n"),
    );
  });

  test("tells a task's failure, without addresses where they are not at fault", () => {
    const task = { ...WORKER, id: 0, state: "FAILED", trace: "java.lang.OutOfMemoryError: heap\n" };
    const connector = { ...WORKER, state: "RUNNING" };
    expect(explain({ connector, tasks: [task] })).toBe(
      'Connect: task 0 of connector "lines" is FAILED on worker connect:8083\n  java.lang.OutOfMemoryError: heap',
    );
  });
});

describe("workerBootstrap", () => {
  const platform = (...vantages: readonly Vantage[]): PlatformOutputs => {
    const listeners: Record<string, ListenerOutput> = {};
    for (const vantage of vantages) {
      listeners[vantage] = { vantage, bootstrapServers: `${vantage}:9092`, security: "PLAINTEXT" };
    }
    return { ...outputs, kafka: { ...outputs.kafka, listeners } };
  };

  test("is the network's, where the kit runs its workers", () => {
    expect(workerBootstrap(platform("host", "external", "network"))).toBe("network:9092");
  });

  test("is what other machines use where there is no network's", () => {
    expect(workerBootstrap(platform("host", "external"))).toBe("external:9092");
    expect(workerBootstrap(platform("host"))).toBe("host:9092");
  });

  test("is refused where the platform has no listener", () => {
    expect(() => workerBootstrap(platform())).toThrow("the outputs have no listener");
  });
});
