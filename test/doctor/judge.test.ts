import { describe, expect, test } from "vitest";
import { parseAddress } from "../../doctor/address.ts";
import { HERE, onNetworkCalled } from "../../doctor/explain.ts";
import { judge, type Evidence, type Opinion } from "../../doctor/judge.ts";
import type { Found, Look } from "../../doctor/look.ts";
import { neighbourOf, type Neighbour } from "../../doctor/neighbours.ts";
import { inspected } from "./inspected.ts";

const LAN = "192.168.56.101:9092";

type Brokers = Readonly<Record<number, string>>;

/** A broker that names these to its clients. */
function broker(brokers: Brokers, more: Partial<Found & { is: "broker" }> = {}): Found {
  return {
    is: "broker",
    connectMilliseconds: 2,
    securityProtocol: "PLAINTEXT",
    metadata: metadata(brokers),
    ...more,
  };
}

function metadata(brokers: Brokers, clusterId = "the-cluster") {
  return {
    clusterId,
    controllerId: 1,
    brokers: Object.entries(brokers).map(([id, address]) => ({ id: Number(id), address })),
    topics: {},
  };
}

type Silence = (Found & { is: "silence" })["kind"];

function silence(kind: Silence, detail = "ECODE"): Found {
  return { is: "silence", kind, detail };
}

/** What was seen at each address; the first was given. */
function evidence(found: Readonly<Record<string, Found>>, more: Partial<Evidence> = {}): Evidence {
  const looks = new Map<string, Look>(
    Object.entries(found).map(([address, each]) => [
      address,
      {
        address: parseAddress(address),
        found: each,
        milliseconds: each.is === "silence" ? null : 5,
      },
    ]),
  );
  return {
    place: HERE,
    securityProtocol: "PLAINTEXT",
    given: Object.keys(found).slice(0, 1),
    looks,
    ids: new Map(),
    unready: new Map(),
    opinions: new Map(),
    neighbours: [],
    own: new Set(),
    now: new Date("2026-11-22T00:00:00Z"),
    ...more,
  };
}

/** The one thing that is wrong. */
function only(seen: Evidence) {
  const { findings, usable } = judge(seen);
  expect(findings).toHaveLength(1);
  expect(usable).toBe(findings[0]?.severity === "warning");
  return findings[0];
}

const HOST_AND_NETWORK = { own: new Set(["192.168.56.101"]) };

/** A broker of this kit's environment `dev`. */
const KIT = neighbourOf(
  inspected({
    name: "dev-kafka-1",
    labels: { "kafka-platform-kit.environment": "dev", "kafka-platform-kit.service": "kafka" },
    env: {
      KAFKA_ADVERTISED_LISTENERS:
        "BROKER://dev-kafka-1:19091,NETWORK://dev-kafka-1:19092,HOST://localhost:9092",
      KAFKA_INTER_BROKER_LISTENER_NAME: "BROKER",
      KAFKA_NODE_ID: "1",
    },
    networks: { dev: { Aliases: ["dev-kafka-1"], IPAddress: "172.18.0.2" } },
    published: [["0.0.0.0", 9092]],
  }),
);

/** Somebody else's. */
function foreign(advertised: string, more: Partial<Neighbour> = {}): Neighbour {
  return {
    ...neighbourOf(
      inspected({
        name: "kafka",
        env: {
          KAFKA_CFG_ADVERTISED_LISTENERS: advertised,
          KAFKA_CFG_LISTENERS: "PLAINTEXT://:9092,CONTROLLER://:9093",
        },
        networks: { theirs: { Aliases: ["kafka"], IPAddress: "172.19.0.2" } },
        published: [["", 9092]],
      }),
    ),
    ...more,
  };
}

test("has nothing to say when the given address is the advertised one, and answers", () => {
  expect(judge(evidence({ [LAN]: broker({ 1: LAN }) }))).toEqual({
    usable: true,
    clusterId: "the-cluster",
    findings: [],
    addresses: [
      {
        address: LAN,
        bootstrap: true,
        advertisedBy: [1],
        usable: true,
        securityProtocol: "PLAINTEXT",
        saslMechanisms: [],
        milliseconds: 5,
      },
    ],
  });
});

