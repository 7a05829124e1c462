import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import { messageOf } from "./deadline.ts";

/** Marks what a run starts beside a platform, and for what, so that a crashed run's is recognizable. */
const ONE_OFF_LABEL = "kafka-platform-kit.one-off";

/** Where on the engine a platform is. */
interface Place {
  readonly docker?: { readonly network: string } | undefined;
  /** Of everything that belongs to it. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Longer than any run takes: what a killed run leaves behind removes itself. */
const ONE_OFF_SECONDS = 600;

/** A container that does nothing, and ends by itself. */
interface Idle {
  readonly name: string;
  /** What it is for. */
  readonly oneOff: "smoke" | "doctor";
  /** Id or tag; it must be there, and have bash. */
  readonly image: string;
  readonly network: string;
  /** `key=value` each. */
  readonly labels?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How long its start may take; 60 by default. */
  readonly seconds?: number;
}

/** Kafka's commands are JVMs with a broker's habits: these keep them small and without ports. */
const TOOL_ENV = {
  KAFKA_HEAP_OPTS: "-Xmx256M",
  KAFKA_OPTS: "",
  JMX_PORT: "",
  KAFKA_JMX_PORT: "",
  KAFKA_JMX_OPTS: "",
};

const LOG_LINES = 8;

/** What of a failed command tells the reason. */
interface Failure {
  readonly code?: string | undefined;
  readonly timedOut: boolean;
  readonly stderr: string;
  readonly shortMessage?: string | undefined;
}

/** A docker command that runs, its streams open. */
export interface Pipe extends PromiseLike<{ readonly exitCode?: number | undefined }> {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  kill(): boolean;
}

/** The `docker` command, speaking to the platform's engine. */
export class Docker {
  readonly #env: NodeJS.ProcessEnv;
  readonly #host: string | undefined;

  /** @param host the engine's address; undefined where none is known: there are no containers then */
  constructor(host: string | undefined) {
    this.#host = host;
    // Whatever the docker command would have meant by itself.
    this.#env = { DOCKER_HOST: host, DOCKER_CONTEXT: undefined };
  }

