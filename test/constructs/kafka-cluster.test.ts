import { describe, expect, it } from "vitest";
import {
  Distribution,
  ENVIRONMENT_LABEL,
  Image,
  InvalidSettingError,
  Jmx,
  KafkaCluster,
  Listener,
  Memory,
  Metadata,
  Sizing,
  Storage,
  ZooKeeper,
  type IKafkaCluster,
  type KafkaClusterProps,
} from "../../constructs/index.ts";
import {
  environmentOf,
  named,
  synthesizeScope,
  theOnly,
  type Block,
  type Program,
} from "./synthesis.ts";

const CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk";
const PROPS: KafkaClusterProps = {
  name: "dev-kafka",
  distribution: Distribution.confluent("7.9.1"),
  network: { name: "dev-network" },
  clusterId: CLUSTER_ID,
  listeners: [Listener.network(), Listener.host()],
};

/** A cluster whose metadata is elsewhere, with the id that Kafka draws. */
const ON_ZOOKEEPER = {
  metadata: Metadata.zooKeeper({ connect: "zookeeper:2181", containers: [] }),
  clusterId: undefined,
};

function synthesize(props: Partial<KafkaClusterProps> = {}): Program {
  return synthesizeScope((scope) => new KafkaCluster(scope, "kafka", { ...PROPS, ...props }));
}

function container(props: Partial<KafkaClusterProps> = {}): Block {
  return theOnly("docker_container", synthesize(props));
}

function environment(props: Partial<KafkaClusterProps> = {}): Record<string, string> {
  return environmentOf(container(props));
}

/** Makes a cluster without a look at its synthesis. */
function construct(props: Partial<KafkaClusterProps> = {}): KafkaCluster {
  const made: KafkaCluster[] = [];
  synthesizeScope((scope) => made.push(new KafkaCluster(scope, "kafka", { ...PROPS, ...props })));
  return made[0]!;
}