describe("a given address", () => {
  test.for<[string, Found, string]>([
    [
      "unresolved",
      silence("unresolved"),
      "the name in k:1 does not resolve from this host; see how it is spelled, or give it a name record",
    ],
    [
      "refused",
      silence("refused"),
      "k:1 refuses connections from this host; see that a broker runs there and listens on an address that others reach",
    ],
    [
      "unreachable",
      silence("unreachable", "EHOSTUNREACH"),
      "k:1 cannot be reached from this host (EHOSTUNREACH); see that a broker runs there and listens on an address that others reach",
    ],
    [
      "dropped",
      silence("dropped", "7 s"),
      "k:1 takes no connection from this host within 7 s; see that the address is right and that no firewall drops it",
    ],
    [
      "silent",
      silence("silent", "7 s"),
      "k:1 takes the connection from this host, but gives no answer to a Kafka request within 7 s; see that the broker there is not stuck in its start, and that the port is a listener's for clients",
    ],
    [
      "closed",
      silence("closed"),
      "k:1 closes the connection from this host instead of answering a Kafka request; see that a broker runs behind the port, and that it is a listener's for clients (listeners of the broker, KAFKA_LISTENERS)",
    ],
    [
      "http",
      { is: "stranger", kind: "http", tls: false, detail: '"HTTP/1.1 200 OK"' },
      'k:1 answers in HTTP, not as Kafka: "HTTP/1.1 200 OK"; give the address of a Kafka broker',
    ],
    [
      "http",
      { is: "stranger", kind: "http", tls: true, detail: '"HTTP/1.1 200 OK"' },
      'k:1 answers in HTTP within TLS, not as Kafka: "HTTP/1.1 200 OK"; give the address of a Kafka broker',
    ],
    [
      "zookeeper",
      { is: "stranger", kind: "zookeeper", tls: false, detail: '"Zookeeper version: 3.8.4"' },
      "k:1 is a ZooKeeper server's, not Kafka's: \"Zookeeper version: 3.8.4\"; give the address of a Kafka broker",
    ],
    [
      "not-kafka",
      { is: "stranger", kind: "not-kafka", tls: false, detail: '"SSH-2.0-x"' },
      'k:1 answers, but not as Kafka: "SSH-2.0-x"; give the address of a Kafka broker',
    ],
    [
      "not-kafka",
      { is: "stranger", kind: "not-kafka", tls: true, detail: '"alert"' },
      'k:1 speaks TLS, but not Kafka in it: "alert"; give the address of a Kafka broker',
    ],
    [
      "tls-expected",
      { is: "stranger", kind: "not-kafka", tls: true, wantsCertificate: true, detail: "" },
      "k:1 speaks TLS and wants a certificate of its clients; set security.protocol=SSL with a key of the client's (ssl.keystore.location; kafkajs: ssl: { key, cert }), or give the address of a listener that speaks what the client does",
    ],
    [
      "controller",
      { is: "controller", securityProtocol: "PLAINTEXT" },
      "k:1 is the port of a KRaft controller, which is not for clients; give the address of a listener for clients",
    ],
    [
      "sasl-expected",
      {
        is: "sasl",
        securityProtocol: "SASL_PLAINTEXT",
        mechanisms: ["PLAIN", "SCRAM-SHA-256"],
      },
      "k:1 wants its clients to authenticate (SASL_PLAINTEXT: PLAIN, SCRAM-SHA-256); set security.protocol=SASL_PLAINTEXT, with sasl.mechanism and sasl.jaas.config for a user of the cluster (kafkajs: sasl), or give the address of a listener that speaks what the client does",
    ],
    [
      "sasl-expected",
      { is: "sasl", securityProtocol: "SASL_SSL", mechanisms: [] },
      "k:1 wants its clients to authenticate (SASL_SSL); set security.protocol=SASL_SSL, with sasl.mechanism and sasl.jaas.config for a user of the cluster (kafkajs: sasl and ssl: true), or give the address of a listener that speaks what the client does",
    ],
    [
      "tls-expected",
      broker({ 1: "k:1" }, { securityProtocol: "SSL" }),
      "k:1 speaks TLS; set security.protocol=SSL (kafkajs: ssl: true), or give the address of a listener that speaks what the client does",
    ],
    [
      "not-ready",
      broker({}),
      "k:1 answers as Kafka, but knows of no broker yet: wait until it has joined its cluster, or see in its log why it does not",
    ],
  ])("is %s", ([fault, found, message]) => {
    expect(only(evidence({ "k:1": found }))).toMatchObject({
      fault,
      severity: "error",
      address: "k:1",
      message,
    });
  });

  test("is plaintext-expected where the client speaks TLS", () => {
    const seen = evidence({ "k:1": broker({ 1: "k:1" }) }, { securityProtocol: "SSL" });
    expect(only(seen)).toMatchObject({
      fault: "plaintext-expected",
      message:
        "k:1 speaks no TLS; set security.protocol=PLAINTEXT (kafkajs: no ssl), or give the address of a listener that speaks what the client does",
    });
  });

  test("fails alone while another one works", () => {
    const seen = evidence({ "a:1": broker({ 1: "a:1" }), "b:1": silence("refused") });
    const { findings, addresses, usable } = judge({ ...seen, given: ["a:1", "b:1"] });
    expect(findings).toMatchObject([{ fault: "refused", address: "b:1", brokerId: null }]);
    expect(addresses.map((each) => each.usable)).toEqual([true, false]);
    expect(usable).toBe(false);
  });

  test("belongs to another cluster than the first; what that one advertises is not blamed", () => {
    const other = metadata({ 1: "b:1", 2: "c:1" }, "another");
    const seen = evidence({
      "a:1": broker({ 1: "a:1" }),
      "b:1": broker({}, { metadata: other }),
      "c:1": broker({}, { metadata: other }),
    });
    expect(only({ ...seen, given: ["a:1", "b:1"] })).toMatchObject({
      fault: "other-cluster",
      address: "b:1",
      message:
        "at b:1 a broker of another cluster answers (another, not the-cluster); give addresses of one cluster only",
    });
  });

  test("is the container itself, seen from one, and the engine knows what to give instead", () => {
    const seen = evidence(
      { "localhost:9092": silence("refused") },
      {
        place: onNetworkCalled("dev"),
        neighbours: [KIT],
        own: new Set(["10.0.0.1"]),
        opinions: new Map([["localhost:9092", { place: HERE }]]),
      },
    );
    expect(only(seen)).toMatchObject({
      fault: "localhost",
      message:
        'localhost:9092 is, from a container on network "dev", that container itself; give the address that the network knows a broker by, such as dev-kafka-1:19092',
    });
  });

  test("is one of a Docker network, seen from the host", () => {
    const opinion: Opinion = { place: onNetworkCalled("dev"), container: "dev-kafka-1" };
    const seen = evidence(
      { "dev-kafka-1:19092": silence("unresolved") },
      {
        neighbours: [KIT],
        own: new Set(["10.0.0.1"]),
        opinions: new Map([["dev-kafka-1:19092", opinion]]),
      },
    );
    expect(only(seen)).toMatchObject({
      fault: "network-only",
      message:
        'dev-kafka-1:19092 can be used from a container on network "dev" (container "dev-kafka-1"), but not from this host; give an address that is reached from there, such as localhost:9092',
    });
  });

  test("belongs to a container that does not run", () => {
    const stopped = { ...KIT, state: "exited" };
    const seen = evidence(
      { "localhost:9092": silence("refused") },
      { neighbours: [stopped], own: new Set(["10.0.0.1"]) },
    );
    expect(only(seen)?.message).toMatch(/ \(container "dev-kafka-1" is exited\)$/);
  });
});

