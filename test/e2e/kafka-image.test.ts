import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CLUSTER_ID,
  combinedNode,
  CONNECT_WORKER,
  commandLine,
  Containers,
  eventually,
  exec,
  logs,
  shareOfArchive,
  stop,
  succeed,
  TELL_CLASSES,
  without,
  type Env,
  type Refusal,
  type Result,
} from "./containers.ts";

/**
 * The image is judged from outside, by what a container of it does: the same definitions are meant
 * to run on confluentinc/cp-kafka. Build the images first, see images/README.md.
 */

const FOREIGN_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk";

/** Those that every version has. */
const COMMANDS = [
  "connect-distributed",
  "kafka-acls",
  "kafka-broker-api-versions",
  "kafka-cluster",
  "kafka-configs",
  "kafka-console-consumer",
  "kafka-console-producer",
  "kafka-consumer-groups",
  "kafka-consumer-perf-test",
  "kafka-delete-records",
  "kafka-dump-log",
  "kafka-features",
  "kafka-get-offsets",
  "kafka-leader-election",
  "kafka-log-dirs",
  "kafka-producer-perf-test",
  "kafka-reassign-partitions",
  "kafka-run-class",
  "kafka-server-start",
  "kafka-storage",
  "kafka-topics",
  "kafka-verifiable-consumer",
  "kafka-verifiable-producer",
];

/** Heaps and collectors that a JVM can have together with the archive of its classes. */
const WITH_ARCHIVE: readonly Env[] = [
  { KAFKA_HEAP_OPTS: "-Xmx64m", KAFKA_JVM_PERFORMANCE_OPTS: "-XX:+UseSerialGC" },
  { KAFKA_HEAP_OPTS: "-Xmx256m", KAFKA_JVM_PERFORMANCE_OPTS: "-XX:+UseParallelGC" },
  { KAFKA_HEAP_OPTS: "-Xms128m -Xmx8g", KAFKA_JMX_PORT: "9999", KAFKA_JMX_HOSTNAME: "localhost" },
];

/** Options with which it has to do without. */
const WITHOUT_ARCHIVE: readonly string[] = [
  "-XX:-UseCompressedOops",
  "-Xmx40g",
  "-XX:SharedArchiveFile=/nowhere",
  "--patch-module java.base=/tmp",
];

/** A broker as the environment `seed` runs it, with fewer partitions to make for its first consumer. */
const SEED: Env = {
  KAFKA_BROKER_ID: "1",
  KAFKA_ZOOKEEPER_CONNECT: "zookeeper:2181",
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
  KAFKA_LISTENERS: "PLAINTEXT://:29092,PLAINTEXT_HOST://0.0.0.0:9092",
  KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092",
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
  KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "1",
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
  KAFKA_JMX_PORT: "9101",
  KAFKA_JMX_HOSTNAME: "localhost",
  KAFKA_HEAP_OPTS: "-Xmx256M",
  KAFKA_OPTS: TELL_CLASSES,
};

function controllerNode(host: string): Env {
  return {
    CLUSTER_ID,
    KAFKA_NODE_ID: "1",
    KAFKA_PROCESS_ROLES: "controller",
    KAFKA_CONTROLLER_QUORUM_VOTERS: `1@${host}:9093`,
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_LISTENERS: `CONTROLLER://${host}:9093`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT",
    KAFKA_HEAP_OPTS: "-Xmx256M",
  };
}

const node = combinedNode("localhost");

