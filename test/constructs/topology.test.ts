/** Clusters of several nodes: who is told what, who is reached where, and what is refused. */
import { describe, expect, it } from "vitest";
import {
  Distribution,
  InvalidSettingError,
  Jmx,
  KafkaCluster,
  KafkaConnect,
  KsqlDb,
  Listener,
  Memory,
  Metadata,
  PublishedPort,
  SchemaRegistry,
  Storage,
  ZooKeeper,
  type KafkaClusterProps,
  type ZooKeeperProps,
} from "../../constructs/index.ts";
import { environmentOf, synthesizeScope, type Block, type Program } from "./synthesis.ts";

const network = { name: "c-network" };
const PROPS: KafkaClusterProps = {
  name: "c",
  distribution: Distribution.confluent("7.9.1"),
  network,
  clusterId: "MkU3OEVBNTcwNTJENDM2Qk",
  listeners: [Listener.network(), Listener.host()],
};
const THREE = { brokers: 3, metadata: Metadata.kraft({ controllers: 3 }) };

function synthesize(props: Partial<KafkaClusterProps>): Program {
  return synthesizeScope((scope) => new KafkaCluster(scope, "kafka", { ...PROPS, ...props }));
}

/** Containers by their names. */
function containersOf(program: Program): Readonly<Record<string, Block>> {
  return Object.fromEntries(
    Object.values(program.resource["docker_container"] ?? {}).map((block) => [
      String(block["name"]),
      block,
    ]),
  );
}

function environments(
  props: Partial<KafkaClusterProps>,
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  return Object.fromEntries(
    Object.entries(containersOf(synthesize(props))).map(([name, block]) => [
      name,
      environmentOf(block),
    ]),
  );
}

/** One variable of every container. */
function each(props: Partial<KafkaClusterProps>, variable: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(environments(props)).map(([name, env]) => [name, env[variable]]),
  );
}

/** What synth refuses, a line for each conflict. */
function conflicts(props: Partial<KafkaClusterProps>): string[] {
  try {
    synthesize(props);
    return [];
  } catch (error) {
    return (error as Error).message
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith("["))
      .map((line) => line.replace("[stack/kafka] ", ""));
  }
}

describe("brokers that are their own controllers", () => {
  it("are each a voter among all", () => {
    const voters = "1@c-1:19093,2@c-2:19093,3@c-3:19093";
    expect(each({ brokers: 3 }, "KAFKA_CONTROLLER_QUORUM_VOTERS")).toEqual({
      "c-1": voters,
      "c-2": voters,
      "c-3": voters,
    });
    expect(each({ brokers: 3 }, "KAFKA_NODE_ID")).toEqual({ "c-1": "1", "c-2": "2", "c-3": "3" });
    expect(each({ brokers: 3 }, "KAFKA_PROCESS_ROLES")["c-3"]).toBe("broker,controller");
  });

  it.each([
    { brokers: 2, said: "2 combined controllers stand still when 1 of them is lost, as 1 would" },
    { brokers: 4, said: "4 combined controllers stand still when 2 of them are lost, as 3 would" },
    { brokers: 7, said: "7 combined controllers all have to take every change, which gets slow" },
  ])("are refused as a quorum of $brokers", ({ brokers, said }) => {
    expect(conflicts({ brokers })).toEqual([
      `${said}; give 1, 3 or 5 brokers, or Metadata.kraft({ controllers: 3 })`,
    ]);
  });

  it.each([1, 3, 5])("are a quorum of %d", (brokers) => {
    expect(conflicts({ brokers })).toEqual([]);
  });
});

