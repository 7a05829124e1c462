import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { SecurityProtocol } from "../../doctor/report.ts";
import { makeCertificate } from "./certificates.ts";
import { Containers, eventually, exec, succeed, type Env } from "./containers.ts";
import { offsetsLog } from "./offsets-log.ts";
import { Strangers } from "./strangers.ts";

const [NEW, MIDDLE, OLD] = ["4.1.1", "3.9.1", "3.0.1"].map(
  (version) => `kafka-platform-kit/kafka:${version}`,
) as [string, string, string];
const ZOOKEEPER = "kafka-platform-kit/zookeeper:3.8.4";
const JAVA = "kafka-platform-kit/java:17";

/** As KRaft wants them: 16 bytes in base64. */
export const CLUSTER_IDS = {
  one: "b25lLW9uZS1vbmUtb25lLQ",
  three: "dGhyZWUtdGhyZWUtdGhyZQ",
  foreign: "Zm9yZWlnbi1mb3JlaWduLQ",
} as const;

/** A name that no name server may know, by RFC 2606. */
export const NO_SUCH_HOST = "kafka.no-such-host.invalid";

/** A way into a broker, by the name of its listener. */
interface Way {
  readonly port: number;
  /** `host:port` that clients are sent to. */
  readonly advertised: string;
  /** @default PLAINTEXT */
  readonly protocol?: SecurityProtocol;
}

type Ways = Readonly<Record<string, Way>>;

const SMALL: Env = {
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
  KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "1",
  KAFKA_HEAP_OPTS: "-Xmx256M -Xms128M",
};

/**
 * Makes the properties file of the variables that Bitnami's image calls so, as that image does, and starts Kafka from
 * its jars. No line of the kit's runs there.
 */
const FOREIGN_START = `
set -e
env | sed -n 's/^KAFKA_CFG_//p' | while IFS='=' read -r name value; do
  name=\${name,,}
  printf '%s=%s\\n' "\${name//_/.}" "$value"
done > /tmp/server.properties
java -Xmx128M -cp '/jars/*' kafka.tools.StorageTool format --cluster-id "$KAFKA_KRAFT_CLUSTER_ID" --config /tmp/server.properties
exec java -Xmx256M -cp '/jars/*' kafka.Kafka /tmp/server.properties
`;

/**
 * Four clusters with many ways in, each of which is right or wrong in one way; servers that are no Kafka; and a machine
 * that is none of theirs. What is published is so on the loopback and on the gateway of the lab's own Docker network,
 * which is the address that this machine has for others.
 */
