import { describe, expect, test } from "vitest";
import type { ListenerUnderTest } from "../../smoke-tests/diagnosis.ts";
import {
  explainBootstrapListeners,
  explainClientError,
  explainClusterIds,
  explainMetadata,
  explainSilence,
  explainStranger,
  listenerUnderTest,
  ownHostCaveat,
} from "../../smoke-tests/diagnosis.ts";
import type { SilenceKind } from "../../doctor/dial.ts";
import { NoAnswer } from "../../doctor/dial.ts";
import type { ClusterMetadata } from "../../doctor/metadata.ts";
import type { PlatformOutputs, Vantage } from "../../smoke-tests/outputs.ts";

const addresses: Readonly<Record<Vantage, string>> = {
  host: "localhost:9092",
  network: "dev-kafka-1:19092",
  external: "kafka.example.com:9093",
};
const outputs: PlatformOutputs = {
  environment: "dev",
  docker: { host: "unix:///var/run/docker.sock", network: "dev" },
  labels: {},
  kafka: {
    version: "4.1.1",
    metadata: "kraft",
    clusterId: "the-cluster",
    brokers: [{ id: 1, container: "dev-kafka-1" }],
    listeners: {
      HOST: { vantage: "host", bootstrapServers: addresses.host, security: "PLAINTEXT" },
      NETWORK: { vantage: "network", bootstrapServers: addresses.network, security: "PLAINTEXT" },
      LAN: { vantage: "external", bootstrapServers: addresses.external, security: "PLAINTEXT" },
    },
  },
  services: {},
  clients: { kafkajs: {}, librdkafka: {}, java: {} },
};
const host = listenerUnderTest(outputs, "HOST");
const network = listenerUnderTest(outputs, "NETWORK");
const external = listenerUnderTest(outputs, "LAN");

function brokerOf(listener: ListenerUnderTest) {
  const [broker] = listener.brokers;
  if (broker === undefined) throw new Error("no broker");
  return broker;
}

function explain(listener: ListenerUnderTest, kind: SilenceKind, detail: string): string {
  const broker = brokerOf(listener);
  return explainSilence(listener, broker, new NoAnswer(kind, broker.address, detail));
}

function metadata(address: string, id = 1, clusterId = "the-cluster"): ClusterMetadata {
  return { clusterId, controllerId: id, brokers: [{ id, address }], topics: {} };
}

describe("listenerUnderTest", () => {
  test("gives each broker the address in its place", () => {
    const three = {
      ...outputs,
      kafka: {
        ...outputs.kafka,
        brokers: [3, 1, 2].map((id) => ({ id, container: `k${id}` })),
        listeners: {
          HOST: {
            vantage: "host",
            bootstrapServers: "h:3, h:1,[::1]:2",
            security: "PLAINTEXT",
          },
        },
      },
    } as const;
    expect(listenerUnderTest(three, "HOST").brokers).toEqual([
      { id: 3, container: "k3", address: "h:3" },
      { id: 1, container: "k1", address: "h:1" },
      { id: 2, container: "k2", address: "[::1]:2" },
    ]);
  });

  test.for([
    ["", 'listener "HOST" has 0 addresses ("") for 1 brokers; the outputs must name one for each'],
    [
      "a:1,b:2",
      'listener "HOST" has 2 addresses ("a:1,b:2") for 1 brokers; the outputs must name one for each',
    ],
    ["localhost", '"localhost" is not an address; write host:port'],
  ] as const)("refuses the bootstrap servers %j", ([bootstrapServers, message]) => {
    const kafka = {
      ...outputs.kafka,
      listeners: { HOST: { vantage: "host", bootstrapServers, security: "PLAINTEXT" } },
    } as const;
    expect(() => listenerUnderTest({ ...outputs, kafka }, "HOST")).toThrow(message);
  });
});