describe("controllers beside the brokers", () => {
  it("are nodes from 101 on, in containers and volumes of their own", () => {
    expect(each(THREE, "KAFKA_NODE_ID")).toEqual({
      "c-1": "1",
      "c-2": "2",
      "c-3": "3",
      "c-controller-1": "101",
      "c-controller-2": "102",
      "c-controller-3": "103",
    });
    const volumes = Object.values(synthesize(THREE).resource["docker_volume"] ?? {});
    expect(volumes.map(({ name }) => name).sort()).toEqual(
      [1, 2, 3].flatMap((n) => [`c-${n}-data`, `c-controller-${n}-data`]).sort(),
    );
  });

  it("are the only voters, and known to every node", () => {
    const voters = "101@c-controller-1:19093,102@c-controller-2:19093,103@c-controller-3:19093";
    expect(new Set(Object.values(each(THREE, "KAFKA_CONTROLLER_QUORUM_VOTERS")))).toEqual(
      new Set([voters]),
    );
    expect(each(THREE, "KAFKA_PROCESS_ROLES")).toMatchObject({
      "c-1": "broker",
      "c-controller-1": "controller",
    });
  });

  it.each([
    Distribution.confluent("7.4.1"),
    Distribution.confluent("7.9.1"),
    Distribution.confluent("8.3.0"),
    Distribution.apache("3.7.1"),
    Distribution.apache("4.1.1"),
    Distribution.local("3.9.1"),
    Distribution.local("4.1.1"),
  ])("are given what %s demands of a controller, and nothing that it rejects", (distribution) => {
    const controller = environments({ ...THREE, distribution })["c-controller-2"]!;
    // cp-kafka's start ends with the first of these; a controller heeds none of them.
    expect(
      Object.keys(controller).filter((name) =>
        /ADVERTISED|INTER_BROKER|JMX|ZOOKEEPER|BROKER_ID/.test(name),
      ),
    ).toEqual([]);
    expect(controller).toMatchObject({
      CLUSTER_ID: PROPS.clusterId,
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_LISTENERS: "CONTROLLER://c-controller-2:19093",
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT",
      KAFKA_LOG_DIRS: "/var/lib/kafka/data",
      // The controller makes topics that ask for no numbers of their own.
      KAFKA_DEFAULT_REPLICATION_FACTOR: "3",
      KAFKA_MIN_INSYNC_REPLICAS: "2",
    });
  });

  it("are reached by nobody outside, and asked for health where they listen", () => {
    const { ports, healthcheck } = containersOf(synthesize(THREE))["c-controller-1"]!;
    expect(ports).toEqual([]);
    expect(JSON.stringify(healthcheck)).toContain("/dev/tcp/c-controller-1/19093");
  });

  it("go after the brokers, which end in order only with them", () => {
    const containers = containersOf(synthesize(THREE));
    expect(containers["c-1"]!["depends_on"]).toEqual(
      [1, 2, 3].map((n) => expect.stringContaining(`controller-${n}`)),
    );
    expect(containers["c-controller-1"]).not.toHaveProperty("depends_on");
  });

  it("have heap and limit of their own, and the brokers' storage", () => {
    const { controllers } = THREE.metadata.dedicated!;
    const metadata = Metadata.kraft({ controllers, heap: Memory.mebibytes(200) });
    const props = { ...THREE, metadata, storage: Storage.ephemeral() };
    expect(environments(props)["c-controller-1"]!["KAFKA_HEAP_OPTS"]).toBe("-Xms200m -Xmx200m");
    const container = containersOf(synthesize(props))["c-controller-1"]!;
    expect(container).toMatchObject({ memory: 712, tmpfs: { "/var/lib/kafka/data": "" } });
    expect(each(THREE, "KAFKA_HEAP_OPTS")).toMatchObject({
      "c-1": "-Xms1024m -Xmx1024m",
      "c-controller-1": "-Xms512m -Xmx512m",
    });
  });

  it("may be more than the brokers, and these an even number", () => {
    expect(conflicts({ ...THREE, brokers: 2 })).toEqual([]);
    expect(conflicts({ ...THREE, brokers: 4 })).toEqual([]);
  });

  it.each([
    { controllers: 0, said: "0 KRaft controllers are no quorum" },
    { controllers: 1.5, said: "1.5 KRaft controllers are no quorum" },
    { controllers: 2, said: "2 KRaft controllers stand still when 1 of them is lost, as 1 would" },
    {
      controllers: 4,
      said: "4 KRaft controllers stand still when 2 of them are lost, as 3 would",
    },
    {
      controllers: 7,
      said: "7 KRaft controllers all have to take every change, which gets slow",
    },
  ])("are refused as a quorum of $controllers", ({ controllers, said }) => {
    expect(() => Metadata.kraft({ controllers })).toThrowError(
      new InvalidSettingError(`${said}; give 1, 3 or 5 as controllers`),
    );
  });
});