export class FaultLab {
  static async create(): Promise<FaultLab> {
    const containers = await Containers.create("doctor", [NEW, MIDDLE, OLD, ZOOKEEPER, JAVA]);
    const lab = new FaultLab(containers, await freePorts(50));
    try {
      await lab.#start();
      return lab;
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  /** Servers that are no Kafka. */
  readonly strangers = new Strangers();
  /** A Docker network that only broker `one` is on as well. */
  readonly otherNetwork: string;
  readonly #containers: Containers;
  readonly #free: number[];
  readonly #ports = new Map<string, number>();
  #gateway = "";
  #hasOtherNetwork = false;

  private constructor(containers: Containers, free: readonly number[]) {
    this.#containers = containers;
    this.#free = [...free];
    this.otherNetwork = `${containers.prefix}-other`;
    for (const name of ["nobody", "dropped", "slow", "relay", "old-host"]) this.#allot(name);
  }

  /** The Docker network that all of it is on. */
  get network(): string {
    return this.#containers.prefix;
  }

  /** The full name of a container. */
  container(name: string): string {
    return `${this.#containers.prefix}-${name}`;
  }

  /** A port by what it is for, such as `one-host`; the same inside and outside of its container. */
  port(name: string): number {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`the lab has no port for "${name}"`);
    return port;
  }

  /** That port as programs on this machine reach it. */
  local(name: string): string {
    return `localhost:${this.port(name)}`;
  }

  /** That port as other machines reach it. */
  lan(name: string): string {
    return `${this.#gateway}:${this.port(name)}`;
  }

  /** What runs a command on the machine that is none of the brokers'. */
  async elsewhere(): Promise<string[]> {
    const inspect = ["inspect", "--format", "{{.State.Pid}}", this.container("elsewhere")];
    return ["nsenter", `--net=/proc/${await succeed(inspect)}/ns/net`];
  }

  async stop(name: string): Promise<void> {
    await succeed(["stop", "--time", "30", this.container(name)]);
  }

  async startAgain(name: string): Promise<void> {
    await succeed(["start", this.container(name)]);
  }

  /** Kills a container, which has nothing to lose. */
  async kill(name: string): Promise<void> {
    await succeed(["kill", this.container(name)]);
  }

  /**
   * Gives a broker of the three that is stopped so much of consumer groups to read at its next start that it is at it
   * for minutes.
   */
  async burden(name: string): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "kafka-platform-kit-offsets-"));
    try {
      chmodSync(folder, 0o755); // the image's user reads it
      const file = "00000000000000000000.log";
      writeFileSync(join(folder, file), offsetsLog(20_000, 50_000));
      const { exitCode, output } = await this.#containers.run(MIDDLE, {
        options: [`--volumes-from=${this.container(name)}`, `--volume=${folder}:/burden:ro`],
        command: ["cp", `/burden/${file}`, "/var/lib/kafka/data/__consumer_offsets-0/"],
      });
      if (exitCode !== 0) throw new Error(`${name} was not burdened: ${output}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Removes all of it. */
  async remove(): Promise<void> {
    await this.strangers.close();
    await this.#containers.remove();
    if (this.#hasOtherNetwork) await succeed(["network", "rm", this.otherNetwork]);
  }

  #allot(name: string): number {
    const port = this.#free.shift();
    if (port === undefined) throw new Error("the lab needs more ports");
    this.#ports.set(name, port);
    return port;
  }

  async #start(): Promise<void> {
    this.#gateway = await succeed([
      ...["network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", this.network],
    ]);
    // All of them come to an end, so that nothing starts any more once one has failed.
    const started = await Promise.allSettled([
      this.#startOne(),
      this.#startThree(),
      this.#startOld(),
      this.#startForeign(),
      this.#startElsewhere(),
    ]);
    for (const each of started) if (each.status === "rejected") throw each.reason;
    await this.strangers.relay(this.port("relay"), this.port("one-relayed"), 1500);
    await this.#ready();
  }

  /** One broker that is its own controller, where each listener has a fault of its own. */
  async #startOne(): Promise<void> {
    const year = new Date().getFullYear();
    const [valid, expired, early] = await Promise.all([
      makeCertificate(year - 1, year + 2),
      makeCertificate(year - 3, year - 1),
      makeCertificate(year + 2, year + 4),
    ]);
    const controller = this.#allot("one-controller");
    const way = (name: string, protocol: SecurityProtocol, advertised?: string): Way => {
      const port = this.#allot(name);
      return { port, protocol, advertised: advertised ?? `localhost:${port}` };
    };
    const plain = (name: string, advertised?: string): Way => way(name, "PLAINTEXT", advertised);
    const [network, lan] = [plain("one-network"), plain("one-lan")];
    const ways: Ways = {
      NETWORK: { ...network, advertised: `one:${network.port}` },
      LAN: { ...lan, advertised: this.lan("one-lan") },
      HOST: plain("one-host"),
      NAMELESS: plain("one-nameless", `${NO_SUCH_HOST}:9092`),
      REFUSED: plain("one-refused", this.local("nobody")),
      DROPPED: plain("one-dropped", this.lan("dropped")),
      ASTRAY: plain("one-astray", this.local("old-host")),
      RELAYED: plain("one-relayed", this.local("relay")),
      FAR: plain("one-far", this.lan("slow")),
      SECURE: way("one-secure", "SSL"),
      CROSSED: plain("one-crossed", this.local("one-secure")),
      EXPIRED: way("one-expired", "SSL"),
      EARLY: way("one-early", "SSL"),
      LOGIN: way("one-login", "SASL_PLAINTEXT"),
      SECRET: way("one-secret", "SASL_SSL"),
    };
    const keys = { SECURE: valid, SECRET: valid, EXPIRED: expired, EARLY: early };
    const { KAFKA_LISTENERS, ...settings } = listeners(ways, true);
    await this.#containers.start("one", NEW, {
      env: {
        ...SMALL,
        ...settings,
        CLUSTER_ID: CLUSTER_IDS.one,
        KAFKA_NODE_ID: "1",
        KAFKA_PROCESS_ROLES: "broker,controller",
        KAFKA_LISTENERS: `${KAFKA_LISTENERS},CONTROLLER://0.0.0.0:${controller}`,
        KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
        KAFKA_CONTROLLER_QUORUM_VOTERS: `1@localhost:${controller}`,
        ...Object.fromEntries(
          Object.entries(keys).flatMap(([name, { key, chain }]) => [
            [`KAFKA_LISTENER_NAME_${name}_SSL_KEYSTORE_TYPE`, "PEM"],
            [`KAFKA_LISTENER_NAME_${name}_SSL_KEYSTORE_KEY`, key],
            [`KAFKA_LISTENER_NAME_${name}_SSL_KEYSTORE_CERTIFICATE_CHAIN`, chain],
          ]),
        ),
        ...logins("LOGIN"),
        ...logins("SECRET"),
      },
      // Another port leads to the last listener too, by a way that is slow from the machine elsewhere.
      options: [
        ...this.#published(controller, ...Object.values(ways).map(({ port }) => port)),
        `--publish=${this.#gateway}:${this.port("slow")}:${this.port("one-far")}`,
      ],
    });
    const label = `kafka-platform-kit.environment=${this.network}`;
    await succeed(["network", "create", "--label", label, this.otherNetwork]);
    this.#hasOtherNetwork = true;
    const alias = ["--alias", "one"];
    await succeed(["network", "connect", ...alias, this.otherNetwork, this.container("one")]);
  }

  /** Three brokers with a controller of their own, where a fault takes several of them. */
  async #startThree(): Promise<void> {
    const controller = this.#allot("three-controller");
    const common = {
      ...SMALL,
      CLUSTER_ID: CLUSTER_IDS.three,
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_CONTROLLER_QUORUM_VOTERS: `101@three-controller:${controller}`,
    };
    const ids = [1, 2, 3];
    for (const id of ids) {
      for (const name of ["host", "swapped", "shared", "odd"]) this.#allot(`three-${id}-${name}`);
    }
    await this.#containers.start("three-controller", MIDDLE, {
      env: {
        ...common,
        KAFKA_NODE_ID: "101",
        KAFKA_PROCESS_ROLES: "controller",
        KAFKA_LISTENERS: `CONTROLLER://three-controller:${controller}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT",
      },
      options: this.#published(controller),
    });
    for (const id of ids) {
      const way = (name: string, leadsTo: string): Way => ({
        port: this.port(`three-${id}-${name}`),
        advertised: this.local(leadsTo),
      });
      const ways: Ways = {
        NETWORK: { port: 9092, advertised: `three-${id}:9092` },
        HOST: way("host", `three-${id}-host`),
        SWAPPED: way("swapped", `three-${id === 3 ? 3 : 3 - id}-swapped`),
        SHARED: way("shared", `three-${id === 3 ? 3 : 1}-shared`),
        ODD: way("odd", id === 3 ? "nobody" : `three-${id}-odd`),
      };
      const published = ["host", "swapped", "shared", "odd"].map((name) =>
        this.port(`three-${id}-${name}`),
      );
      await this.#containers.start(`three-${id}`, MIDDLE, {
        env: {
          ...common,
          ...listeners(ways, true),
          KAFKA_NODE_ID: String(id),
          KAFKA_PROCESS_ROLES: "broker",
        },
        options: this.#published(...published),
      });
    }
  }

  /** A broker with ZooKeeper. */
  async #startOld(): Promise<void> {
    const zookeeper = this.#allot("zookeeper");
    const host = this.port("old-host");
    await this.#containers.start("zookeeper", ZOOKEEPER, {
      env: { ZOOKEEPER_CLIENT_PORT: String(zookeeper), KAFKA_HEAP_OPTS: "-Xmx128M" },
      options: this.#published(zookeeper),
    });
    const ways: Ways = {
      NETWORK: { port: 9092, advertised: "old:9092" },
      HOST: { port: host, advertised: `localhost:${host}` },
    };
    await this.#containers.start("old", OLD, {
      env: {
        ...SMALL,
        ...listeners(ways, false),
        KAFKA_BROKER_ID: "1",
        KAFKA_ZOOKEEPER_CONNECT: `zookeeper:${zookeeper}`,
      },
      options: this.#published(host),
    });
  }

  /** A broker that others configured: their variables, their start, and nothing of the kit's but Kafka's own jars. */
  async #startForeign(): Promise<void> {
    const [host, lan] = [this.#allot("foreign-host"), this.#allot("foreign-lan")];
    const jars = await this.#containers.volume("jars");
    // A new volume takes over what the image has there.
    const filled = await this.#containers.run(NEW, {
      options: ["--volume", `${jars}:/usr/share/java/kafka`],
      command: ["true"],
    });
    if (filled.exitCode !== 0) throw new Error(`no jars: ${filled.output}`);
    await this.#containers.start("foreign", JAVA, {
      env: {
        KAFKA_KRAFT_CLUSTER_ID: CLUSTER_IDS.foreign,
        KAFKA_CFG_NODE_ID: "0",
        KAFKA_CFG_PROCESS_ROLES: "controller,broker",
        KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: "0@localhost:9093",
        KAFKA_CFG_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
        KAFKA_CFG_LISTENERS: `PLAINTEXT://:9092,CONTROLLER://:9093,EXTERNAL://:${host},LAN://:${lan}`,
        KAFKA_CFG_ADVERTISED_LISTENERS: `PLAINTEXT://foreign:9092,EXTERNAL://localhost:${host},LAN://kafka.lan:${lan}`,
        KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP:
          "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,EXTERNAL:PLAINTEXT,LAN:PLAINTEXT",
        KAFKA_CFG_INTER_BROKER_LISTENER_NAME: "PLAINTEXT",
        KAFKA_CFG_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
        KAFKA_CFG_LOG_DIRS: "/tmp/kafka-logs",
      },
      options: [`--volume=${jars}:/jars:ro`, ...this.#published(host, lan)],
      command: ["bash", "-c", FOREIGN_START],
    });
  }

  /** A machine that only shares a cable with this one: a loopback of its own, and none of Docker's names. */
  async #startElsewhere(): Promise<void> {
    await this.#containers.start("elsewhere", JAVA, { command: ["sleep", "infinity"] });
    const [nsenter = "", net = ""] = await this.elsewhere();
    const drop = async (port: string, ...some: string[]): Promise<void> => {
      const syn = ["-p", "tcp", "--syn", "--dport", String(this.port(port)), ...some];
      await execa(nsenter, [net, "iptables", "-A", "OUTPUT", ...syn, "-j", "DROP"]);
    };
    await drop("dropped");
    // Each connection takes a second attempt, which comes after a second.
    await drop("slow", "-m", "statistic", "--mode", "nth", "--every", "2", "--packet", "0");
  }

  #published(...ports: readonly number[]): string[] {
    const on = ["127.0.0.1", this.#gateway];
    return [
      "--memory=768m",
      ...ports.flatMap((port) => on.map((ip) => `-p=${ip}:${port}:${port}`)),
    ];
  }

  async #ready(): Promise<void> {
    const topics = async (from: string, bootstrap: string, ...args: string[]): Promise<void> => {
      await eventually("kafka-topics", this.container(from), () =>
        exec(this.container(from), "kafka-topics", "--bootstrap-server", bootstrap, ...args),
      );
    };
    // Only broker 3 keeps the consumer groups.
    const offsets = ["--create", "--if-not-exists", "--topic", "__consumer_offsets"];
    await Promise.all([
      topics("one", `one:${this.port("one-network")}`, "--list"),
      topics("old", "old:9092", "--list"),
      topics("one", "foreign:9092", "--list"),
      topics("three-1", "three-3:9092", ...offsets, "--replica-assignment", "3"),
    ]);
  }
}

