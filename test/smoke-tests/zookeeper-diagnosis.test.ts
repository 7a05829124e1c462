import { describe, expect, test } from "vitest";
import type { ListenerUnderTest } from "../../smoke-tests/diagnosis.ts";
import {
  ensembleUnderTest,
  explainForeignCluster,
  explainRegistrations,
  explainSilentServer,
} from "../../smoke-tests/zookeeper-diagnosis.ts";

const brokers = [
  { id: 1, container: "broker" },
  { id: 2, container: "broker-2" },
];
const listeners = [listener("PLAINTEXT", "broker:29092", "broker-2:29092"), host()];
const ensemble = ensembleUnderTest({
  connect: "zookeeper:2181",
  servers: [{ id: 1, container: "zookeeper" }],
});
const registrations = [
  registration(1, "BROKER://broker:19091,PLAINTEXT://broker:29092,HOST://localhost:9092"),
  registration(2, "BROKER://broker-2:19091,PLAINTEXT://broker-2:29092,HOST://localhost:9093"),
];

function listener(name: string, ...addresses: string[]): ListenerUnderTest {
  return {
    name,
    vantage: "network",
    standpoint: "a container",
    network: "seed",
    clusterId: undefined,
    brokers: brokers.map((broker, index) => ({ ...broker, address: addresses[index] ?? "" })),
  };
}

function host(): ListenerUnderTest {
  return listener("HOST", "localhost:9092", "localhost:9093");
}

function registration(id: number, endpoints: string) {
  return { id, endpoints: endpoints.split(",") };
}

describe("ensembleUnderTest", () => {
  test("gives each server the address in its place, and finds the cluster's path", () => {
    const servers = [
      { id: 1, container: "zk1" },
      { id: 2, container: "zk2" },
    ];
    expect(ensembleUnderTest({ connect: "a:2181,b:2182/kafka/one/", servers })).toEqual({
      connect: "a:2181,b:2182/kafka/one/",
      root: "/kafka/one",
      servers: [
        { id: 1, container: "zk1", address: { host: "a", port: 2181 } },
        { id: 2, container: "zk2", address: { host: "b", port: 2182 } },
      ],
    });
    expect(ensemble.root).toBe("");
  });

  test.for([
    [
      "a:2181,b:2181",
      'ZooKeeper has 2 addresses ("a:2181,b:2181") for 1 servers; the outputs must name one for each',
    ],
    ["zookeeper", '"zookeeper" is not an address; write host:port'],
  ] as const)("refuses %j", ([connect, message]) => {
    const servers = [{ id: 1, container: "zk" }];
    expect(() => ensembleUnderTest({ connect, servers })).toThrow(message);
  });
});

describe("explainRegistrations", () => {
  const explain = (found: Parameters<typeof explainRegistrations>[3]) =>
    explainRegistrations(ensemble, brokers, listeners, found);

  test("has nothing to say of exactly the brokers of the outputs", () => {
    expect(explain(registrations)).toEqual([]);
    expect(explain(registrations.toReversed())).toEqual([]);
  });

  test("does not demand the cluster's own listener", () => {
    const bare = registrations.map(({ id, endpoints }) => ({ id, endpoints: endpoints.slice(1) }));
    expect(explain(bare)).toEqual([]);
  });

  test("names a broker that is missing", () => {
    expect(explain(registrations.slice(0, 1))).toEqual([
      'broker 2 is not registered under /brokers/ids; see that container "broker-2" runs, and that its KAFKA_ZOOKEEPER_CONNECT says zookeeper:2181',
    ]);
  });

  test("names the path that brokers must register under", () => {
    const output = { connect: "zk:2181/kafka", servers: [{ id: 1, container: "zk" }] };
    expect(
      explainRegistrations(ensembleUnderTest(output), brokers.slice(0, 1), listeners, []),
    ).toEqual([
      'broker 1 is not registered under /kafka/brokers/ids; see that container "broker" runs, and that its KAFKA_ZOOKEEPER_CONNECT says zk:2181/kafka',
    ]);
  });

  test("recognizes a broker by its address that has another id", () => {
    const [first, second] = registrations;
    if (first === undefined || second === undefined) throw new Error("no registrations");
    expect(explain([first, { ...second, id: 7 }])).toEqual([
      'broker 2 is registered as 7; KAFKA_BROKER_ID of container "broker-2" must say 2',
    ]);
  });

  test("finds another cluster's broker", () => {
    expect(explain([...registrations, registration(7, "PLAINTEXT://other:9092")])).toEqual([
      "broker 7 is registered under /brokers/ids (PLAINTEXT://other:9092), which the outputs do not know; another cluster uses this ZooKeeper, so give each a path of its own in KAFKA_ZOOKEEPER_CONNECT",
    ]);
  });

  test("finds a wrong, a missing and an unknown listener at once", () => {
    const [first] = registrations;
    if (first === undefined) throw new Error("no registrations");
    const held = "PLAINTEXT://localhost:29092,LAN://10.0.0.1:9094";
    const see = `see KAFKA_ADVERTISED_LISTENERS of container "broker-2" (/brokers/ids/2 holds ${held})`;
    expect(explain([first, registration(2, held)])).toEqual([
      `broker 2 registers PLAINTEXT://localhost:29092 instead of PLAINTEXT://broker-2:29092; ${see}`,
      `broker 2 registers nothing instead of HOST://localhost:9093; ${see}`,
      `broker 2 registers LAN://10.0.0.1:9094, a listener that the outputs do not know; ${see}`,
    ]);
  });
});

describe("explainSilentServer", () => {
  const [server] = ensemble.servers;
  if (server === undefined) throw new Error("no server");
  const complaint = "KeeperErrorCode = ConnectionLoss for /";

  test("names the port's setting", () => {
    expect(explainSilentServer(ensemble, server, complaint, "running")).toBe(
      'ZooKeeper server 1 (zookeeper:2181) gives no answer: KeeperErrorCode = ConnectionLoss for /; see that ZOOKEEPER_CLIENT_PORT of container "zookeeper" says 2181',
    );
  });

  test("blames no setting while the container does not run", () => {
    expect(explainSilentServer(ensemble, server, complaint, "exited")).toContain(
      'container "zookeeper" is exited, so start it',
    );
  });

  test("thinks of the quorum where there are several", () => {
    const three = { ...ensemble, servers: [server, server, server] };
    expect(explainSilentServer(three, server, complaint)).toContain(
      "and that most of the 3 servers run and are named in ZOOKEEPER_SERVERS",
    );
  });
});

test.for([
  ["another-id", "ZooKeeper holds another-id"],
  [undefined, "there is none"],
] as const)("explainForeignCluster says what is held: %s", ([held, says]) => {
  const [broker] = host().brokers;
  if (broker === undefined) throw new Error("no broker");
  expect(explainForeignCluster(ensemble, host(), broker, "the-id", held)).toBe(
    `listener "HOST": localhost:9092 belongs to cluster the-id, but under /cluster/id ${says}; KAFKA_ZOOKEEPER_CONNECT of broker 1 (container "broker") must say zookeeper:2181, or another platform holds this address`,
  );
});