describe("the broker's settings", () => {
  const common = {
    CLUSTER_ID,
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@dev-kafka-1:19093",
    KAFKA_DEFAULT_REPLICATION_FACTOR: "1",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    KAFKA_HEAP_OPTS: "-Xms1024m -Xmx1024m",
    KAFKA_INTER_BROKER_LISTENER_NAME: "BROKER",
    KAFKA_LOG_DIRS: "/var/lib/kafka/data",
    KAFKA_MIN_INSYNC_REPLICAS: "1",
    KAFKA_NODE_ID: "1",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
  };
  const shareGroups = {
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: "1",
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: "1",
  };
  const distributions = [
    { distribution: Distribution.confluent("7.4.0"), more: {} },
    { distribution: Distribution.confluent("7.9.1"), more: {} },
    { distribution: Distribution.confluent("8.0.0"), more: {} },
    { distribution: Distribution.confluent("8.1.0"), more: shareGroups },
    { distribution: Distribution.apache("3.9.1"), more: {} },
    { distribution: Distribution.apache("4.1.1"), more: shareGroups },
    { distribution: Distribution.local("3.9.1"), more: {} },
    { distribution: Distribution.local("4.1.1"), more: shareGroups },
    {
      distribution: Distribution.of({
        name: "mirror",
        kafka: Image.of("mirror.example.org/kafka:1"),
        kafkaVersion: "4.0.0",
      }),
      more: {},
    },
  ];
  const topologies = [
    {
      topology: "containers only",
      listeners: [Listener.network()],
      rendered: {
        KAFKA_LISTENERS:
          "BROKER://0.0.0.0:19091,NETWORK://0.0.0.0:19092,CONTROLLER://dev-kafka-1:19093",
        KAFKA_ADVERTISED_LISTENERS: "BROKER://dev-kafka-1:19091,NETWORK://dev-kafka-1:19092",
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
          "BROKER:PLAINTEXT,NETWORK:PLAINTEXT,CONTROLLER:PLAINTEXT",
      },
    },
    {
      topology: "containers and the host",
      listeners: [Listener.network(), Listener.host()],
      rendered: {
        KAFKA_LISTENERS:
          "BROKER://0.0.0.0:19091,NETWORK://0.0.0.0:19092,HOST://0.0.0.0:9092,CONTROLLER://dev-kafka-1:19093",
        KAFKA_ADVERTISED_LISTENERS:
          "BROKER://dev-kafka-1:19091,NETWORK://dev-kafka-1:19092,HOST://localhost:9092",
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
          "BROKER:PLAINTEXT,NETWORK:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT",
      },
    },
    {
      topology: "a LAN by IPv6 and the internet by a name",
      listeners: [
        Listener.external({ name: "LAN", address: "2001:db8::7" }),
        Listener.external({
          name: "INTERNET",
          address: "kafka.example.org",
          bindAddress: "0.0.0.0",
          port: 9194,
        }),
      ],
      rendered: {
        KAFKA_LISTENERS:
          "BROKER://0.0.0.0:19091,LAN://0.0.0.0:9192,INTERNET://0.0.0.0:9194,CONTROLLER://dev-kafka-1:19093",
        KAFKA_ADVERTISED_LISTENERS:
          "BROKER://dev-kafka-1:19091,LAN://[2001:db8::7]:9192,INTERNET://kafka.example.org:9194",
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
          "BROKER:PLAINTEXT,LAN:PLAINTEXT,INTERNET:PLAINTEXT,CONTROLLER:PLAINTEXT",
      },
    },
  ];

  it.each(
    topologies.flatMap((topology) =>
      distributions.map((on) => ({ ...topology, ...on, title: String(on.distribution) })),
    ),
  )("$topology, on $title", ({ listeners, rendered, distribution, more }) => {
    expect(environment({ listeners, distribution })).toEqual({ ...common, ...rendered, ...more });
  });

  it("stand in one order, since the provider takes another for a change", () => {
    const lines = container()["env"] as string[];
    expect(lines).toEqual(lines.toSorted());
  });

  it("reach Kafka as they are, though Terraform would take them for its own", () => {
    const value = "${file:/secrets:key} %{x} $HOME $${y}";
    expect(environment({ settings: { "a.b": value } })["KAFKA_A_B"]).toBe(
      "$${file:/secrets:key} %%{x} $HOME $$${y}",
    );
  });

  it("may come from other parts of the program", () => {
    const program = synthesizeScope((scope) => {
      const zooKeeper = new ZooKeeper(scope, "zookeeper", {
        name: "zoo",
        distribution: PROPS.distribution,
        network: PROPS.network,
      });
      const settings = { "a.b": zooKeeper.servers[0]!.container.id };
      return new KafkaCluster(scope, "kafka", { ...PROPS, settings });
    });
    const broker = named("kafka_broker", "docker_container", program);
    expect(environmentOf(broker)["KAFKA_A_B"]).toMatch(
      /^\$\{docker_container\.zookeeper_.*\.id\}$/,
    );
  });

  it("can be added to, and win over the cluster's defaults", () => {
    const { KAFKA_LOG_RETENTION_HOURS, KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS } = environment({
      settings: { "log.retention.hours": "24", "group.initial.rebalance.delay.ms": "3000" },
    });
    expect({ KAFKA_LOG_RETENTION_HOURS, KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS }).toEqual({
      KAFKA_LOG_RETENTION_HOURS: "24",
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "3000",
    });
  });
});