describe("an advertised address", () => {
  const LOCAL = "localhost:9092";

  test("that leads each client back to itself is mended by what was given", () => {
    const seen = evidence({ [LAN]: broker({ 1: LOCAL }), [LOCAL]: silence("refused") });
    expect(only(seen)).toMatchObject({
      fault: "localhost",
      severity: "error",
      address: LOCAL,
      brokerId: 1,
      message: `you reached ${LAN}, but broker 1 sends clients to ${LOCAL}, which is each client itself: set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://${LAN}`,
    });
  });

  test("the same, in a container of this kit", () => {
    const seen = evidence(
      { [LAN]: broker({ 1: LOCAL }), [LOCAL]: silence("refused") },
      { ...HOST_AND_NETWORK, neighbours: [KIT] },
    );
    expect(only(seen)?.message).toBe(
      `you reached ${LAN}, but broker 1 sends clients to ${LOCAL}, which is each client itself: set an external listener with address 192.168.56.101 (Listener.external({ address: "192.168.56.101" }) in stacks/environments/dev.ts)`,
    );
  });

  test("the same, in somebody else's container, whose variable is named", () => {
    const seen = evidence(
      { [LAN]: broker({ 1: LOCAL }), [LOCAL]: silence("refused") },
      {
        ...HOST_AND_NETWORK,
        neighbours: [foreign(`INTERNAL://kafka:29092,PLAINTEXT://${LOCAL}`)],
      },
    );
    expect(only(seen)?.message).toMatch(
      `: set KAFKA_CFG_ADVERTISED_LISTENERS of container "kafka" to INTERNAL://kafka:29092,PLAINTEXT://${LAN}`,
    );
  });

  test("a container that only says the same is not blamed: it is not behind what answered", () => {
    const seen = evidence(
      { "10.0.0.9:9092": broker({ 1: LOCAL }), [LOCAL]: silence("refused") },
      { ...HOST_AND_NETWORK, neighbours: [foreign(`PLAINTEXT://${LOCAL}`)] },
    );
    expect(only(seen)?.message).toMatch(/: set advertised\.listeners of broker 1 /);
  });

  test("nor one of another cluster that answers there", () => {
    const local = broker({}, { metadata: metadata({ 1: LOCAL }, "another") });
    const seen = evidence(
      { "10.0.0.9:9092": broker({ 1: LOCAL }), [LOCAL]: local },
      { ...HOST_AND_NETWORK, neighbours: [foreign(`PLAINTEXT://${LOCAL}`)] },
    );
    expect(only(seen)).toMatchObject({
      fault: "localhost",
      message: `you reached 10.0.0.9:9092, but broker 1 sends clients to ${LOCAL}, which is each client itself, and where a broker of another cluster answers (another, not the-cluster): set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://10.0.0.9:9092`,
    });
  });

  test("is a warning where it happens to work, since this is the machine", () => {
    const seen = evidence({ [LAN]: broker({ 1: LOCAL }), [LOCAL]: broker({ 1: LOCAL }) });
    expect(only(seen)).toMatchObject({
      fault: "localhost",
      severity: "warning",
      message: `you reached ${LAN}, but broker 1 sends clients to ${LOCAL}, which is each client itself, so that only programs on this machine can use it: set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://${LAN}`,
    });
  });

  test("is right as localhost for who came by localhost", () => {
    const seen = evidence({
      "127.0.0.1:9092": broker({ 1: LOCAL }),
      [LOCAL]: broker({ 1: LOCAL }),
    });
    expect(judge(seen)).toMatchObject({ usable: true, findings: [] });
  });

  test("is the container itself, seen from one; the listener for containers is named", () => {
    const seen = evidence(
      { "dev-kafka-1:9092": broker({ 1: LOCAL }), [LOCAL]: silence("refused") },
      { place: onNetworkCalled("dev"), neighbours: [KIT] },
    );
    expect(only(seen)).toMatchObject({
      fault: "localhost",
      message: `you reached dev-kafka-1:9092, but broker 1 sends clients to ${LOCAL}, which from there is the container itself: clients there are to use dev-kafka-1:19092, which is listener NETWORK of container "dev-kafka-1"`,
    });
  });

  test("the same, where somebody else's container has no such listener", () => {
    const seen = evidence(
      { "kafka:9092": broker({ 1: LOCAL }), [LOCAL]: silence("refused") },
      { place: onNetworkCalled("theirs"), neighbours: [foreign(`PLAINTEXT://${LOCAL}`)] },
    );
    expect(only(seen)?.message).toMatch(
      `: give clients there a listener of their own in container "kafka": set KAFKA_CFG_ADVERTISED_LISTENERS to PLAINTEXT://${LOCAL},NETWORK://kafka:19092 and KAFKA_CFG_LISTENERS to PLAINTEXT://:9092,CONTROLLER://:9093,NETWORK://0.0.0.0:19092 and KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP to what it is by default and NETWORK:PLAINTEXT`,
    );
  });

  test.for<[string, Found, string]>([
    [
      "unresolved",
      silence("unresolved"),
      `a name that does not resolve from this host: set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://${LAN}`,
    ],
    ["refused", silence("refused"), "which refuses connections from this host: set advertised."],
    ["dropped", silence("dropped", "7 s"), "which takes no connection from this host within 7 s: "],
    ["unreachable", silence("unreachable"), "which cannot be reached from this host (ECODE): "],
    ["closed", silence("closed"), "which closes the connection from this host instead of "],
    [
      "zookeeper",
      { is: "stranger", kind: "zookeeper", tls: false, detail: '"x"' },
      "which is a ZooKeeper server's, not Kafka's: \"x\": set advertised.listeners of broker 1",
    ],
    [
      "controller",
      { is: "controller", securityProtocol: "PLAINTEXT" },
      "which is the port of a KRaft controller, which is not for clients: set advertised.",
    ],
    [
      "sasl-expected",
      { is: "sasl", securityProtocol: "SASL_PLAINTEXT", mechanisms: ["PLAIN"] },
      `which wants its clients to authenticate (SASL_PLAINTEXT: PLAIN), while ${LAN} speaks PLAINTEXT: set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://${LAN}, or begin at kafka:9092 and set security.protocol=SASL_PLAINTEXT, with`,
    ],
    [
      "tls-expected",
      broker({ 1: "kafka:9092" }, { securityProtocol: "SSL" }),
      `which speaks TLS, while ${LAN} speaks PLAINTEXT: set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://${LAN}, or begin at kafka:9092 and set security.protocol=SSL (kafkajs: ssl: true)`,
    ],
  ])("is %s", ([fault, found, end]) => {
    const finding = only(evidence({ [LAN]: broker({ 1: "kafka:9092" }), "kafka:9092": found }));
    expect(finding).toMatchObject({ fault, address: "kafka:9092", brokerId: 1 });
    expect(finding?.message).toContain(
      `you reached ${LAN}, but broker 1 sends clients to kafka:9092, ${end}`,
    );
  });

  test("is one of a Docker network, seen from the host", () => {
    const opinion: Opinion = { place: onNetworkCalled("theirs"), container: "kafka" };
    const seen = evidence(
      { "localhost:9092": broker({ 1: "kafka:9092" }), "kafka:9092": silence("unresolved") },
      {
        ...HOST_AND_NETWORK,
        neighbours: [foreign("PLAINTEXT://kafka:9092")],
        opinions: new Map([["kafka:9092", opinion]]),
      },
    );
    expect(only(seen)).toMatchObject({
      fault: "network-only",
      message:
        'you reached localhost:9092, but broker 1 sends clients to kafka:9092, which can be used from a container on network "theirs" (container "kafka"), but not from this host: give clients there a listener of their own in container "kafka": set KAFKA_CFG_ADVERTISED_LISTENERS to PLAINTEXT://kafka:9092,HOST://localhost:29092 and KAFKA_CFG_LISTENERS to PLAINTEXT://:9092,CONTROLLER://:9093,HOST://0.0.0.0:29092 and KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP to what it is by default and HOST:PLAINTEXT, and publish its port 29092',
    });
  });

  test("is one that only the host reaches, seen from a container", () => {
    const seen = evidence(
      { "kafka:9092": broker({ 1: LAN }), [LAN]: silence("dropped", "7 s") },
      {
        place: onNetworkCalled("theirs"),
        opinions: new Map([[LAN, { place: HERE }]]),
      },
    );
    expect(only(seen)).toMatchObject({
      fault: "host-only",
      message: `you reached kafka:9092, but broker 1 sends clients to ${LAN}, which can be used from this host, but not from a container on network "theirs": give clients there a listener of their own (listeners and advertised.listeners of broker 1), which advertises an address that they reach`,
    });
  });

  test("is mended, or another listener taken, if that one speaks what the client does", () => {
    const listeners = `PLAINTEXT://nowhere:9092,TLS://${LAN},OUT://${LAN}`;
    const their = foreign(listeners);
    const protocols = "PLAINTEXT:PLAINTEXT,TLS:SSL,OUT:PLAINTEXT";
    const advertised =
      their.advertised === undefined ? undefined : { ...their.advertised, protocols };
    const seen = evidence(
      { [LAN]: broker({ 1: "nowhere:9092" }), "nowhere:9092": silence("unresolved") },
      { ...HOST_AND_NETWORK, neighbours: [{ ...their, advertised }] },
    );
    expect(only(seen)?.message).toMatch(
      `: set KAFKA_CFG_ADVERTISED_LISTENERS of container "kafka" to PLAINTEXT://${LAN},TLS://${LAN},OUT://${LAN}, or begin at ${LAN}, which is listener OUT of container "kafka"`,
    );
  });

  test("belongs to a container that does not run", () => {
    const stopped = foreign("PLAINTEXT://kafka-2:9092", { state: "exited", brokerId: 2 });
    const seen = evidence(
      {
        "kafka:9092": broker({ 1: "kafka:9092", 2: "kafka-2:9092" }),
        "kafka-2:9092": silence("unresolved"),
      },
      {
        place: onNetworkCalled("theirs"),
        neighbours: [foreign("PLAINTEXT://kafka:9092"), { ...stopped, container: "kafka-2" }],
      },
    );
    expect(only(seen)?.message).toMatch(
      /: start container "kafka-2" of broker 2, which is exited, or see in its log why it ended$/,
    );
  });

  test("has another broker behind it", () => {
    const seen = evidence(
      {
        "a:1": broker({ 1: "a:1", 2: "b:1" }),
        "b:1": broker({ 1: "a:1", 2: "b:1" }),
      },
      {
        ids: new Map([
          ["a:1", 1],
          ["b:1", 1],
        ]),
      },
    );
    expect(only(seen)).toMatchObject({
      fault: "other-broker",
      address: "b:1",
      brokerId: 2,
      message:
        "you reached a:1, but broker 2 sends clients to b:1, where broker 1 answers: see that port 1 leads to broker 2, or set advertised.listeners of broker 2 (KAFKA_ADVERTISED_LISTENERS) to <listener>://<host:port that leads to broker 2>",
    });
  });

  test("is shared by two brokers", () => {
    const seen = evidence(
      { "a:1": broker({ 1: "a:1", 2: "a:1" }) },
      { ids: new Map([["a:1", 2]]) },
    );
    expect(only(seen)).toMatchObject({
      fault: "shared-address",
      message:
        "brokers 1 and 2 both send clients to a:1, where only one of them can be: give each an address of its own (advertised.listeners, KAFKA_ADVERTISED_LISTENERS)",
    });
  });

  test("has another cluster behind it", () => {
    const seen = evidence({
      "a:1": broker({ 1: "b:1" }),
      "b:1": broker({}, { metadata: metadata({ 1: "b:1", 5: "elsewhere:1" }, "another") }),
    });
    expect(only(seen)).toMatchObject({
      fault: "other-cluster",
      address: "b:1",
      message:
        "you reached a:1, but broker 1 sends clients to b:1, where a broker of another cluster answers (another, not the-cluster): set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://a:1",
    });
  });

  test("is followed to what is advertised there in turn", () => {
    const seen = evidence({
      "a:1": broker({ 1: "b:1" }),
      "b:1": broker({ 1: "c:1" }),
      "c:1": silence("refused"),
    });
    expect(only(seen)?.message).toMatch(/^you reached a:1, but broker 1 sends clients to c:1, /);
  });

  test("is wrong for one broker of several: the others are found well", () => {
    const brokers = { 1: "a:1", 2: "b:1", 3: "c:1" };
    const seen = evidence({
      "a:1": broker(brokers),
      "b:1": broker(brokers),
      "c:1": silence("unresolved"),
    });
    expect(only(seen)).toMatchObject({ fault: "unresolved", brokerId: 3 });
    expect(judge(seen).addresses.map(({ usable }) => usable)).toEqual([true, true, false]);
  });
});

