import { randomBytes } from "node:crypto";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * The image is judged from outside, by what a container of it does: the same definitions are meant
 * to run on confluentinc/cp-kafka. Build the images first, see images/README.md.
 */

type Env = Readonly<Record<string, string>>;

interface Result {
  readonly exitCode: number | undefined;
  /** Both streams, in the order they came. */
  readonly output: string;
}

const CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw";
const FOREIGN_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk";
const COMMANDS = [
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
  "kafka-metadata-quorum",
  "kafka-producer-perf-test",
  "kafka-reassign-partitions",
  "kafka-run-class",
  "kafka-server-start",
  "kafka-storage",
  "kafka-topics",
  "kafka-verifiable-consumer",
  "kafka-verifiable-producer",
];

async function docker(args: readonly string[], input = ""): Promise<Result> {
  const { exitCode, all } = await execa("docker", args, {
    all: true,
    input,
    reject: false,
    timeout: 30_000,
  });
  return { exitCode, output: all };
}

async function succeed(args: readonly string[], input = ""): Promise<string> {
  const { exitCode, output } = await docker(args, input);
  if (exitCode !== 0) {
    throw new Error(`docker ${args.join(" ")} exited with ${exitCode}:\n${output}`);
  }
  return output;
}

async function logs(container: string): Promise<string> {
  return (await docker(["logs", container])).output;
}

async function isRunning(container: string): Promise<boolean> {
  return (await docker(["inspect", "--format", "{{.State.Running}}", container])).output === "true";
}

/** Polls `attempt` until it succeeds, and gives up at the deadline or when the container has died. */
async function eventually(
  what: string,
  container: string,
  attempt: () => Promise<Result>,
  seconds = 60,
): Promise<string> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const alive = await isRunning(container);
    const { exitCode, output } = await attempt();
    if (exitCode === 0) {
      return output;
    }
    if (!alive || Date.now() > deadline) {
      const reason = alive ? `not within ${seconds} s` : "the container has stopped";
      const tail = (await logs(container)).split("\n").slice(-30).join("\n");
      throw new Error(
        `${what} on ${container}: ${reason}\nlast answer: ${output}\nend of its log:\n${tail}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function environmentArgs(env: Env): string[] {
  return Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
}

/** A node that is broker and controller at once. */
function combinedNode(host: string): Env {
  return {
    CLUSTER_ID,
    KAFKA_NODE_ID: "1",
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_CONTROLLER_QUORUM_VOTERS: `1@${host}:9093`,
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_LISTENERS: `NETWORK://0.0.0.0:19092,CONTROLLER://${host}:9093`,
    KAFKA_ADVERTISED_LISTENERS: `NETWORK://${host}:19092`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,NETWORK:PLAINTEXT",
    KAFKA_INTER_BROKER_LISTENER_NAME: "NETWORK",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    KAFKA_HEAP_OPTS: "-Xmx256M",
  };
}

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

function without(env: Env, ...names: readonly string[]): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