describe("the broker's container", () => {
  it("is named and reached by the cluster's name and the broker's number", () => {
    expect(container()).toMatchObject({
      name: "dev-kafka-1",
      hostname: "dev-kafka-1",
      networks_advanced: [{ name: "dev-network" }],
    });
  });

  it("comes back after a crash, a reboot and a restart of the engine", () => {
    expect(container()["restart"]).toBe("unless-stopped");
  });

  it("gets a minute and more to close its log, by docker stop and by Terraform alike", () => {
    const { stop_timeout, destroy_grace_seconds } = container();
    expect(stop_timeout).toBeGreaterThanOrEqual(60);
    expect(destroy_grace_seconds).toBeGreaterThanOrEqual(60);
  });

  it("has no swap", () => {
    const { memory, memory_swap } = container({ memoryLimit: Memory.mebibytes(2000) });
    expect({ memory, memory_swap }).toEqual({ memory: 2000, memory_swap: 2000 });
  });

  it("has 512 MiB beside the heap unless a limit is given", () => {
    const heap = Memory.mebibytes(700);
    expect(container({ heap })["memory"]).toBe(1212);
    expect(environment({ heap })["KAFKA_HEAP_OPTS"]).toBe("-Xms700m -Xmx700m");
  });

  it("is asked for health by bash alone, in terms that Debian's engine knows", () => {
    const { healthcheck } = container() as { healthcheck: Block };
    expect(healthcheck["test"]).toEqual([
      ...["CMD", "bash", "-c"],
      expect.stringContaining("/dev/tcp/dev-kafka-1/19091 "),
    ]);
    expect(healthcheck).not.toHaveProperty("start_interval");
    expect(healthcheck["start_period"]).toBe("2m0s");
  });

  it("runs an image by its id, which stays on the engine when the cluster goes", () => {
    const program = synthesize({ distribution: Distribution.apache("4.1.1") });
    expect(theOnly("docker_image", program)).toEqual({
      name: "apache/kafka:4.1.1",
      keep_locally: true,
    });
    const [id] = Object.keys(program.resource["docker_image"] ?? {});
    expect(theOnly("docker_container", program)["image"]).toBe(`\${docker_image.${id}.image_id}`);
  });

  it.each([
    { listener: Listener.network(), ports: undefined },
    {
      listener: Listener.host({ port: 29092 }),
      ports: [{ internal: 29092, external: 29092, ip: "127.0.0.1" }],
    },
    {
      listener: Listener.external({ address: "192.168.56.101" }),
      ports: [{ internal: 9192, external: 9192, ip: "192.168.56.101" }],
    },
    {
      listener: Listener.external({ address: "2001:db8::7" }),
      ports: [{ internal: 9192, external: 9192, ip: "2001:db8::7" }],
    },
    {
      listener: Listener.external({ address: "kafka.example.org", bindAddress: "0.0.0.0" }),
      ports: [{ internal: 9192, external: 9192, ip: "0.0.0.0" }],
    },
  ])("publishes for $listener.vantage on $listener.bindAddress only", ({ listener, ports }) => {
    const published = container({ listeners: [listener] })["ports"] as unknown[] | undefined;
    expect(published?.length === 0 ? undefined : published).toEqual(ports);
  });

  it("publishes ports in one order, since the provider takes another for a change", () => {
    const listeners = [
      Listener.external({ address: "192.168.56.101", port: 9094 }),
      Listener.network(),
      Listener.host({ port: 9092 }),
    ];
    expect(container({ listeners })["ports"]).toEqual(
      container({ listeners: listeners.toReversed() })["ports"],
    );
  });
});

describe("the broker's storage", () => {
  it("is a volume of the container's name, at exactly the path that the images declare", () => {
    const program = synthesize();
    expect(theOnly("docker_volume", program)["name"]).toBe("dev-kafka-1-data");
    const [id] = Object.keys(program.resource["docker_volume"] ?? {});
    expect(theOnly("docker_container", program)).toMatchObject({
      mounts: [
        { type: "volume", source: `\${docker_volume.${id}.name}`, target: "/var/lib/kafka/data" },
      ],
    });
    expect(theOnly("docker_container", program)).not.toHaveProperty("tmpfs");
  });

  it("is memory of the host when it is ephemeral", () => {
    const program = synthesize({ storage: Storage.ephemeral() });
    expect(program.resource).not.toHaveProperty("docker_volume");
    expect(theOnly("docker_container", program)["tmpfs"]).toEqual({ "/var/lib/kafka/data": "" });
    expect(theOnly("docker_container", program)).not.toHaveProperty("mounts");
  });
});