describe("explainSilence", () => {
  test.for<[ListenerUnderTest, SilenceKind, string, string]>([
    [
      host,
      "refused",
      "ECONNREFUSED",
      'listener "HOST": localhost:9092 refuses connections from this host; see that container "dev-kafka-1" runs and publishes port 9092, and that listeners of broker 1 (KAFKA_LISTENERS) bind HOST to 0.0.0.0 there',
    ],
    [
      host,
      "unresolved",
      "ENOTFOUND",
      'listener "HOST": the name in localhost:9092 does not resolve from this host; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must name the Docker host as its own clients do: HOST://localhost:9092',
    ],
    [
      network,
      "unresolved",
      "ENOTFOUND",
      'listener "NETWORK": the name in dev-kafka-1:19092 does not resolve from a container on network "dev"; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must name a container on network "dev": NETWORK://dev-kafka-1:19092, with "dev-kafka-1" attached to it',
    ],
    [
      network,
      "refused",
      "ECONNREFUSED",
      'listener "NETWORK": dev-kafka-1:19092 refuses connections from a container on network "dev"; see that container "dev-kafka-1" runs, and that listeners of broker 1 (KAFKA_LISTENERS) bind NETWORK to port 19092 on an address that its network reaches, not on localhost',
    ],
    [
      external,
      "unresolved",
      "ENOTFOUND",
      'listener "LAN": the name in kafka.example.com:9093 does not resolve from this host; give clients a name record for kafka.example.com, or let advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) say LAN://<an address that they reach>:9093',
    ],
    [
      external,
      "dropped",
      "5 s",
      'listener "LAN": kafka.example.com:9093 takes no connection from this host within 5 s; see that kafka.example.com is an address of the Docker host and that no firewall drops port 9093',
    ],
    [
      network,
      "dropped",
      "5 s",
      'listener "NETWORK": dev-kafka-1:19092 takes no connection from a container on network "dev" within 5 s; see that container "dev-kafka-1" is attached to network "dev"',
    ],
    [
      external,
      "unreachable",
      "EHOSTUNREACH",
      'listener "LAN": kafka.example.com:9093 cannot be reached from this host (EHOSTUNREACH); see that container "dev-kafka-1" runs and publishes port 9093, and that listeners of broker 1 (KAFKA_LISTENERS) bind LAN to 0.0.0.0 there',
    ],
    [
      host,
      "closed",
      "ECONNRESET",
      'listener "HOST": localhost:9092 closes the connection from this host instead of answering a Kafka request; see that container "dev-kafka-1" runs and publishes port 9092, and that listeners of broker 1 (KAFKA_LISTENERS) bind HOST to 0.0.0.0 there',
    ],
    [
      host,
      "silent",
      "5 s",
      'listener "HOST": localhost:9092 takes the connection from this host, but gives no answer to a Kafka request within 5 s; see that container "dev-kafka-1" is not stuck in its start, and that port 9092 leads to HOST in listeners of broker 1 (KAFKA_LISTENERS)',
    ],
    [
      host,
      "tls",
      '"..."',
      'listener "HOST": localhost:9092 speaks TLS; listener.security.protocol.map of broker 1 (KAFKA_LISTENER_SECURITY_PROTOCOL_MAP) must say HOST:PLAINTEXT, as the outputs do',
    ],
    [
      host,
      "foreign",
      '"HTTP/1.1 400 Bad Request"',
      'listener "HOST": localhost:9092 answers, but not as Kafka: "HTTP/1.1 400 Bad Request"; something else than HOST holds port 9092; stop it, or give HOST of broker 1 another port',
    ],
  ])("names the setting behind $0.name $1", ([listener, kind, detail, message]) => {
    expect(explain(listener, kind, detail)).toBe(message);
  });

  test("blames no setting while the container does not run", () => {
    const broker = brokerOf(network);
    const silence = new NoAnswer("unresolved", broker.address, "ENOTFOUND");
    expect(explainSilence(network, broker, silence, "exited")).toBe(
      'listener "NETWORK": the name in dev-kafka-1:19092 does not resolve from a container on network "dev"; container "dev-kafka-1" of broker 1 is exited, so start it, or see in its log why it ended',
    );
    expect(explainSilence(network, broker, silence, "running")).toContain(
      "KAFKA_ADVERTISED_LISTENERS",
    );
  });
});