interface Refusal {
  readonly what: string;
  readonly env: Env;
  readonly message: string;
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

describe.each(["4.1.1", "3.9.1"])("kafka image %s", { timeout: 60_000 }, (version) => {
  const image = `kafka-platform-kit/kafka:${version}`;
  const environment = `kafka-image-${version.replaceAll(".", "")}-${randomBytes(4).toString("hex")}`;
  const label = `kafka-platform-kit.environment=${environment}`;
  const broker = `${environment}-broker`;
  const volume = `${environment}-data`;
  const bootstrap = ["--bootstrap-server", `${broker}:19092`];

  /** Runs a container to its end. */
  const runOnce = (env: Env, options: readonly string[] = [], command: readonly string[] = []) =>
    docker(
      ["run", "--rm", "--label", label, ...environmentArgs(env), ...options, image].concat(command),
    );

  const startBroker = async (env: Env = {}) => {
    await succeed([
      "run",
      "--detach",
      "--name",
      broker,
      "--hostname",
      broker,
      "--label",
      label,
      "--memory",
      "768m",
      "--volume",
      `${volume}:/var/lib/kafka/data`,
      ...environmentArgs({ ...combinedNode(broker), ...env }),
      image,
    ]);
    await eventually("kafka-topics --list", broker, () =>
      exec("kafka-topics", ...bootstrap, "--list"),
    );
  };

  const exec = (...command: readonly string[]) => docker(["exec", broker, ...command]);

  const consume = async (topic: string) => {
    const { output } = await exec(
      "kafka-console-consumer",
      ...bootstrap,
      "--topic",
      topic,
      "--from-beginning",
      "--max-messages",
      "1",
      "--timeout-ms",
      "20000",
    );
    return output;
  };

  beforeAll(async () => {
    const found = await docker(["image", "inspect", image]);
    if (found.exitCode !== 0) {
      throw new Error(`no image ${image}; build it as images/README.md says\n${found.output}`);
    }
    await succeed(["volume", "create", "--label", label, volume]);
  });

  afterAll(async () => {
    const containers = await succeed(["ps", "--all", "--quiet", "--filter", `label=${label}`]);
    if (containers !== "") {
      await docker(["rm", "--force", "--volumes", ...containers.split("\n")]);
    }
    const volumes = await succeed(["volume", "ls", "--quiet", "--filter", `label=${label}`]);
    if (volumes !== "") {
      await succeed(["volume", "rm", ...volumes.split("\n")]);
    }
  });

  describe("before it starts", () => {
    it.each([...REFUSALS, ...(version.startsWith("3.") ? REFUSALS_OF_THREE : REFUSALS_OF_FOUR)])(
      "refuses $what",
      async ({ env, message }) => {
        const { exitCode, output } = await runOnce(env);
        expect(output).toContain(`error: `);
        expect(output).toContain(message);
        expect(exitCode).toBe(1);
      },
    );

    it("turns KAFKA_* variables into properties, save those for the image and the JVM", async () => {
      const { output } = await runOnce(
        {
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
        [],
        ["bash", "-c", "/etc/confluent/docker/configure && cat /etc/kafka/kafka.properties"],
      );
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
      const { output } = await runOnce(
        node,
        [],
        [
          "bash",
          "-c",
          "/etc/confluent/docker/configure && stat -c '%a %u' /etc/kafka/kafka.properties",
        ],
      );
      expect(output).toBe("600 1000");
    });

    it("has the usual commands", async () => {
      const { output } = await runOnce({}, [], ["bash", "-c", `command -v ${COMMANDS.join(" ")}`]);
      expect(output.split("\n")).toEqual(COMMANDS.map((command) => `/usr/bin/${command}`));
    });

    it("runs as uid and gid 1000, and owns a fresh volume", async () => {
      const { output } = await runOnce(
        {},
        [],
        ["bash", "-c", "echo $(id -u) $(id -g) $(stat -c '%u %g' /var/lib/kafka/data)"],
      );
      expect(output).toBe("1000 1000 1000 1000");
    });
  });

  it("starts as a controller only", async () => {
    const controller = `${environment}-controller`;
    await succeed([
      "run",
      "--detach",
      "--name",
      controller,
      "--hostname",
      controller,
      "--label",
      label,
      "--memory",
      "512m",
      ...environmentArgs(controllerNode(controller)),
      image,
    ]);
    await eventually("leader of its quorum", controller, () =>
      docker([
        "exec",
        controller,
        "kafka-metadata-quorum",
        "--bootstrap-controller",
        `${controller}:9093`,
        "describe",
        "--status",
      ]),
    );
    await succeed(["rm", "--force", "--volumes", controller]);
  });

  // One broker's life, in order: each test goes on from where the one before left it.
  describe("in service", () => {
    beforeAll(async () => {
      await startBroker({
        KAFKA_BROKER_RACK: String.raw`row \3`,
        KAFKA_JMX_PORT: "9999",
        KAFKA_JMX_HOSTNAME: "127.0.0.1",
        KAFKA_OPTS: "-Dkit.test=from-opts",
      });
    });

    it("formats an empty volume with the cluster id", async () => {
      const { output } = await exec("cat", "/var/lib/kafka/data/meta.properties");
      expect(output).toContain(`cluster.id=${CLUSTER_ID}`);
    });

    it("runs the JVM as process 1, with the options given", async () => {
      const { output } = await exec("bash", "-c", "tr '\\0' '\\n' < /proc/1/cmdline");
      expect(output.split("\n")).toEqual(
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
      expect(await exec("bash", "-c", "</dev/tcp/127.0.0.1/9999")).toEqual({
        exitCode: 0,
        output: "",
      });
      expect(await exec("kafka-topics", ...bootstrap, "--list")).toEqual({
        exitCode: 0,
        output: "",
      });
    });

    it("hands Kafka a value with a backslash unchanged", async () => {
      const { output } = await exec(
        "kafka-configs",
        ...bootstrap,
        "--entity-type",
        "brokers",
        "--entity-name",
        "1",
        "--describe",
        "--all",
      );
      expect(output).toContain(String.raw`broker.rack=row \3 sensitive=false`);
    });

    it("carries a record from producer to consumer", async () => {
      const topics = ["kafka-topics", ...bootstrap, "--create", "--topic", "greetings"];
      expect((await exec(...topics)).output).toBe("Created topic greetings.");
      const producer = ["kafka-console-producer", ...bootstrap, "--topic", "greetings"];
      await succeed(["exec", "--interactive", broker, ...producer], "hello\n");
      expect(await consume("greetings")).toContain("hello\n");
    });

    it("logs to the container's output at INFO", async () => {
      expect(await logs(broker)).toMatch(/^\[.*\] INFO .*Kafka Server started/m);
    });

    it("shuts down in good order when stopped", async () => {
      await succeed(["stop", "--time", "30", broker]);
      const state = ["inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", broker];
      expect(await succeed(state)).toBe("143 false");
      expect(await logs(broker)).toMatch(/App info kafka\.server for 1 unregistered/);
    });

    it("refuses a volume that belongs to another cluster, naming both", async () => {
      const { exitCode, output } = await runOnce({ ...node, CLUSTER_ID: FOREIGN_CLUSTER_ID }, [
        "--volume",
        `${volume}:/var/lib/kafka/data`,
      ]);
      expect(output).toContain(
        `belongs to cluster "${CLUSTER_ID}", but CLUSTER_ID is "${FOREIGN_CLUSTER_ID}"`,
      );
      expect(exitCode).toBe(1);
    });

    it("finds its records again when the container is replaced", async () => {
      await succeed(["rm", "--volumes", broker]);
      await startBroker({
        KAFKA_LOG4J_ROOT_LOGLEVEL: "ERROR",
        KAFKA_LOG4J_LOGGERS: "kafka.server.KafkaRaftServer=INFO",
      });
      expect(await consume("greetings")).toContain("hello\n");
      expect(await logs(broker)).not.toContain("Formatting");
    });

    it("logs at the levels that were asked for", async () => {
      const lines = (await logs(broker)).split("\n").filter((line) => line.includes(" INFO "));
      expect(lines).not.toEqual([]);
      expect(lines.filter((line) => !line.includes("(kafka.server.KafkaRaftServer)"))).toEqual([]);
    });
  });
});