describe("a broker that answers", () => {
  const well = { "a:1": broker({ 1: "a:1" }) };

  test.for([
    ["no-controller", "a:1 answers, but the cluster has no controller, so nothing can be created"],
    ["no-coordinator", "a:1 answers, but the cluster has no coordinator for consumer groups: "],
    ["coordinator-loading", "a:1 answers, but the cluster still reads the state of the consumer "],
  ] as const)("does not do its work: %s", ([fault, message]) => {
    const finding = only(evidence(well, { unready: new Map([["a:1", [fault]]]) }));
    expect(finding).toMatchObject({ fault, severity: "error" });
    expect(finding?.message).toContain(message);
  });

  test.for([
    [
      "2020-01-01T00:00:00Z",
      "before its first day: set this machine's clock, or, if that is right, wait or have the certificate made anew",
    ],
    [
      "2030-01-01T00:00:00Z",
      "after its last day: renew the certificate (ssl.keystore.location of the broker), if that clock is right",
    ],
  ] as const)("shows a certificate that is not valid at %s", ([time, end]) => {
    const certificate = {
      validFrom: new Date("2026-01-01T00:00:00Z"),
      validTo: new Date("2027-01-01T00:00:00Z"),
    };
    const secure = { "a:1": broker({ 1: "a:1" }, { securityProtocol: "SSL", certificate }) };
    const options = { securityProtocol: "SSL" } as const;
    expect(judge(evidence(secure, options)).findings).toEqual([]);
    expect(only(evidence(secure, { ...options, now: new Date(time) }))).toMatchObject({
      fault: "certificate-time",
      message: `the certificate at a:1 is valid from 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z, and this machine's clock says ${time}, ${end}`,
    });
  });

  test("takes long to connect to, which a container's start does not count for", () => {
    const late = evidence({ "a:1": broker({ 1: "a:1" }, { connectMilliseconds: 1300 }) });
    expect(only(late)).toMatchObject({
      fault: "slow",
      severity: "warning",
      message:
        "it took 1300 ms to connect to a:1, and kafkajs gives up after 1000 ms by default: raise its connectionTimeout, or see what makes the way there slow",
    });
    expect(judge({ ...late, place: onNetworkCalled("n") }).findings).toEqual([]);
  });
});

