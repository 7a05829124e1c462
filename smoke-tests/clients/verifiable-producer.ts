/** Kafka's own `kafka-verifiable-producer`: a Java client that says of each record whether it was acknowledged. */
import { createInterface } from "node:readline";
import type { Docker, Pipe } from "../../doctor/docker.ts";
import { within } from "../../doctor/deadline.ts";
import { toolComplaints } from "./console-tools.ts";
import { findTool } from "./tools.ts";

/** A record that the cluster has promised to keep. */
export interface Acknowledged {
  readonly value: string;
  readonly partition: number;
  readonly offset: number;
}

/** What one line of the command says. */
export type WriterLine =
  | { readonly is: "acknowledged"; readonly record: Acknowledged }
  | { readonly is: "refused"; readonly value: string; readonly why: string }
  /** Of its start, its end and its sums. */
  | { readonly is: "other" };

/** Reads one line of the command's output; undefined for what is none of its own. */
export function parseWriterLine(line: string): WriterLine | undefined {
  let said: Readonly<Record<string, unknown>>;
  try {
    said = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  switch (said["name"]) {
    case "producer_send_success":
      return {
        is: "acknowledged",
        record: {
          value: String(said["value"]),
          partition: Number(said["partition"]),
          offset: Number(said["offset"]),
        },
      };
    case "producer_send_error":
      return { is: "refused", value: String(said["value"]), why: String(said["message"]) };
    default:
      return { is: "other" };
  }
}

/**
 * What the writer is told. By itself the command tries each record only once. A client that is patient must get every
 * record in, since all that a lost broker costs is time.
 */
const SETTINGS = {
  retries: "2147483647",
  "enable.idempotence": "true",
  "linger.ms": "0",
  "request.timeout.ms": "10000",
  "delivery.timeout.ms": "90000",
  "max.block.ms": "90000",
};

/** How many keys the records have, so that they go to all partitions from the first. */
const KEYS = 60;

/** How many records a second: enough to be in the middle of it when the broker goes. */
const THROUGHPUT = 200;

/** In the writer's container, under the process that is to be stopped. */
const SCRIPT = `
printf '%s' "$1" > /tmp/writer.properties
echo $$ > /tmp/writer.pid
shift
exec "$@"
`;

/** How many lines of the command's log a failure may need. */
const LOG_LINES = 8;

/** What of a failed command's log tells why. */
interface Writing {
  readonly bootstrapServers: string;
  readonly topic: string;
  readonly acks: string;
}

/** Writes numbers, one after another, until it is stopped. */
export class VerifiableProducer {
  readonly #acknowledged: Acknowledged[] = [];
  readonly #refused: string[] = [];
  readonly #docker: Docker;
  readonly #container: string;
  readonly #pipe: Pipe;
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #gap = 0;
  #last: number | undefined;
  #log = "";
  #watch: () => void = () => {};

  private constructor(docker: Docker, container: string, pipe: Pipe) {
    this.#docker = docker;
    this.#container = container;
    this.#pipe = pipe;
    pipe.stderr.on("data", (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString("utf8")).slice(-16_384);
    });
    const lines = createInterface({ input: pipe.stdout });
    lines.on("line", (line) => this.#take(line));
    this.#ended = new Promise((resolve) => {
      lines.on("close", () => {
        this.#hasEnded = true;
        this.#watch();
        resolve();
      });
    });
  }

  /** @param container where it runs, on the network of the brokers */
  static async start(
    docker: Docker,
    container: string,
    { bootstrapServers, topic, acks }: Writing,
  ): Promise<VerifiableProducer> {
    const tool = await findTool(docker, container, "kafka-verifiable-producer");
    const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}\n`);
    const pipe = docker.pipe([
      ...["exec", container, "bash", "-c", SCRIPT, "bash", settings.join("")],
      ...[tool, "--bootstrap-server", bootstrapServers, "--topic", topic, "--acks", acks],
      ...["--throughput", String(THROUGHPUT), "--repeating-keys", String(KEYS)],
      ...["--producer.config", "/tmp/writer.properties"],
    ]);
    return new VerifiableProducer(docker, container, pipe);
  }

  /** In the order in which they were acknowledged. */
  get acknowledged(): readonly Acknowledged[] {
    return this.#acknowledged;
  }

  /** Why records were not taken, each reason once. */
  get refused(): readonly string[] {
    return [...new Set(this.#refused)];
  }

  /** The longest time without an acknowledgement so far, in seconds. */
  get standstill(): number {
    return this.#gap / 1000;
  }

  /** The errors and last lines of its log. */
  get log(): readonly string[] {
    const lines = this.#log.trim().split("\n").slice(-LOG_LINES);
    return [...new Set([...toolComplaints(this.#log), ...lines])].filter((line) => line !== "");
  }

  /**
   * Waits until enough is acknowledged.
   *
   * @param goal what is waited for, such as `300 acknowledged records`
   * @param signal of an interruption
   * @throws Error when it takes too long, is cut off, or the writer ends
   */
  async until(
    seconds: number,
    goal: string,
    isEnough: (acknowledged: readonly Acknowledged[]) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const enough = new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (isEnough(this.#acknowledged)) resolve();
        else if (this.#hasEnded) reject(new Error("kafka-verifiable-producer has ended by itself"));
        else if (signal.aborted) reject(new Error(`cut off while waiting for ${goal}`));
      };
      signal.addEventListener("abort", look, { once: true });
      this.#watch = look;
      look();
    });
    try {
      await within(seconds, `waiting for ${goal}`, enough);
    } finally {
      this.#watch = () => {};
      // Whoever lost the race has nobody who listens.
      enough.catch(() => {});
    }
  }

  /** Lets it end what it has begun, and waits for its last word. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) {
      await this.#docker.run([
        ...["exec", this.#container, "bash", "-c", 'kill "$(cat /tmp/writer.pid)"'],
      ]);
    }
    await within(30, "the end of kafka-verifiable-producer", this.#ended);
  }

  /** Ends it as it is; its container is not its own. */
  kill(): void {
    this.#pipe.kill();
  }

  #take(line: string): void {
    const said = parseWriterLine(line);
    if (said === undefined) {
      this.#log += `${line}\n`;
      return;
    }
    if (said.is === "refused") this.#refused.push(said.why);
    if (said.is !== "acknowledged") return;
    this.#acknowledged.push(said.record);
    const now = performance.now();
    if (this.#last !== undefined) this.#gap = Math.max(this.#gap, now - this.#last);
    this.#last = now;
    this.#watch();
  }
}