const REFUSALS: readonly Refusal[] = [
  {
    what: "a broker that advertises nothing",
    env: without(node, "KAFKA_ADVERTISED_LISTENERS"),
    message: "KAFKA_ADVERTISED_LISTENERS is not set",
  },
  {
    what: "a controller that advertises listeners",
    env: { ...controllerNode("localhost"), KAFKA_ADVERTISED_LISTENERS: "NETWORK://a:1" },
    message: 'KAFKA_ADVERTISED_LISTENERS is not supported on a controller, it is "NETWORK://a:1"',
  },
  {
    what: "KRaft without a cluster id",
    env: without(node, "CLUSTER_ID"),
    message: "CLUSTER_ID is not set",
  },
  {
    what: "what Kafka itself cannot format",
    env: without(node, "KAFKA_NODE_ID"),
    message: `could not be formatted with CLUSTER_ID "${CLUSTER_ID}"`,
  },
  ...[
    "KAFKA_PORT",
    "KAFKA_HOST",
    "KAFKA_ADVERTISED_HOST",
    "KAFKA_ADVERTISED_HOST_NAME",
    "KAFKA_ADVERTISED_PORT",
  ].map((name) => ({
    what: name,
    env: { ...node, [name]: "x" },
    message: `${name} is no longer a setting of Kafka, it is "x"; use KAFKA_ADVERTISED_LISTENERS instead`,
  })),
  {
    what: "a listener named SSL without a keystore",
    env: { ...node, KAFKA_ADVERTISED_LISTENERS: "SSL://localhost:9092" },
    message: "KAFKA_SSL_KEYSTORE_FILENAME is not set",
  },
  {
    what: "a listener named SASL_SSL without its keystore's file",
    env: {
      ...node,
      KAFKA_ADVERTISED_LISTENERS: "SASL_SSL://localhost:9092",
      KAFKA_SSL_KEYSTORE_FILENAME: "broker.jks",
    },
    message: "/etc/kafka/secrets/broker.jks cannot be read",
  },
  {
    what: "a listener named SASL_PLAINTEXT without a login configuration",
    env: { ...node, KAFKA_ADVERTISED_LISTENERS: "SASL_PLAINTEXT://localhost:9092" },
    message: "KAFKA_OPTS is not set",
  },
  {
    what: "a data directory that it cannot write to",
    env: { ...node, KAFKA_LOG_DIRS: "/usr/share" },
    message: "/usr/share is not writable for uid 1000, it belongs to uid 0",
  },
  {
    what: "a list of loggers that is not one",
    env: { ...node, KAFKA_LOG4J_LOGGERS: "kafka.server" },
    message: 'KAFKA_LOG4J_LOGGERS has "kafka.server"; write logger=LEVEL',
  },
];

const REFUSALS_OF_THREE: readonly Refusal[] = [
  {
    what: "neither KRaft nor ZooKeeper",
    env: without(node, "KAFKA_PROCESS_ROLES"),
    message: "KAFKA_ZOOKEEPER_CONNECT is not set; set it, or KAFKA_PROCESS_ROLES",
  },
  {
    what: "a ZooKeeper that does not answer",
    env: {
      KAFKA_ZOOKEEPER_CONNECT: "localhost:2181/kafka",
      KAFKA_ADVERTISED_LISTENERS: "NETWORK://localhost:19092",
      KAFKA_CUB_ZK_TIMEOUT: "1",
    },
    message: "no ZooKeeper answers at KAFKA_ZOOKEEPER_CONNECT=localhost:2181/kafka within 1 s",
  },
];

const REFUSALS_OF_FOUR: readonly Refusal[] = [
  {
    what: "no role",
    env: without(node, "KAFKA_PROCESS_ROLES"),
    message: "KAFKA_PROCESS_ROLES is not set",
  },
  {
    what: "ZooKeeper",
    env: { ...node, KAFKA_ZOOKEEPER_CONNECT: "zookeeper:2181" },
    message: "KAFKA_ZOOKEEPER_CONNECT is not supported by Kafka 4.",
  },
];

/** A broker among a test's containers, on a volume that outlives it. */
class Broker {
  static async start(containers: Containers, version: string, env: Env, volume: string) {
    const container = await containers.start("broker", imageOf(version), {
      env,
      options: ["--memory", "768m", "--volume", `${volume}:/var/lib/kafka/data`],
    });
    return new Broker(container, env);
  }