describe("explainMetadata", () => {
  const broker = brokerOf(host);

  test("has nothing to say when every broker is where the outputs say", () => {
    expect(explainMetadata(host, broker, metadata("localhost:9092"), undefined)).toEqual([]);
  });

  test("names the listener, the address and what advertised.listeners must say", () => {
    expect(explainMetadata(host, broker, metadata("kafka:9092"), undefined)).toEqual([
      'listener "HOST": broker 1 sends clients that came through localhost:9092 on to kafka:9092; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must say HOST://localhost:9092',
    ]);
  });

  test("adds what the broker says of itself", () => {
    const settings = { settings: { "advertised.listeners": "HOST://kafka:9092" } };
    expect(explainMetadata(host, broker, metadata("kafka:9092"), settings)).toEqual([
      'listener "HOST": broker 1 sends clients that came through localhost:9092 on to kafka:9092; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must say HOST://localhost:9092 and says HOST://kafka:9092',
    ]);
  });

  test("blames the published port when the setting is right", () => {
    const settings = {
      settings: { "advertised.listeners": "NETWORK://dev-kafka-1:19092,HOST://localhost:9092" },
    };
    expect(
      explainMetadata(host, broker, metadata("dev-kafka-1:19092"), settings, [network, external]),
    ).toEqual([
      'listener "HOST": broker 1 sends clients that came through localhost:9092 on to dev-kafka-1:19092, though its advertised.listeners say HOST://localhost:9092: port 9092 leads to listener "NETWORK"; publish the port that HOST has in listeners of broker 1 (KAFKA_LISTENERS)',
    ]);
  });

  test("recognizes another listener's address", () => {
    expect(
      explainMetadata(host, broker, metadata("dev-kafka-1:19092"), undefined, [network]),
    ).toEqual([
      'listener "HOST": broker 1 sends clients that came through localhost:9092 on to dev-kafka-1:19092, which is the address of listener "NETWORK"; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must say HOST://localhost:9092',
    ]);
  });

  test("finds another cluster, a missing broker and an unknown one at once", () => {
    expect(
      explainMetadata(host, broker, metadata("localhost:9092", 7, "other"), undefined),
    ).toEqual([
      'listener "HOST": localhost:9092 belongs to cluster other, not to the-cluster; another platform holds this port, or the outputs are not this platform\'s',
      'listener "HOST": localhost:9092 does not name broker 1; see that container "dev-kafka-1" runs and has joined the cluster',
      'listener "HOST": localhost:9092 names broker 7 at localhost:9092, which the outputs do not know; make them anew with "npm run outputs"',
    ]);
  });
});

test("explainMetadata compares no cluster id where the outputs have none", () => {
  const drawn = { ...host, clusterId: undefined };
  expect(explainMetadata(drawn, brokerOf(host), metadata("localhost:9092"), undefined)).toEqual([]);
});

describe("explainClusterIds", () => {
  const seen = (listener: string, address: string, clusterId: string | null) => ({
    listener,
    address,
    clusterId,
  });

  test("has nothing to say of brokers that agree, nor of none", () => {
    expect(explainClusterIds([seen("HOST", "a:1", "x"), seen("NETWORK", "b:2", "x")])).toBe(
      undefined,
    );
    expect(explainClusterIds([])).toBe(undefined);
  });

  test("names who belongs where", () => {
    expect(
      explainClusterIds([
        seen("NETWORK", "a:1", "x"),
        seen("HOST", "localhost:1", "y"),
        seen("NETWORK", "b:1", "x"),
        seen("HOST", "localhost:2", null),
      ]),
    ).toBe(
      'brokers of one platform belong to different clusters: a:1 (listener "NETWORK"), b:1 (listener "NETWORK") to cluster x; localhost:1 (listener "HOST") to cluster y; localhost:2 (listener "HOST") to cluster (none); another platform holds one of these ports, or KAFKA_ZOOKEEPER_CONNECT of the brokers leads to different places',
    );
  });
});