describe("labels", () => {
  const service = { label: "kafka-platform-kit.service", value: "kafka" };

  it.each(["docker_container", "docker_volume"])("name environment and service on %s", (type) => {
    const program = synthesize({ labels: { [ENVIRONMENT_LABEL]: "dev" } });
    expect(theOnly(type, program)["labels"]).toEqual([
      { label: "kafka-platform-kit.environment", value: "dev" },
      service,
    ]);
  });

  it.each(["docker_container", "docker_volume"])("name the service by default on %s", (type) => {
    expect(theOnly(type, synthesize())["labels"]).toEqual([service]);
  });
});

describe("what others ask of a cluster", () => {
  const listeners = [
    Listener.network(),
    Listener.external({ name: "LAN", address: "2001:db8::7", port: 9192 }),
  ];

  it.each([
    { listener: "NETWORK", servers: "dev-kafka-1:19092" },
    { listener: "LAN", servers: "[2001:db8::7]:9192" },
  ])("the bootstrap servers of $listener", ({ listener, servers }) => {
    const cluster = construct({ listeners });
    expect(cluster.bootstrapServers(listener)).toBe(servers);
    expect(cluster.endpoints(listener).map(String)).toEqual([servers]);
  });

  it("rejects a listener that the cluster does not have, naming those it has", () => {
    const cluster = construct({ listeners });
    expect(() => cluster.bootstrapServers("HOST")).toThrowError(
      new InvalidSettingError('no listener "HOST" on this cluster; it has NETWORK, LAN'),
    );
  });

  it("its brokers, with their volumes where they have one", () => {
    expect(construct().brokers).toMatchObject([{ id: 1, host: "dev-kafka-1" }]);
    expect(construct().brokers[0]?.volume).toBeDefined();
    expect(construct({ storage: Storage.ephemeral() }).brokers[0]?.volume).toBeUndefined();
  });
});

describe("a cluster with ZooKeeper", () => {
  it("knows its ensemble, and has neither roles nor a controller nor an id of ours", () => {
    const settings = environment({
      ...ON_ZOOKEEPER,
      distribution: Distribution.confluent("7.0.1"),
    });
    expect(settings).toMatchObject({
      KAFKA_BROKER_ID: "1",
      KAFKA_ZOOKEEPER_CONNECT: "zookeeper:2181",
      KAFKA_LISTENERS: "BROKER://0.0.0.0:19091,NETWORK://0.0.0.0:19092,HOST://0.0.0.0:9092",
    });
    for (const name of ["CLUSTER_ID", "KAFKA_NODE_ID", "KAFKA_PROCESS_ROLES"]) {
      expect(settings).not.toHaveProperty(name);
    }
    expect(construct({ ...ON_ZOOKEEPER }).clusterId).toBeUndefined();
  });

  it("goes before the ensemble goes, so that its brokers end in order", () => {
    const program = synthesizeScope((scope) => {
      const zooKeeper = new ZooKeeper(scope, "zookeeper", { ...PROPS, name: "dev-zookeeper" });
      const metadata = Metadata.zooKeeper(zooKeeper);
      new KafkaCluster(scope, "kafka", { ...PROPS, clusterId: undefined, metadata });
    });
    const containers = Object.entries(program.resource["docker_container"] ?? {});
    const broker = containers.find(([, { name }]) => name === "dev-kafka-1");
    const server = containers.find(([, { name }]) => name === "dev-zookeeper-1");
    expect(broker?.[1]["depends_on"]).toEqual([`docker_container.${server?.[0]}`]);
  });
});