describe("a ZooKeeper ensemble", () => {
  const ensemble = (props: Partial<ZooKeeperProps>): Program =>
    synthesizeScope(
      (scope) =>
        new ZooKeeper(scope, "zookeeper", {
          name: "zoo",
          distribution: Distribution.confluent("7.0.1"),
          network,
          ...props,
        }),
    );

  it("has no broker under an id that Kafka may draw itself", () => {
    const metadata = Metadata.zooKeeper({ connect: "zoo:2181", containers: [] });
    const at = (settings: Record<string, string>, id: number): string[] =>
      conflicts({ clusterId: undefined, metadata, brokers: [{ id }], settings });
    expect(at({}, 1001)).toEqual([
      "broker 1001: with ZooKeeper, ids above 1000 are Kafka's own to give; give a lower one, or set reserved.broker.max.id",
    ]);
    expect(at({}, 1000)).toEqual([]);
    expect(at({ "reserved.broker.max.id": "2000" }, 1001)).toEqual([]);
    expect(at({ "broker.id.generation.enable": "false" }, 1001)).toEqual([]);
    expect(conflicts({ brokers: [{ id: 1001 }] })).toEqual([]);
  });

  it.each([3, 5])("of %d has ids by position, which every server knows", (servers) => {
    const containers = containersOf(ensemble({ servers }));
    const names = Array.from({ length: servers }, (_, i) => `zoo-${i + 1}`);
    expect(Object.keys(containers).sort()).toEqual(names);
    for (const [i, name] of names.entries()) {
      expect(environmentOf(containers[name]!)).toMatchObject({
        ZOOKEEPER_SERVER_ID: String(i + 1),
        ZOOKEEPER_SERVERS: names.map((host) => `${host}:2888:3888`).join(";"),
        ZOOKEEPER_INIT_LIMIT: "10",
        ZOOKEEPER_SYNC_LIMIT: "5",
      });
    }
  });

  it("is published at a port for each server", () => {
    const containers = containersOf(ensemble({ servers: 3, publish: PublishedPort.host(2181) }));
    expect(["zoo-1", "zoo-2", "zoo-3"].map((name) => containers[name]!["ports"])).toEqual(
      [2181, 2182, 2183].map((external) => [{ internal: 2181, external, ip: "127.0.0.1" }]),
    );
  });

  it("is where the brokers connect, and goes after them", () => {
    const program = synthesizeScope((scope) => {
      const distribution = Distribution.confluent("7.0.1");
      const zooKeeper = new ZooKeeper(scope, "zookeeper", {
        name: "zoo",
        distribution,
        network,
        servers: 3,
      });
      new KafkaCluster(scope, "kafka", {
        ...PROPS,
        distribution,
        brokers: 2,
        clusterId: undefined,
        metadata: Metadata.zooKeeper(zooKeeper),
      });
    });
    const second = containersOf(program)["c-2"]!;
    expect(environmentOf(second)).toMatchObject({
      KAFKA_BROKER_ID: "2",
      KAFKA_ZOOKEEPER_CONNECT: "zoo-1:2181,zoo-2:2181,zoo-3:2181",
      KAFKA_DEFAULT_REPLICATION_FACTOR: "2",
    });
    expect(second["depends_on"]).toHaveLength(3);
  });

  it.each([
    { servers: 2, said: "2 ZooKeeper servers stand still when 1 of them is lost, as 1 would" },
    { servers: 7, said: "7 ZooKeeper servers all have to take every change, which gets slow" },
  ])("is refused as a quorum of $servers", ({ servers, said }) => {
    expect(() => ensemble({ servers })).toThrowError(
      new InvalidSettingError(`${said}; give 1, 3 or 5 as servers`),
    );
  });

  it("has a name for each server, where names are given", () => {
    expect(() => ensemble({ servers: 3, hosts: ["zookeeper"] })).toThrowError(
      new InvalidSettingError(
        "ZooKeeper zoo has 3 containers, and hosts names 1 (zookeeper); name each one",
      ),
    );
  });
});