  readonly container: string;
  readonly bootstrap: readonly string[];

  private constructor(container: string, { KAFKA_ADVERTISED_LISTENERS: listeners = "" }: Env) {
    this.container = container;
    this.bootstrap = ["--bootstrap-server", listeners.replace(/^\w+:\/\/([^,]+).*/, "$1")];
  }

  /** Runs one of Kafka's commands that connect to it. */
  async run(command: string, ...args: readonly string[]): Promise<Result> {
    return exec(this.container, command, ...this.bootstrap, ...args);
  }

  async ready(): Promise<void> {
    await eventually("kafka-topics --list", this.container, () =>
      this.run("kafka-topics", "--list"),
    );
  }

  async produce(topic: string, record: string): Promise<void> {
    const producer = ["kafka-console-producer", ...this.bootstrap, "--topic", topic];
    await succeed(["exec", "--interactive", this.container, ...producer], `${record}\n`);
  }

  /** The first records of a topic. */
  async consume(topic: string, count = 1): Promise<readonly string[]> {
    const first = ["--from-beginning", "--max-messages", String(count), "--timeout-ms", "20000"];
    return (await this.run("kafka-console-consumer", "--topic", topic, ...first)).printed;
  }
}

function imageOf(version: string): string {
  return `kafka-platform-kit/kafka:${version}`;
}