describe("a cluster that is deployed elsewhere", () => {
  const props = {
    brokers: 3,
    network: { name: "our-network" },
    distribution: Distribution.confluent("7.9.1"),
  };
  const foreign = (servers: string, brokers = 3): IKafkaCluster =>
    KafkaCluster.fromBootstrapServers(servers, { ...props, brokers });

  it.each([
    { servers: "kafka:9092", is: "kafka:9092" },
    { servers: " kafka-1:9092, kafka-2:9093 ", is: "kafka-1:9092,kafka-2:9093" },
    { servers: "[2001:db8::7]:9092,10.0.0.5:9092", is: "[2001:db8::7]:9092,10.0.0.5:9092" },
  ])("is reached at $servers", ({ servers, is }) => {
    expect(foreign(servers)).toEqual({
      name: is,
      distribution: props.distribution,
      network: { name: "our-network" },
      size: 3,
      networkBootstrapServers: is,
      containers: [],
    });
  });

  it.each([
    "",
    "kafka",
    "kafka:",
    ":9092",
    "PLAINTEXT://kafka:9092",
    "a:1,",
    "a:1;b:2",
    "::1:9092",
  ])("is not reached at %j, which is no address", (servers) => {
    expect(() => foreign(servers)).toThrowError(InvalidSettingError);
    expect(() => foreign(servers)).toThrowError(/^".*" is not an address; write host:port$/);
  });

  it.each([
    { servers: "a_b!:9092", said: '"a_b!" is not a host; ' },
    {
      servers: "kafka:0",
      said: "endpoint kafka: port 0 is out of range; give one from 1 to 65535",
    },
    { servers: "kafka:65536", said: "endpoint kafka: port 65536 is out of range; " },
    {
      servers: "kafka:9092,localhost:9093",
      said: "bootstrap server localhost:9093 leads every container back to itself; give an address that containers on the network reach",
    },
    {
      servers: "[::1]:9092",
      said: "bootstrap server [::1]:9092 leads every container back to itself; ",
    },
    {
      servers: "127.0.0.1:9092",
      said: "bootstrap server 127.0.0.1:9092 leads every container back to itself; ",
    },
    {
      servers: "0.0.0.0:9092",
      said: "bootstrap server 0.0.0.0:9092 is no address that anybody can dial; give one that containers on the network reach",
    },
    {
      servers: "kafka:9092,[::]:9092",
      said: "bootstrap server [::]:9092 is no address that anybody can dial; ",
    },
  ])("is not reached at $servers", ({ servers, said }) => {
    expect(() => foreign(servers)).toThrowError(InvalidSettingError);
    expect(() => foreign(servers)).toThrowError(said);
  });

  it.each([0, -1, 1.5, Number.NaN])("has not %d brokers", (brokers) => {
    expect(() => foreign("kafka:9092", brokers)).toThrowError(
      new InvalidSettingError(
        `a cluster of ${brokers} brokers cannot be; give the number that kafka:9092 has`,
      ),
    );
  });
});

describe("names and ports of somebody's choice", () => {
  it("are the containers' and what is advertised, while volumes keep the cluster's name", () => {
    const program = synthesize({ brokers: [{ host: "broker" }] });
    expect(theOnly("docker_container", program)).toMatchObject({
      name: "broker",
      hostname: "broker",
    });
    expect(environment({ brokers: [{ host: "broker" }] })["KAFKA_ADVERTISED_LISTENERS"]).toBe(
      "BROKER://broker:19091,NETWORK://broker:19092,HOST://localhost:9092",
    );
    expect(theOnly("docker_volume", program)["name"]).toBe("dev-kafka-1-data");
  });
});

describe("JMX", () => {
  it("is off by default", () => {
    expect(Object.keys(environment()).filter((name) => name.includes("JMX"))).toEqual([]);
  });

  it("sends the host's programs to the port that is published for them alone", () => {
    expect(environment({ jmx: Jmx.host({ port: 9999 }) })).toMatchObject({
      KAFKA_JMX_PORT: "9999",
      KAFKA_JMX_HOSTNAME: "localhost",
    });
    expect(container({ jmx: Jmx.host({ port: 9999 }) })["ports"]).toContainEqual({
      internal: 9999,
      external: 9999,
      ip: "127.0.0.1",
    });
  });
});