describe("replication", () => {
  const REPLICAS = [
    "KAFKA_DEFAULT_REPLICATION_FACTOR",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR",
  ];
  const LEAST = [
    "KAFKA_MIN_INSYNC_REPLICAS",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR",
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR",
  ];

  it.each([
    { brokers: 1, replicas: "1", least: "1" },
    { brokers: 2, replicas: "2", least: "1" },
    { brokers: 3, replicas: "3", least: "2" },
    { brokers: 6, replicas: "3", least: "2" },
  ])(
    "of $brokers brokers is $replicas, of which $least must have a record, for internal and new topics alike",
    ({ brokers, replicas, least }) => {
      const distribution = Distribution.local("4.1.1");
      const env = environments({ ...THREE, brokers, distribution })["c-1"]!;
      expect(REPLICAS.map((name) => env[name])).toEqual(REPLICAS.map(() => replicas));
      expect(LEAST.map((name) => env[name])).toEqual(LEAST.map(() => least));
    },
  );

  it.each([
    { brokers: 2, replicas: "2" },
    { brokers: 6, replicas: "3" },
  ])("of the services' topics beside $brokers brokers is $replicas", ({ brokers, replicas }) => {
    const program = synthesizeScope((scope) => {
      const kafka = new KafkaCluster(scope, "kafka", { ...PROPS, ...THREE, brokers });
      const schemaRegistry = new SchemaRegistry(scope, "registry", { name: "registry", kafka });
      const connect = new KafkaConnect(scope, "connect", { name: "connect", kafka });
      new KsqlDb(scope, "ksqldb", { name: "ksqldb", kafka, schemaRegistry, connect });
    });
    const containers = containersOf(program);
    const numbers = ["registry", "connect", "ksqldb"].flatMap((name) =>
      Object.entries(environmentOf(containers[name]!)).filter(([variable]) =>
        /REPLICA/.test(variable),
      ),
    );
    expect(numbers.length).toBeGreaterThanOrEqual(7);
    expect(numbers.filter(([, value]) => value !== replicas)).toEqual([]);
  });

  it.each([
    {
      settings: { "default.replication.factor": "5" },
      said: "default.replication.factor 5 is more than the 3 brokers there are, and new topics could not be made; lower it, or give the cluster 5 brokers",
    },
    {
      brokers: 1,
      settings: { "offsets.topic.replication.factor": "3" },
      said: "offsets.topic.replication.factor 3 is more than the one broker there is, and the topic of consumers' offsets could not be made; lower it, or give the cluster 3 brokers",
    },
    {
      settings: { "transaction.state.log.min.isr": "4" },
      said: "transaction.state.log.min.isr 4 is more than transaction.state.log.replication.factor 3, and nothing could be written to the topic of transactions with acks=all; lower it, or raise the replication factor",
    },
    {
      settings: { "offsets.topic.replication.factor": "1" },
      said: "min.insync.replicas 2 is more than offsets.topic.replication.factor 1, and nothing could be written to the topic of consumers' offsets with acks=all; lower it, or raise the replication factor",
    },
    {
      settings: { "default.replication.factor": "three" },
      said: 'the setting default.replication.factor is "three"; give a whole number from 1 on',
    },
    {
      settings: { "min.insync.replicas": "0" },
      said: 'the setting min.insync.replicas is "0"; give a whole number from 1 on',
    },
  ])("is refused: $said", ({ brokers = 3, settings, said }) => {
    expect(conflicts({ ...THREE, brokers, settings })).toEqual([said]);
  });

  it("may be asked to be less", () => {
    const settings = { "default.replication.factor": "2", "min.insync.replicas": "1" };
    expect(conflicts({ ...THREE, settings })).toEqual([]);
  });
});