test("errors come before warnings, and given addresses before advertised ones", () => {
  const seen = evidence({
    [LAN]: broker({ 1: "localhost:9092", 2: "b:1" }),
    "localhost:9092": broker({ 1: "localhost:9092" }),
    "b:1": silence("refused"),
  });
  const { findings, addresses } = judge(seen);
  expect(findings.map(({ severity, fault }) => [severity, fault])).toEqual([
    ["error", "refused"],
    ["warning", "localhost"],
  ]);
  expect(addresses.map(({ address }) => address)).toEqual([LAN, "localhost:9092", "b:1"]);
});

describe("a listener that leads astray, beside others of its broker", () => {
  const several = neighbourOf(
    inspected({
      name: "kafka",
      env: {
        KAFKA_NODE_ID: "1",
        KAFKA_ADVERTISED_LISTENERS:
          "SAFE://localhost:9094,HOST://localhost:9092,LAN://nowhere:9093",
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "SAFE:SSL,HOST:PLAINTEXT,LAN:PLAINTEXT",
      },
      published: [
        ["", 9092],
        ["", 9093],
        ["", 9094],
      ],
    }),
  );
  const engine = { neighbours: [several], own: new Set(["this-host", "10.0.0.9"]) };

  test("is to be set right, whatever else there is that speaks as the client does", () => {
    const seen = evidence(
      { "localhost:9093": broker({ 1: "nowhere:9093" }), "nowhere:9093": silence("unresolved") },
      engine,
    );
    expect(only(seen)?.message).toBe(
      'you reached localhost:9093, but broker 1 sends clients to nowhere:9093, a name that does not resolve from this host: set KAFKA_ADVERTISED_LISTENERS of container "kafka" to SAFE://localhost:9094,HOST://localhost:9092,LAN://localhost:9093, or begin at localhost:9092, which is listener HOST of container "kafka"',
    );
  });

  test("alone is set, and not the one that has the same address by right", () => {
    const crossed = neighbourOf(
      inspected({
        name: "kafka",
        env: {
          KAFKA_LISTENERS: "SAFE://0.0.0.0:9094,HOST://:9092",
          KAFKA_ADVERTISED_LISTENERS: "SAFE://localhost:9094,HOST://localhost:9094",
        },
        published: [
          ["", 9092],
          ["", 9094],
        ],
      }),
    );
    const seen = evidence(
      {
        "localhost:9092": broker({ 1: "localhost:9094" }),
        "localhost:9094": broker({ 1: "localhost:9094" }, { securityProtocol: "SSL" }),
      },
      { ...engine, neighbours: [crossed] },
    );
    expect(only(seen)?.message).toContain(
      'set KAFKA_ADVERTISED_LISTENERS of container "kafka" to SAFE://localhost:9094,HOST://localhost:9092,',
    );
  });

  test("is not to be set to what it is", () => {
    const seen = evidence({
      "localhost:9092": broker({ 1: "localhost:9092", 2: "localhost:9999" }),
      "localhost:9999": silence("refused"),
    });
    expect(only(seen)?.message).toBe(
      "you reached localhost:9092, but broker 2 sends clients to localhost:9999, which refuses connections from this host: see that broker 2 runs, or set advertised.listeners of broker 2 (KAFKA_ADVERTISED_LISTENERS) to <listener>://<host:port that leads to broker 2>",
    );
  });

  test("may be right, where a firewall is in the way", () => {
    const seen = evidence({
      [LAN]: broker({ 1: "10.0.0.9:9092" }),
      "10.0.0.9:9092": silence("dropped", "7 s"),
    });
    expect(only({ ...seen, ids: new Map([[LAN, 1]]) })?.message).toContain(
      `takes no connection from this host within 7 s: see that no firewall drops it, or set advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) to <listener>://${LAN}`,
    );
  });

  test("is left to those that it is for, as localhost is", () => {
    const lan = neighbourOf(
      inspected({
        name: "kafka",
        env: { KAFKA_ADVERTISED_LISTENERS: "HOST://localhost:9092,LAN://10.0.0.9:9093" },
        published: [
          ["", 9092],
          ["", 9093],
        ],
      }),
    );
    const seen = evidence(
      {
        "10.0.0.9:9092": broker({ 1: "localhost:9092" }),
        "localhost:9092": broker({ 1: "localhost:9092" }),
      },
      { ...engine, neighbours: [lan] },
    );
    expect(only(seen)?.message).toContain(
      'clients elsewhere are to use 10.0.0.9:9093, which is listener LAN of container "kafka"',
    );
  });
});