describe.each(["4.1.1", "3.9.1", "3.0.1"])(
  "kafka image %s, before it starts",
  { timeout: 120_000 },
  (version) => {
    const image = imageOf(version);
    let containers: Containers;

    beforeAll(async () => {
      containers = await Containers.create("kafka-image", [image]);
    });

    afterAll(async () => {
      await containers.remove();
    });

    it.each([...REFUSALS, ...(version.startsWith("3.") ? REFUSALS_OF_THREE : REFUSALS_OF_FOUR)])(
      "refuses $what",
      async ({ env, message }) => {
        const { exitCode, output } = await containers.run(image, { env });
        expect(output).toContain(`error: `);
        expect(output).toContain(message);
        expect(exitCode).toBe(1);
      },
    );

    it("turns KAFKA_* variables into properties, save those for the image and the JVM", async () => {
      const { output } = await containers.run(image, {
        env: {
          CLUSTER_ID,
          KAFKA_PROCESS_ROLES: "broker",
          KAFKA_ADVERTISED_LISTENERS: "NETWORK://kafka:19092,HOST://127.0.0.1:9092",
          KAFKA_A_B__C___D: "dots, underscore and dash",
          KAFKA_BACKSLASH: String.raw`C:\new\u0041`,
          KAFKA_EMPTY: "",
          KAFKA_JOINED: "one \\\ntwo",
          KAFKA_LEADING: "  two spaces",
          KAFKA_LINES: "one\ntwo",
          KAFKA_REPLACED: "a & b = c # d ! $HOME `id`",
          KAFKA_VERSION: "1",
          KAFKA_OPTS: "-Da=b",
          KAFKA_HEAP_OPTS: "-Xmx1m",
          KAFKA_GC_LOG_OPTS: "-Xlog:gc",
          KAFKA_JVM_PERFORMANCE_OPTS: "-server",
          KAFKA_JMX_PORT: "9999",
          KAFKA_JMX_HOSTNAME: "localhost",
          KAFKA_LOG4J_ROOT_LOGLEVEL: "WARN",
          KAFKA_LOG4J_LOGGERS: "kafka=WARN",
          KAFKA_TOOLS_LOG4J_LOGLEVEL: "ERROR",
        },
        command: [
          "bash",
          "-c",
          "/etc/confluent/docker/configure && cat /etc/kafka/kafka.properties",
        ],
      });
      expect(output.split("\n")).toEqual([
        "advertised.listeners=NETWORK://kafka:19092,HOST://127.0.0.1:9092",
        "a.b_c-d=dots, underscore and dash",
        String.raw`backslash=C:\\new\\u0041`,
        "empty=",
        "joined=one two",
        String.raw`leading=\  two spaces`,
        String.raw`lines=one\ntwo`,
        "listeners=NETWORK://0.0.0.0:19092,HOST://0.0.0.0:9092",
        "log.dirs=/var/lib/kafka/data",
        "process.roles=broker",
        "replaced=a & b = c # d ! $HOME `id`",
      ]);
    });

    it("keeps the properties file, which holds passwords, to its user", async () => {
      const { output } = await containers.run(image, {
        env: node,
        command: [
          "bash",
          "-c",
          "/etc/confluent/docker/configure && stat -c '%a %u' /etc/kafka/kafka.properties",
        ],
      });
      expect(output).toBe("600 1000");
    });

    it("has the usual commands", async () => {
      const { output } = await containers.run(image, {
        command: ["bash", "-c", `command -v ${COMMANDS.join(" ")}`],
      });
      expect(output.split("\n")).toEqual(COMMANDS.map((command) => `/usr/bin/${command}`));
    });

    it("has them under the names of apache/kafka as well", async () => {
      const { output } = await containers.run(image, {
        command: ["bash", "-c", "ls /opt/kafka/bin"],
      });
      const names = COMMANDS.map((command) => `${command}.sh`);
      expect(output.split("\n")).toEqual(expect.arrayContaining(names));
    });

    it("keeps Connect's jars off the class path of broker and commands", async () => {
      const { output } = await containers.run(image, {
        command: ["kafka-run-class", "org.apache.kafka.connect.cli.ConnectDistributed"],
      });
      expect(output).toContain("ClassNotFoundException");
    });

    const showVersion = (env: Env, command = ["kafka-server-start", "--version"]) =>
      containers.run(image, {
        env: { KAFKA_LOG4J_ROOT_LOGLEVEL: "ERROR", ...env },
        // Only root can change the image's files.
        options: ["--user", "0"],
        command,
      });
    /** Nothing else is printed. */
    const shown = {
      exitCode: 0,
      output: expect.stringMatching(
        new RegExp(String.raw`^${version}( \(Commit:\w+\))?$`),
      ) as unknown,
    };

    it.each(WITH_ARCHIVE)("has its classes from an archive with %j", async (env) => {
      expect(await showVersion({ ...env, KAFKA_OPTS: "-Xshare:on" })).toMatchObject(shown);
    });

    it.each(WITHOUT_ARCHIVE)("starts all the same, and as quietly, with %s", async (options) => {
      expect(await showVersion({ KAFKA_OPTS: options })).toMatchObject(shown);
      expect(await showVersion({ KAFKA_OPTS: `-Xshare:on ${options}` })).toMatchObject({
        exitCode: 1,
      });
    });

    it("starts all the same, and as quietly, with a jar that has changed", async () => {
      const script = 'touch /usr/share/java/kafka/kafka-clients-*.jar && exec "$@"';
      const command = ["bash", "-c", script, "bash", "kafka-server-start", "--version"];
      expect(await showVersion({}, command)).toMatchObject(shown);
      expect(await showVersion({ KAFKA_OPTS: "-Xshare:on" }, command)).toMatchObject({
        exitCode: 1,
      });
    });

    it("has the commands' classes from the archive, too", async () => {
      const command = ["kafka-topics", "--version"];
      expect(await showVersion({ KAFKA_OPTS: "-Xshare:on" }, command)).toMatchObject(shown);
    });

    it("has nothing left of its training", async () => {
      const command = ["find", "/tmp", "/etc/kafka/secrets", "/var/lib/kafka/data"];
      const { output } = await containers.run(image, { command: [...command, "-mindepth", "1"] });
      expect(output).toBe("");
    });

    it("runs as uid and gid 1000, and owns a fresh volume", async () => {
      const { output } = await containers.run(image, {
        command: ["bash", "-c", "echo $(id -u) $(id -g) $(stat -c '%u %g' /var/lib/kafka/data)"],
      });
      expect(output).toBe("1000 1000 1000 1000");
    });
  },
);