test("explainStranger names the port that leads astray", () => {
  expect(explainStranger(host, brokerOf(host), 2)).toBe(
    'listener "HOST": localhost:9092 is advertised for broker 1, but broker 2 answers there; publish port 9092 from container "dev-kafka-1"',
  );
});

describe("explainClientError", () => {
  test.for([
    ["Failed to find group coordinator", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"],
    ["Replication-factor is invalid", "replication factor asks for"],
    [
      "Messages are rejected since there are fewer in-sync replicas than required",
      "KAFKA_MIN_INSYNC_REPLICAS",
    ],
    ["The request included a message larger than the max message size", "KAFKA_MESSAGE_MAX_BYTES"],
    ["Not authorized to access topics: [Topic authorization failed]", "rights"],
  ] as const)("knows the setting behind %j", ([message, hint]) => {
    const explanation = explainClientError(host, message);
    expect(explanation).toContain(`listener "HOST": ${message}; `);
    expect(explanation).toContain(hint);
  });

  test("passes on what it does not know", () => {
    expect(explainClientError(host, "odd")).toBe('listener "HOST": odd');
  });
});

test("ownHostCaveat says what was not tried", () => {
  expect(ownHostCaveat("LAN")).toBe(
    'external listener "LAN" was tried from its own host only; a client elsewhere may still be stopped by a firewall',
  );
});

describe("a platform without an engine", () => {
  const { docker: _, ...rest } = outputs;
  const brokers = [{ id: 1 }];
  const elsewhere = listenerUnderTest(
    { ...rest, environment: "kafka:9092", kafka: { ...rest.kafka, brokers } },
    "HOST",
  );

  test.for<[SilenceKind, string]>([
    [
      "refused",
      'listener "HOST": localhost:9092 refuses connections from this host; broker 1 sends clients that came through kafka:9092 there; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must say HOST://<an address that these clients reach>',
    ],
    [
      "tls",
      'listener "HOST": localhost:9092 speaks TLS; broker 1 sends clients that came through kafka:9092 there; the smoke tests speak PLAINTEXT only, so give them the address of a listener that does',
    ],
  ])("names no container, but who gave the address: %s", ([kind, text]) => {
    expect(explain(elsewhere, kind, "why")).toBe(text);
  });

  test("names no container of a broker that is missing, nor of one behind another's address", () => {
    const broker = brokerOf(elsewhere);
    const [missing] = explainMetadata(
      elsewhere,
      broker,
      { clusterId: "the-cluster", controllerId: -1, brokers: [], topics: {} },
      undefined,
    );
    expect(missing).toContain("see that broker 1 runs");
    expect(explainStranger(elsewhere, broker, 2)).toMatch(
      /advertised\.listeners of broker 1 .* must say an address that leads to it$/,
    );
  });
});

describe("bootstrap servers of a platform of others", () => {
  const one = { id: 1, address: "a:9092" };
  const two = { id: 2, address: "b:9092" };

  test("agree, in whichever order they name the brokers", () => {
    expect(
      explainBootstrapListeners([
        { address: "a:9092", brokers: [one, two] },
        { address: "b:9092", brokers: [two, one] },
      ]),
    ).toBeUndefined();
  });

  test("are refused where one sends clients elsewhere, which nobody would try", () => {
    expect(
      explainBootstrapListeners([
        { address: "a:9092", brokers: [one, two] },
        { address: "b:9092", brokers: [two, one] },
        { address: "c:9094", brokers: [{ id: 1, address: "nowhere.invalid:9094" }] },
        { address: "d:9094", brokers: [] },
      ]),
    ).toBe(
      "bootstrap servers of one platform send clients to different addresses: a:9092, b:9092 to a:9092, b:9092; c:9094 to nowhere.invalid:9094; d:9094 to no broker; give those of one listener in --bootstrap, and try the others in runs of their own",
    );
  });
});