describe("a setting that is wrong by itself", () => {
  it.each(["", "Dev", "dev_kafka", "-dev", "dev-", "dev.kafka", "a".repeat(61)])(
    "rejects the name %j",
    (name) => {
      expect(() => synthesize({ name })).toThrowError(
        new InvalidSettingError(
          `cluster name "${name}" cannot be a host name; use lower-case letters, digits and dashes, 60 at the most`,
        ),
      );
    },
  );

  it.each([
    { brokers: [], said: "cluster dev-kafka has no broker; give brokers, 1 or more" },
    { brokers: 0, said: "cluster dev-kafka: 0 brokers cannot be; give 1 or more" },
    { brokers: 1.5, said: "cluster dev-kafka: 1.5 brokers cannot be; give 1 or more" },
    {
      brokers: [{ id: 2_147_483_648 }],
      said: "cluster dev-kafka: 2147483648 is no id of a broker; give a whole number from 1 to 2147483647",
    },
    {
      brokers: [{ id: 0 }],
      said: "cluster dev-kafka: 0 is no id of a broker; give a whole number from 1 to 2147483647",
    },
    {
      brokers: [{ id: 2 }, {}],
      said: "cluster dev-kafka: dev-kafka-2 and dev-kafka-2 both have the id 2; give each node its own (controllers have theirs from 101 on)",
    },
    {
      brokers: [{ host: "a" }, {}, { host: "a" }],
      said: "cluster dev-kafka: nodes 1 and 3 are both called a; give each its own name",
    },
    {
      brokers: [{ id: 101 }],
      metadata: Metadata.kraft({ controllers: 1 }),
      said: "cluster dev-kafka: dev-kafka-101 and dev-kafka-controller-1 both have the id 101; give each node its own (controllers have theirs from 101 on)",
    },
    {
      brokers: [{ host: "the_broker" }],
      said: 'cluster dev-kafka: host "the_broker" cannot be a host name; use lower-case letters, digits and dashes, 63 at the most',
    },
  ])("rejects the brokers $brokers", ({ said, ...props }) => {
    expect(() => synthesize(props)).toThrowError(new InvalidSettingError(said));
  });

  it("rejects a KRaft cluster without an id", () => {
    expect(() => synthesize({ clusterId: undefined })).toThrowError(
      new InvalidSettingError(
        "a KRaft cluster needs a cluster id; give 22 characters of URL-safe base64, as kafka-storage random-uuid prints them",
      ),
    );
  });

  it("rejects a cluster id with ZooKeeper, which would not heed it", () => {
    expect(() => synthesize({ ...ON_ZOOKEEPER, clusterId: CLUSTER_ID })).toThrowError(
      new InvalidSettingError(
        `cluster id "${CLUSTER_ID}" cannot be kept: with ZooKeeper, Kafka draws it at its first start; give none`,
      ),
    );
  });

  it.each(["k", "4kids", "dev-kafka-2", "a".repeat(60)])("accepts the name %s", (name) => {
    expect(container({ name })["name"]).toBe(`${name}-1`);
  });

  it.each(["", "MkU3OEVBNTcwNTJENDM2Q", "MkU3OEVBNTcwNTJENDM2Qk=", "MkU3OEVBNTcwNTJENDM2/k"])(
    "rejects the cluster id %j",
    (clusterId) => {
      expect(() => synthesize({ clusterId })).toThrowError(
        new InvalidSettingError(
          `cluster id "${clusterId}" is malformed; give 22 characters of URL-safe base64, as kafka-storage random-uuid prints them`,
        ),
      );
    },
  );
});