describe.each(["4.1.1", "3.9.1"])("kafka image %s with KRaft", { timeout: 120_000 }, (version) => {
  let containers: Containers;

  beforeAll(async () => {
    containers = await Containers.create("kafka-kraft", [imageOf(version)]);
  });

  afterAll(async () => {
    await containers.remove();
  });

  it("starts as a controller only", async () => {
    const controller = await containers.start("controller", imageOf(version), {
      env: controllerNode("controller"),
      options: ["--memory", "512m"],
    });
    const describeQuorum = ["--bootstrap-controller", "controller:9093", "describe", "--status"];
    await eventually("leader of its quorum", controller, () =>
      exec(controller, "kafka-metadata-quorum", ...describeQuorum),
    );
    await succeed(["rm", "--force", "--volumes", controller]);
  });

  // One broker's life, in order: each test goes on from where the one before left it.
  describe("in service", () => {
    let broker: Broker;
    let volume: string;

    const startBroker = async (env: Env) => {
      const all = { ...combinedNode("broker"), ...env };
      broker = await Broker.start(containers, version, all, volume);
      await broker.ready();
    };

    beforeAll(async () => {
      volume = await containers.volume("data");
      await startBroker({
        KAFKA_BROKER_RACK: String.raw`row \3`,
        KAFKA_JMX_PORT: "9999",
        KAFKA_JMX_HOSTNAME: "127.0.0.1",
        KAFKA_OPTS: `-Dkit.test=from-opts -Xshare:on ${TELL_CLASSES}`,
      });
    });

    it("has its classes from the archive of the image", async () => {
      expect(await shareOfArchive(broker.container)).toBeGreaterThan(0.9);
    });

    it("formats an empty volume with the cluster id", async () => {
      const { output } = await exec(broker.container, "cat", "/var/lib/kafka/data/meta.properties");
      expect(output).toContain(`cluster.id=${CLUSTER_ID}`);
    });

    it("runs the JVM as process 1, with the options given", async () => {
      expect(await commandLine(broker.container)).toEqual(
        expect.arrayContaining([
          "java",
          "-Xmx256M",
          "-Dkit.test=from-opts",
          "-Dcom.sun.management.jmxremote.port=9999",
          "-Dcom.sun.management.jmxremote.rmi.port=9999",
          "-Djava.rmi.server.hostname=127.0.0.1",
        ]),
      );
    });

    it("answers on the JMX port, and the commands beside it do not want the same one", async () => {
      const answered = { exitCode: 0, output: "" };
      expect(await exec(broker.container, "bash", "-c", "</dev/tcp/127.0.0.1/9999")).toMatchObject(
        answered,
      );
      expect(await broker.run("kafka-topics", "--list")).toMatchObject(answered);
    });

    it("hands Kafka a value with a backslash unchanged", async () => {
      const entity = ["--entity-type", "brokers", "--entity-name", "1", "--describe", "--all"];
      const { output } = await broker.run("kafka-configs", ...entity);
      expect(output).toContain(String.raw`broker.rack=row \3 sensitive=false`);
    });

    it("carries a record from producer to consumer", async () => {
      const { output } = await broker.run("kafka-topics", "--create", "--topic", "greetings");
      expect(output).toBe("Created topic greetings.");
      await broker.produce("greetings", "hello");
      expect(await broker.consume("greetings")).toEqual(["hello"]);
    });

    it("logs to the container's output at INFO", async () => {
      expect(await logs(broker.container)).toMatch(/^\[.*\] INFO .*Kafka Server started/m);
    });

    it("shuts down in good order when stopped", async () => {
      expect(await stop(broker.container)).toBe("143 false");
      expect(await logs(broker.container)).toMatch(/App info kafka\.server for 1 unregistered/);
    });

    it("refuses a volume that belongs to another cluster, naming both", async () => {
      const { exitCode, output } = await containers.run(imageOf(version), {
        env: { ...node, CLUSTER_ID: FOREIGN_CLUSTER_ID },
        options: ["--volume", `${volume}:/var/lib/kafka/data`],
      });
      expect(output).toContain(
        `belongs to cluster "${CLUSTER_ID}", but CLUSTER_ID is "${FOREIGN_CLUSTER_ID}"`,
      );
      expect(exitCode).toBe(1);
    });

    it("finds its records again when the container is replaced", async () => {
      await succeed(["rm", "--volumes", broker.container]);
      await startBroker({
        KAFKA_LOG4J_ROOT_LOGLEVEL: "ERROR",
        KAFKA_LOG4J_LOGGERS: "kafka.server.KafkaRaftServer=INFO",
      });
      expect(await broker.consume("greetings")).toEqual(["hello"]);
      expect(await logs(broker.container)).not.toContain("Formatting");
    });

    it("logs at the levels that were asked for", async () => {
      const lines = (await logs(broker.container)).split("\n");
      const informing = lines.filter((line) => line.includes(" INFO "));
      expect(informing).not.toEqual([]);
      expect(informing.filter((line) => !line.includes("(kafka.server.KafkaRaftServer)"))).toEqual(
        [],
      );
    });
  });
});