  /** Whether the engine is reached through a file of this machine. */
  get isLocal(): boolean {
    return /^(unix|npipe):/.test(this.#host ?? "");
  }

  /**
   * Runs a docker command and gives its standard output.
   *
   * @throws Error that names the command, the engine and what docker said
   */
  async run(args: readonly string[], { seconds = 20, detached = false } = {}): Promise<string> {
    return (await this.converse(args, "", seconds, detached)).stdout;
  }

  /**
   * The same with input, and with what the command said on the side.
   *
   * @param detached whether it goes on where a terminal's Ctrl-C ends the other programs
   */
  async converse(
    args: readonly string[],
    input: string,
    seconds: number,
    detached = false,
  ): Promise<{ readonly stdout: string; readonly stderr: string }> {
    if (this.#host === undefined) {
      throw new Error(`"docker ${args.slice(0, 2).join(" ")} …": no Docker engine is known`);
    }
    const result = await execa("docker", args, {
      env: this.#env,
      input,
      detached,
      cleanup: !detached,
      timeout: seconds * 1000,
      reject: false,
      stripFinalNewline: false,
      maxBuffer: 32 * 1024 * 1024,
    });
    if (result.failed) {
      throw new Error(
        `"docker ${args.slice(0, 2).join(" ")} …" on ${this.#host} failed: ${reasonOf(result, seconds)}`,
      );
    }
    return { stdout: result.stdout, stderr: result.stderr };
  }

  /** Runs one of Kafka's or ZooKeeper's commands in a container that runs a server of theirs. */
  async tool(container: string, command: readonly string[], seconds: number): Promise<string> {
    const env = environment(TOOL_ENV);
    return this.run(["exec", ...env, container, ...command], { seconds });
  }

  /** Starts a docker command whose streams carry bytes. */
  pipe(args: readonly string[]): Pipe {
    return execa("docker", args, {
      env: this.#env,
      stdin: "pipe",
      buffer: false,
      encoding: "buffer",
      reject: false,
    });
  }

  /** `running`, `exited` …; `undefined` when this engine cannot be asked, or lacks the container. */
  async stateOf(container: string | undefined): Promise<string | undefined> {
    if (container === undefined) return undefined;
    const inspect = ["container", "inspect", "--format", "{{.State.Status}}", container];
    const state = await this.run(inspect).catch(() => undefined);
    return state?.trim();
  }

  /** The image that a container runs, by its tag where it has one; `undefined` as above. */
  async imageOf(container: string): Promise<string | undefined> {
    const inspect = ["inspect", "--format"];
    try {
      const id = await this.run(["container", ...inspect, "{{.Image}}", container]);
      const tags = await this.run(["image", ...inspect, '{{join .RepoTags " "}}', id.trim()]);
      return tags.trim() === "" ? id.trim() : tags.trim();
    } catch {
      return undefined;
    }
  }

  /** State and last words of a container, for a failure's message; empty where none is known. */
  async lastWords(container: string | undefined): Promise<string> {
    if (container === undefined) return "";
    try {
      const state = await this.run([
        "container",
        "inspect",
        "--format",
        "{{.State.Status}}, restarted {{.RestartCount}} times, exit status {{.State.ExitCode}}",
        container,
      ]);
      // Both streams in one, which is what a shell is for.
      const { all } = await execa("docker", ["logs", "--tail", String(LOG_LINES), container], {
        env: this.#env,
        all: true,
        timeout: 20_000,
        reject: false,
      });
      return `container "${container}" is ${state.trim()}; the end of its log:\n${all.replace(/^/gm, "  ")}`;
    } catch (error) {
      return `container "${container}" has no log to show: ${messageOf(error)}`;
    }
  }

  /**
   * Starts an idle container beside a broker, from the broker's own image, that ends by itself.
   *
   * @returns its id
   */
  async startBeside(broker: string, place: Place, name: string): Promise<string> {
    const image = await this.run(["container", "inspect", "--format", "{{.Image}}", broker]);
    const { network } = place.docker ?? {};
    if (network === undefined) throw new Error("the outputs name no Docker network");
    return this.startIdle({
      name,
      oneOff: "smoke",
      image: image.trim(),
      network,
      labels: Object.entries(place.labels).map(([key, value]) => `${key}=${value}`),
      env: TOOL_ENV,
    });
  }

  /**
   * Starts an idle container from an image that is there.
   *
   * @returns its id
   */
  async startIdle(idle: Idle): Promise<string> {
    const { name, oneOff, image, network, labels = [], env = {}, seconds = 60 } = idle;
    const id = await this.run(
      [
        "run",
        "--detach",
        "--rm",
        "--pull=never",
        "--no-healthcheck",
        "--name",
        name,
        ...[...labels, `${ONE_OFF_LABEL}=${oneOff}`].flatMap((label) => ["--label", label]),
        "--network",
        network,
        ...environment(env),
        "--entrypoint",
        "bash",
        image,
        "-c",
        `exec sleep ${ONE_OFF_SECONDS}`,
      ],
      // One that is cut off may leave a container that never starts, nor ends.
      { seconds, detached: true },
    );
    return id.trim();
  }

  /** Removes a container with its anonymous volumes; one that is gone already is fine. */
  async remove(container: string): Promise<void> {
    const remove = ["rm", "--force", "--volumes", container];
    await this.run(remove, { seconds: 30, detached: true }).catch((error: unknown) => {
      if (!/no such container|already in progress/i.test(messageOf(error))) throw error;
    });
  }
}

function environment(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
}

function reasonOf(
  { code, timedOut, stderr, shortMessage }: Failure,
  seconds: number,
): string | undefined {
  if (code === "ENOENT") return 'there is no "docker" command on the PATH';
  if (timedOut) return `no end within ${seconds} s`;
  const said = stderr.replace(/^Run 'docker .*--help' for more information$/gm, "").trim();
  return said === "" ? shortMessage : said;
}