describe("settings that contradict each other", () => {
  /** What synth refuses, a line for each conflict. */
  function conflicts(props: Partial<KafkaClusterProps>): string[] {
    let message = "";
    try {
      synthesize(props);
    } catch (error) {
      message = (error as Error).message;
    }
    return message
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith("["));
  }

  it.each([
    {
      title: "KRaft on a ZooKeeper-only version",
      props: { distribution: Distribution.confluent("7.3.1") },
      conflict: "Confluent 7.3.1 has no KRaft; the first that has it is 7.4",
    },
    {
      title: "ZooKeeper on a KRaft-only version",
      props: { distribution: Distribution.local("4.1.1"), ...ON_ZOOKEEPER },
      conflict:
        "local 4.1.1 has no ZooKeeper; the last that has it is Confluent 7.9 (Kafka 3.9), or use Metadata.kraft()",
    },
    {
      title: "ZooKeeper on an image that has KRaft only",
      props: { distribution: Distribution.apache("3.9.1"), ...ON_ZOOKEEPER },
      conflict:
        "the image apache/kafka:3.9.1 runs KRaft only; Confluent 7.9 has ZooKeeper, or use Metadata.kraft()",
    },
    {
      title: "JMX on a listener's port",
      props: { jmx: Jmx.host({ port: 9092 }) },
      conflict: 'JMX and listener "HOST" both use port 9092; give each its own port',
    },
    {
      title: "JMX on a port of the cluster's own",
      props: { jmx: Jmx.host({ port: 19091 }) },
      conflict: 'JMX and listener "BROKER" both use port 19091; give each its own port',
    },
    {
      title: "no listener",
      props: { listeners: [] },
      conflict: "the cluster has no listener; give at least one, such as Listener.host()",
    },
    {
      title: "two listeners of one name",
      props: { listeners: [Listener.host(), Listener.host({ port: 9192 })] },
      conflict: 'two listeners are named "HOST"; name each after its own clients, such as LAN',
    },
    {
      title: "two listeners on one port",
      props: { listeners: [Listener.host(), Listener.network({ port: 9092 })] },
      conflict: 'listener "HOST" and listener "NETWORK" both use port 9092; give each its own port',
    },
    {
      title: "a listener on the port of the brokers",
      props: { listeners: [Listener.host({ port: 19091 })] },
      conflict:
        'listener "HOST" uses port 19091, which the cluster\'s own listener BROKER has; give it another',
    },
    {
      title: "a listener on the port of the controllers",
      props: { listeners: [Listener.network({ port: 19093 })] },
      conflict:
        'listener "NETWORK" uses port 19093, which the cluster\'s own listener CONTROLLER has; give it another',
    },
    {
      title: "a heap above the memory limit",
      props: { heap: Memory.gibibytes(2), memoryLimit: Memory.gibibytes(1) },
      conflict:
        "a heap of 2048 MiB does not fit a memory limit of 1024 MiB; lower the heap, or raise the limit to 2560 MiB (2208 MiB at the least)",
    },
    {
      title: "a heap that is the memory limit",
      props: { heap: Memory.gibibytes(1), memoryLimit: Memory.gibibytes(1) },
      conflict:
        "a heap of 1024 MiB does not fit a memory limit of 1024 MiB; lower the heap, or raise the limit to 1536 MiB (1184 MiB at the least)",
    },
    {
      title: "a heap that leaves the JVM less than 160 MiB",
      props: { heap: Memory.mebibytes(1024), memoryLimit: Memory.mebibytes(1183) },
      conflict:
        "a heap of 1024 MiB does not fit a memory limit of 1183 MiB; lower the heap, or raise the limit to 1536 MiB (1184 MiB at the least)",
    },
    {
      title: "a heap that the log cleaner's buffer fills",
      props: { heap: Memory.mebibytes(191) },
      conflict:
        "a heap of 191 MiB does not hold the log cleaner's buffer of 128 MiB and what a broker needs beside it; raise the heap to 192 MiB, or lower log.cleaner.dedupe.buffer.size",
    },
    {
      title: "a log cleaner's buffer that the laptop's heap does not hold",
      props: {
        sizing: Sizing.laptop(),
        settings: { "log.cleaner.dedupe.buffer.size": "268435456" },
      },
      conflict:
        "a heap of 256 MiB does not hold the log cleaner's buffer of 256 MiB and what a broker needs beside it; raise the heap to 320 MiB, or lower log.cleaner.dedupe.buffer.size",
    },
    {
      title: "three listeners of one name, said once",
      props: {
        listeners: [9092, 9192, 9292].map((port) => Listener.host({ port })),
      },
      conflict: 'two listeners are named "HOST"; name each after its own clients, such as LAN',
    },
  ])("rejects $title", ({ props, conflict }) => {
    expect(conflicts(props)).toEqual([`[stack/kafka] ${conflict}`]);
  });

  it.each<Partial<KafkaClusterProps>>([
    { heap: Memory.mebibytes(192) },
    { heap: Memory.mebibytes(68), sizing: Sizing.laptop() },
    { heap: Memory.mebibytes(68), settings: { "log.cleaner.dedupe.buffer.size": "4194304" } },
    { heap: Memory.mebibytes(68), settings: { "log.cleaner.enable": "false" } },
  ])("accepts a heap that holds the log cleaner's buffer: $heap", (props) => {
    expect(conflicts(props)).toEqual([]);
  });

  it("accepts a heap that leaves the JVM 160 MiB", () => {
    const props = { heap: Memory.mebibytes(1024), memoryLimit: Memory.mebibytes(1184) };
    expect(conflicts(props)).toEqual([]);
    expect(container(props)["memory"]).toBe(1184);
  });

  it.each([
    "",
    " ",
    "log retention",
    "KAFKA_LOG_RETENTION_HOURS",
    "Log.retention.hours",
    "log..retention",
    ".log",
    "log.",
    "log.retention=1",
  ])("rejects the setting %j, which is no name of Kafka's", (property) => {
    expect(conflicts({ settings: { [property]: "x" } })).toEqual([
      `[stack/kafka] the setting "${property}" is no name of Kafka's; write it as its documentation does, in lower case with dots between the words`,
    ]);
  });

  it.each(["log.retention.hours", "log4j.level", "listener.name.lan_2.plain-x"])(
    "accepts the setting %s",
    (property) => {
      expect(conflicts({ settings: { [property]: "x" } })).toEqual([]);
    },
  );

  it.each([
    "node.id",
    "broker.id",
    "process.roles",
    "log.dir",
    "log.dirs",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "inter.broker.listener.name",
    "security.inter.broker.protocol",
    "controller.listener.names",
    "controller.quorum.voters",
    "controller.quorum.bootstrap.servers",
    "zookeeper.connect",
    "port",
    "host.name",
    "advertised.port",
    "advertised.host.name",
  ])("rejects the setting %s, which the cluster derives", (property) => {
    expect(conflicts({ settings: { [property]: "x" } })).toEqual([
      `[stack/kafka] the setting ${property} is derived; say it by listeners, metadata or storage instead`,
    ]);
  });

  it("reports every conflict at once", () => {
    expect(
      conflicts({
        ...ON_ZOOKEEPER,
        distribution: Distribution.confluent("8.0.0"),
        listeners: [Listener.host({ port: 19093 }), Listener.host({ port: 19093 })],
        heap: Memory.gibibytes(4),
        memoryLimit: Memory.gibibytes(1),
        settings: { listeners: "PLAINTEXT://0.0.0.0:9092", "log.dirs": "/data" },
      }),
    ).toEqual([
      expect.stringMatching(/^\[stack\/kafka\] Confluent 8\.0\.0 has no ZooKeeper; /),
      expect.stringMatching(/^\[stack\/kafka\] two listeners are named "HOST"; /),
      expect.stringMatching(/ "HOST" and listener "HOST" both use port 19093; /),
      expect.stringMatching(/ own listener CONTROLLER has; /),
      expect.stringMatching(/^\[stack\/kafka\] a heap of 4096 MiB does not fit /),
      expect.stringMatching(/^\[stack\/kafka\] the setting listeners is derived; /),
      expect.stringMatching(/^\[stack\/kafka\] the setting log\.dirs is derived; /),
    ]);
  });
});