// One broker's life, in order: each test goes on from where the one before left it.
describe.each([
  { version: "3.9.1", zooKeeper: "3.8.4" },
  { version: "3.0.1", zooKeeper: "3.6.3" },
])(
  "kafka image $version with ZooKeeper $zooKeeper",
  { timeout: 120_000 },
  ({ version, zooKeeper }) => {
    const zooKeeperImage = `kafka-platform-kit/zookeeper:${zooKeeper}`;
    let containers: Containers;
    let broker: Broker;
    let zooKeeperContainer: string;
    let volumes: Readonly<Record<"broker" | "data" | "log", string>>;

    const startBroker = async () => {
      broker = await Broker.start(containers, version, SEED, volumes.broker);
    };

    const startZooKeeper = async () => {
      zooKeeperContainer = await containers.start("zookeeper", zooKeeperImage, {
        env: { ZOOKEEPER_CLIENT_PORT: "2181", ZOOKEEPER_TICK_TIME: "2000" },
        options: ["data", "log"].flatMap((kind) => [
          "--volume",
          `${volumes[kind as "data" | "log"]}:/var/lib/zookeeper/${kind}`,
        ]),
      });
    };

    const zooKeeperShell = async (...command: readonly string[]) => {
      const { output } = await exec(
        zooKeeperContainer,
        "zookeeper-shell",
        "localhost:2181",
        ...command,
      );
      return output;
    };

    beforeAll(async () => {
      containers = await Containers.create("kafka-zookeeper", [imageOf(version), zooKeeperImage]);
      volumes = {
        broker: await containers.volume("broker"),
        data: await containers.volume("zookeeper-data"),
        log: await containers.volume("zookeeper-log"),
      };
    });

    afterAll(async () => {
      await containers.remove();
    });

    it("waits for a ZooKeeper that comes later", async () => {
      await startBroker();
      await startZooKeeper();
      await broker.ready();
      expect(await logs(broker.container)).toContain("[KafkaServer id=1] started");
    });

    it("has its classes from the archive of the image", async () => {
      // Kafka 3.9.1 was trained without ZooKeeper.
      const least = version === "3.9.1" ? 0.6 : 0.9;
      expect(await shareOfArchive(broker.container)).toBeGreaterThan(least);
    });

    it("registers with ZooKeeper what it advertises", async () => {
      const registration = (await zooKeeperShell("get", "/brokers/ids/1")).split("\n").at(-1);
      expect(JSON.parse(registration ?? "")).toMatchObject({
        endpoints: ["PLAINTEXT://broker:29092", "PLAINTEXT_HOST://localhost:9092"],
        jmx_port: 9101,
      });
    });

    it("answers on the JMX port that it publishes", async () => {
      expect(await commandLine(broker.container)).toEqual(
        expect.arrayContaining([
          "-Dcom.sun.management.jmxremote.port=9101",
          "-Dcom.sun.management.jmxremote.rmi.port=9101",
          "-Djava.rmi.server.hostname=localhost",
        ]),
      );
      const { exitCode } = await exec(broker.container, "bash", "-c", "</dev/tcp/127.0.0.1/9101");
      expect(exitCode).toBe(0);
    });

    it("carries a record from producer to consumer", async () => {
      const { output } = await broker.run("kafka-topics", "--create", "--topic", "greetings");
      expect(output).toBe("Created topic greetings.");
      await broker.produce("greetings", "hello");
      expect(await broker.consume("greetings")).toEqual(["hello"]);
    });

    it("shuts down in good order when stopped, and is gone from ZooKeeper", async () => {
      expect(await stop(broker.container)).toBe("143 false");
      expect(await logs(broker.container)).toMatch(/App info kafka\.server for 1 unregistered/);
      expect((await zooKeeperShell("ls", "/brokers/ids")).split("\n").at(-1)).toBe("[]");
    });

    it("finds its records again when both containers are replaced", async () => {
      await succeed(["rm", "--force", "--volumes", broker.container, zooKeeperContainer]);
      await startZooKeeper();
      await startBroker();
      await broker.ready();
      expect(await broker.consume("greetings")).toEqual(["hello"]);
    });
  },
);