/** The settings for some ways in, in the words of cp-kafka. */
function listeners(ways: Ways, kraft: boolean) {
  const all = Object.entries(ways);
  const protocols = all.map(([name, { protocol = "PLAINTEXT" }]) => `${name}:${protocol}`);
  return {
    KAFKA_LISTENERS: all.map(([name, { port }]) => `${name}://0.0.0.0:${port}`).join(),
    KAFKA_ADVERTISED_LISTENERS: all.map(([name, way]) => `${name}://${way.advertised}`).join(),
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: [
      ...protocols,
      ...(kraft ? ["CONTROLLER:PLAINTEXT"] : []),
    ].join(),
    KAFKA_INTER_BROKER_LISTENER_NAME: "NETWORK",
  };
}

/** What a listener needs on which clients log in. */
function logins(listener: string): Env {
  const modules = "org.apache.kafka.common.security";
  const prefix = `KAFKA_LISTENER_NAME_${listener}`;
  return {
    [`${prefix}_SASL_ENABLED_MECHANISMS`]: "PLAIN,SCRAM-SHA-256",
    [`${prefix}_PLAIN_SASL_JAAS_CONFIG`]: `${modules}.plain.PlainLoginModule required user_alice="wonderland";`,
    [`${prefix}_SCRAM___SHA___256_SASL_JAAS_CONFIG`]: `${modules}.scram.ScramLoginModule required;`,
  };
}

/** So many ports in a row that nobody uses, outside the range that clients get theirs from. */
async function freePorts(count: number): Promise<number[]> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports;
  }
  throw new Error(`no ${count} free ports in a row between 20000 and 30000`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
