import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";

/** Variables of a container. */
export type Env = Readonly<Record<string, string>>;

/** How a docker command ended. */
export interface Result {
  readonly exitCode: number | undefined;
  /** Both streams, in an order that is only nearly the one they came in. */
  readonly output: string;
  /** The lines of standard output alone. */
  readonly printed: readonly string[];
}

/** What a container is started with beside its image. */
export interface Start {
  readonly env?: Env;
  /** Options of `docker run`. */
  readonly options?: readonly string[];
  /** In place of the image's own. */
  readonly command?: readonly string[];
}

/** Containers on this machine's engine, to judge an image from outside; {@link remove} leaves nothing of them. */
export class Containers {
  /**
   * Makes a network for them.
   *
   * @param title what they are for, as a part of names
   * @param images that they need; the first missing one is an error
   */
  static async create(title: string, images: readonly string[]): Promise<Containers> {
    for (const image of images) {
      const found = await docker(["image", "inspect", image]);
      if (found.exitCode !== 0) {
        throw new Error(`no image ${image}; build it as images/README.md says\n${found.output}`);
      }
    }
    const containers = new Containers(`${title}-${randomBytes(4).toString("hex")}`);
    await succeed(["network", "create", "--label", containers.label, containers.prefix]);
    return containers;
  }

  /** What all names begin with; the network has it as its name. */
  readonly prefix: string;
  private readonly label: string;

  private constructor(prefix: string) {
    this.prefix = prefix;
    this.label = `kafka-platform-kit.environment=${prefix}`;
  }

  /** Runs a container to its end. */
  async run(image: string, { env = {}, options = [], command = [] }: Start = {}): Promise<Result> {
    return docker(["run", "--rm", ...this.args(env, options), image, ...command]);
  }

  /**
   * Starts a container, which the others reach by the name given.
   *
   * @returns its full name
   */
  async start(name: string, image: string, start: Start = {}): Promise<string> {
    const { env = {}, options = [], command = [] } = start;
    const container = `${this.prefix}-${name}`;
    const names = ["--name", container, "--hostname", name, "--network-alias", name];
    const args = this.args(env, ["--network", this.prefix, ...names, ...options]);
    await succeed(["run", "--detach", ...args, image, ...command]);
    return container;
  }

  /**
   * Makes a volume.
   *
   * @returns its name
   */
  async volume(name: string): Promise<string> {
    return succeed(["volume", "create", "--label", this.label, `${this.prefix}-${name}`]);
  }

  /** Removes containers, volumes and the network. */
  async remove(): Promise<void> {
    const filter = ["--quiet", "--filter", `label=${this.label}`];
    const containers = await succeed(["ps", "--all", ...filter]);
    if (containers !== "") {
      // Those that end by themselves go by themselves meanwhile.
      await docker(["rm", "--force", "--volumes", ...containers.split("\n")]);
    }
    const volumes = await succeed(["volume", "ls", ...filter]);
    if (volumes !== "") await succeed(["volume", "rm", ...volumes.split("\n")]);
    await succeed(["network", "rm", this.prefix]);
  }

  private args(env: Env, options: readonly string[]): string[] {
    const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    return ["--label", this.label, ...variables, ...options];
  }
}

/** Runs a docker command; its failure is a result. */
async function docker(args: readonly string[], input = ""): Promise<Result> {
  const { exitCode, all, stdout } = await execa("docker", args, {
    all: true,
    input,
    reject: false,
    timeout: 60_000,
  });
  return { exitCode, output: all, printed: stdout.split("\n") };
}

/** Runs a docker command that must succeed, and returns what it printed. */
export async function succeed(args: readonly string[], input = ""): Promise<string> {
  const { exitCode, output } = await docker(args, input);
  if (exitCode !== 0) {
    throw new Error(`docker ${args.join(" ")} exited with ${exitCode}:\n${output}`);
  }
  return output;
}

/** Runs a command in a container that runs. */
export async function exec(container: string, ...command: readonly string[]): Promise<Result> {
  return docker(["exec", container, ...command]);
}

/** What a container has printed. */
export async function logs(container: string): Promise<string> {
  return (await docker(["logs", container])).output;
}

/** Option of a JVM that has it say where each class comes from, for {@link shareOfArchive}. */
export const TELL_CLASSES = "-Xlog:class+load:file=/tmp/classes.%p";

/** How many of the classes that a container's first process loaded were in an archive, from 0 to 1. It runs with {@link TELL_CLASSES}. */
export async function shareOfArchive(container: string): Promise<number> {
  const { output } = await exec(container, "cat", "/tmp/classes.1");
  // Not those that are made up at run time: proxies of lambdas, accessors.
  const sources = [...output.matchAll(/ source: (shared objects file|jrt:|file:|jar:)/g)];
  const archived = sources.filter(([, source]) => source === "shared objects file");
  return archived.length / sources.length;
}

/** Command line of a container's first process, a part a line. */
export async function commandLine(container: string): Promise<string[]> {
  const { output } = await exec(container, "bash", "-c", "tr '\\0' '\\n' < /proc/1/cmdline");
  return output.split("\n");
}

/**
 * Stops a container, in order if it takes less than half a minute.
 *
 * @returns exit code, and whether its memory was at an end
 */
export async function stop(container: string): Promise<string> {
  await succeed(["stop", "--time", "30", container]);
  return succeed(["inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", container]);
}

/** Polls `attempt` until it succeeds, and gives up at the deadline or when the container has died. */
export async function eventually(
  what: string,
  container: string,
  attempt: () => Promise<Pick<Result, "exitCode" | "output">>,
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
    await sleep(200);
  }
}

async function isRunning(container: string): Promise<boolean> {
  return (await docker(["inspect", "--format", "{{.State.Running}}", container])).output === "true";
}

/** Variables less some. */
export function without(env: Env, ...names: readonly string[]): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

/** Settings that an image must refuse, in a line that says why. */
export interface Refusal {
  readonly what: string;
  readonly env: Env;
  readonly message: string;
}

/** A Kafka that is broker and controller at once; `host` is the name that others reach it by. */
export function combinedNode(host: string): Env {
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
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "1",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    KAFKA_HEAP_OPTS: "-Xmx256M",
  };
}

/** A worker of Connect beside a broker called `broker`, which it has to itself: its properties, a line each. */
export const CONNECT_WORKER: readonly string[] = [
  "bootstrap.servers=broker:19092",
  "group.id=connect",
  "key.converter=org.apache.kafka.connect.storage.StringConverter",
  "value.converter=org.apache.kafka.connect.storage.StringConverter",
  ...["config", "offset", "status"].flatMap((kind) => [
    `${kind}.storage.topic=connect-${kind}`,
    `${kind}.storage.replication.factor=1`,
  ]),
  "offset.storage.partitions=1",
  "status.storage.partitions=1",
  "listeners=http://0.0.0.0:8083",
];

/** Of {@link combinedNode}. */
export const CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw";