describe("ports of the host", () => {
  const lan = Listener.external({ name: "LAN", address: "192.168.56.101" });

  it("follow from a broker's id, for each listener and JMX", () => {
    const containers = containersOf(
      synthesize({ ...THREE, listeners: [Listener.host(), lan], jmx: Jmx.host() }),
    );
    expect(
      ["c-1", "c-2", "c-3"].map((name) =>
        (containers[name]!["ports"] as { internal: number; external: number }[]).map(
          ({ internal, external }) => `${internal} by ${external}`,
        ),
      ),
    ).toEqual([
      ["9092 by 9092", "9101 by 9101", "9192 by 9192"],
      ["9092 by 9093", "9102 by 9102", "9192 by 9193"],
      ["9092 by 9094", "9103 by 9103", "9192 by 9194"],
    ]);
  });

  it("stay a broker's own when another goes", () => {
    const env = environments({ ...THREE, brokers: [{ id: 2 }, { id: 3 }] });
    expect(env["c-3"]!["KAFKA_ADVERTISED_LISTENERS"]).toContain("HOST://localhost:9094");
  });

  it.each([
    {
      title: "two listeners too close to each other",
      props: { listeners: [Listener.host(), Listener.host({ name: "TOOLS", port: 9094 })] },
      said: [
        'broker 1\'s listener "TOOLS" and broker 3\'s listener "HOST" both want port 9094 of the host; start the listeners further apart, or give the broker a port of its own (published)',
      ],
    },
    {
      title: "JMX on another broker's listener",
      props: { listeners: [Listener.host()], jmx: Jmx.host({ port: 9090 }) },
      said: [
        'JMX of broker 3 and listener "HOST" both use port 9092; give each its own port',
        "broker 1's listener \"HOST\" and broker 3's JMX both want port 9092 of the host; start the listeners further apart, or give the broker a port of its own (published)",
      ],
    },
    {
      title: "a port of one's own that another has",
      props: { brokers: [{}, { published: { HOST: { port: 9094 } } }, {}] },
      said: [
        'broker 2\'s listener "HOST" and broker 3\'s listener "HOST" both want port 9094 of the host; start the listeners further apart, or give the broker a port of its own (published)',
      ],
    },
    {
      title: "an address that is one of all",
      props: {
        listeners: [
          Listener.host(),
          Listener.external({ address: "kafka.example.org", bindAddress: "0.0.0.0", port: 9094 }),
        ],
      },
      said: [
        'broker 1\'s listener "EXTERNAL" and broker 3\'s listener "HOST" both want port 9094 of the host; start the listeners further apart, or give the broker a port of its own (published)',
      ],
    },
    {
      title: "JMX on a later broker's listener inside its container",
      props: { jmx: Jmx.network({ port: 19_090 }) },
      said: [
        'JMX of broker 2 and listener "BROKER" both use port 19091; give each its own port',
        'JMX of broker 3 and listener "NETWORK" both use port 19092; give each its own port',
      ],
    },
    {
      title: "one address that clients of two brokers are sent to, bound twice",
      props: {
        listeners: [
          Listener.external({ address: "kafka.example.org", bindAddress: "192.168.56.101" }),
        ],
        brokers: [
          {},
          {},
          { published: { EXTERNAL: { port: 9192, bindAddress: "192.168.56.103" } } },
        ],
      },
      said: [
        'brokers 1 and 3 both send clients of listener "EXTERNAL" to kafka.example.org:9192, where only one of them can answer; give each a port or an address of its own (published)',
      ],
    },
    {
      title: "one address, written in two ways",
      props: {
        listeners: [Listener.external({ address: "fd00::1" })],
        brokers: [{}, {}, { published: { EXTERNAL: { port: 9192, address: "FD00::1" } } }],
      },
      said: [
        'brokers 1 and 3 both send clients of listener "EXTERNAL" to [fd00::1]:9192, where only one of them can answer; give each a port or an address of its own (published)',
      ],
    },
    {
      title: "an address for a listener that is not there",
      props: { brokers: [{}, {}, { published: { LAN: { port: 9092 } } }] },
      said: [
        'broker 3 has an address of its own for listener "LAN", which the cluster has not; it has NETWORK, HOST',
      ],
    },
  ])("are refused: $title", ({ props, said }) => {
    expect(conflicts({ ...THREE, ...props })).toEqual(said);
  });

  it("may be one for brokers at different addresses", () => {
    const at = (host: number) => ({
      published: { LAN: { address: `192.168.56.${host}`, port: 9192 } },
    });
    expect(conflicts({ ...THREE, listeners: [lan], brokers: [at(101), at(102), at(103)] })).toEqual(
      [],
    );
  });
});