const MIRROR = "org.apache.kafka.connect.mirror.MirrorSourceConnector";
const FILE = "org.apache.kafka.connect.file.FileStreamSourceConnector";

/** Writes its properties from a variable, then becomes the worker: as it is done with apache/kafka. */
const START_WORKER = [
  "bash",
  "-c",
  `printf '%s\\n' "$CONNECT_PROPERTIES" > /tmp/connect.properties && exec /opt/kafka/bin/connect-distributed.sh /tmp/connect.properties`,
];

// One worker's life, in order: each test goes on from where the one before left it.
describe.each(["4.1.1", "3.9.1", "3.0.1"])(
  "kafka image %s as a worker of Connect",
  { timeout: 120_000 },
  (version) => {
    const withZooKeeper = version === "3.0.1";
    const zooKeeperImage = "kafka-platform-kit/zookeeper:3.6.3";
    let containers: Containers;
    let broker: Broker;
    let worker: string;
    let url: string;

    const call = async (method: string, path: string, body?: unknown) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { "Content-Type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await response.text();
      return { status: response.status, text };
    };

    /** Polls a GET until it is answered as wanted. */
    const awaitAnswer = (path: string, wanted: (status: number, text: string) => boolean) =>
      eventually(`GET ${path}`, worker, async () => {
        try {
          const { status, text } = await call("GET", path);
          return { exitCode: wanted(status, text) ? 0 : 1, output: text };
        } catch (error) {
          return { exitCode: 1, output: String(error) };
        }
      });

    const serves = async () => {
      url = `http://${await succeed(["port", worker, "8083"])}`;
      await awaitAnswer("/connectors", (status) => status === 200);
    };

    const running = (connector: string) =>
      awaitAnswer(
        `/connectors/${connector}/status`,
        // The connector and its one task.
        (status, text) => status === 200 && text.split('"RUNNING"').length === 3,
      );

    beforeAll(async () => {
      const images = [imageOf(version), ...(withZooKeeper ? [zooKeeperImage] : [])];
      containers = await Containers.create("kafka-connect", images);
      if (withZooKeeper) {
        const env = { ZOOKEEPER_CLIENT_PORT: "2181" };
        await containers.start("zookeeper", zooKeeperImage, { env });
      }
      broker = await Broker.start(
        containers,
        version,
        withZooKeeper
          ? without(
              {
                ...SEED,
                KAFKA_LISTENERS: "PLAINTEXT://:19092",
                KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://broker:19092",
              },
              "KAFKA_JMX_PORT",
            )
          : combinedNode("broker"),
        await containers.volume("data"),
      );
      await broker.ready();
      worker = await containers.start("connect", imageOf(version), {
        env: {
          CONNECT_PROPERTIES: [
            ...CONNECT_WORKER,
            `plugin.path=/opt/kafka/libs/connect-file-${version}.jar`,
            // As the kit has it, for those that know it.
            ...(version === "3.0.1" ? [] : ["plugin.discovery=service_load"]),
          ].join("\n"),
          KAFKA_HEAP_OPTS: "-Xmx256M",
          KAFKA_OPTS: `-Dkit.test=1 -Xshare:on ${TELL_CLASSES}`,
        },
        options: ["--memory", "512m", "--publish", "127.0.0.1::8083"],
        command: START_WORKER,
      });
      await serves();
    });

    afterAll(async () => {
      await containers.remove();
    });

    it("runs the JVM as process 1, with the options given", async () => {
      expect(await commandLine(worker)).toEqual(
        expect.arrayContaining(["java", "-Xmx256M", "-Dkit.test=1"]),
      );
    });

    it("has its classes from the archive of the image", async () => {
      expect(await shareOfArchive(worker)).toBeGreaterThan(0.9);
    });

    it("takes its properties from the file that it is given", async () => {
      const { text } = await call("GET", "/");
      expect(JSON.parse(text)).toMatchObject({ version });
      const { output } = await broker.run("kafka-topics", "--list");
      expect(output.split("\n")).toEqual(
        expect.arrayContaining(["connect-config", "connect-offset", "connect-status"]),
      );
    });

    it("has the mirror connectors by itself and the file connectors by plugin.path", async () => {
      const { text } = await call("GET", "/connector-plugins");
      const plugins = (JSON.parse(text) as { class: string }[]).map((plugin) => plugin.class);
      expect(plugins).toEqual(expect.arrayContaining([MIRROR, FILE]));
    });

    it("carries the lines of a file to a topic", async () => {
      await exec(worker, "bash", "-c", "echo hello > /tmp/lines");
      const made = await call("PUT", "/connectors/lines/config", {
        "connector.class": FILE,
        file: "/tmp/lines",
        topic: "lines",
      });
      expect(made).toMatchObject({ status: 201 });
      await running("lines");
      expect(await broker.consume("lines")).toEqual(["hello"]);
    });

    it("mirrors a topic of its own cluster", async () => {
      const bytes = "org.apache.kafka.connect.converters.ByteArrayConverter";
      const made = await call("PUT", "/connectors/mirror/config", {
        "connector.class": MIRROR,
        "source.cluster.alias": "mirror",
        "target.cluster.alias": "self",
        "source.cluster.bootstrap.servers": "broker:19092",
        "target.cluster.bootstrap.servers": "broker:19092",
        topics: "lines",
        "replication.factor": "1",
        "offset-syncs.topic.replication.factor": "1",
        "key.converter": bytes,
        "value.converter": bytes,
      });
      expect(made).toMatchObject({ status: 201 });
      await running("mirror");
      expect(await broker.consume("mirror.lines")).toEqual(["hello"]);
    });

    it("says in its log which connector a line is about", async () => {
      expect(await logs(worker)).toMatch(/^\[.*\] INFO \[mirror\|worker\] /m);
    });

    it("shuts down in good order when stopped", async () => {
      expect(await stop(worker)).toBe("143 false");
      expect(await logs(worker)).toMatch(/INFO Kafka Connect stopped \(/);
    });

    it("goes on with its connectors when it is started again", async () => {
      await succeed(["start", worker]);
      await serves();
      await running("lines");
      await exec(worker, "bash", "-c", "echo again >> /tmp/lines");
      expect(await broker.consume("mirror.lines", 2)).toEqual(["hello", "again"]);
    });
  },
);
