import { Duplex, type Readable, type Writable } from "node:stream";
import type { Address } from "./address.ts";

/** A docker command that runs, its streams open. */
export interface Pipe {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: PromiseLike<{ readonly exitCode?: number | undefined }>;
  kill(): boolean;
}

/** The shell's name for itself, which its complaints begin with. */
const SHELL = "tunnel";

/** Printed by the container once its connection stands; anything after it is payload. */
const CONNECTED = "+";

/**
 * Opens a connection, says so, then carries bytes both ways until either side ends.
 * Background jobs of a shell read from /dev/null, hence the copy of its input. `wait -n` would miss a side that has
 * ended already, and a shell without job control could not end a job with all that it runs.
 */
const SCRIPT = `
exec 3<>"/dev/tcp/$1/$2" || exit 1
exec 4<&0 2>/dev/null
set -m
printf '${CONNECTED}'
cat <&4 >&3 & up=$!
(cat <&3; kill $up) & down=$!
wait $up
kill -- -$down
`;

/**
 * A connection that starts inside a container: names resolve, routes lead and ports answer as they
 * do for the containers beside it. It can stand in for a socket.
 */
export class Tunnel extends Duplex {
  readonly #child: Pipe;

  constructor(
    docker: { pipe(args: readonly string[]): Pipe },
    container: string,
    { host, port }: Address,
  ) {
    super();
    const script = ["bash", "-c", SCRIPT, SHELL, host, String(port)];
    this.#child = docker.pipe(["exec", "--interactive", container, ...script]);
    let connected = false;
    let complaint = "";

    this.#child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
    this.#child.stdin.on("error", () => {}); // its end shows in the output as well
    this.#child.stdout.on("data", (chunk: Buffer) => {
      const payload = connected ? chunk : chunk.subarray(CONNECTED.length);
      if (!connected) {
        connected = true;
        this.emit("connect");
      }
      if (payload.length > 0) this.push(payload);
    });
    const finish = async (): Promise<void> => {
      const { exitCode } = await this.#child.ended;
      if (connected) this.push(null);
      else this.destroy(connectionError(complaint.trim() || `exit status ${exitCode}`));
    };
    void finish();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, (error) => done(error));
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Its input's end is what ends the shell in the container; a kill would end this side only.
    this.#child.stdin.end();
    setTimeout(() => this.#child.kill(), 2000).unref();
    done(error);
  }

  /** Sockets have it, and kafkajs calls it. */
  unref(): this {
    return this;
  }
}

/** Bash's complaint about a connection as the error that Node's own sockets give. */
export function connectionError(complaint: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(complaint);
  // What docker itself complains of, such as an engine that refuses, is no answer of the address.
  const bash = complaint.split("\n").filter((line) => line.startsWith(`${SHELL}: `));
  const code = COMPLAINTS.find(([pattern]) => bash.some((line) => pattern.test(line)))?.[1];
  if (code !== undefined) error.code = code;
  return error;
}

const COMPLAINTS: readonly (readonly [RegExp, string])[] = [
  [/name or service not known|name does not resolve|no address associated/i, "ENOTFOUND"],
  [/temporary failure in name resolution|try again/i, "EAI_AGAIN"],
  [/connection refused/i, "ECONNREFUSED"],
  [/connection timed out|operation timed out/i, "ETIMEDOUT"],
  [/no route to host|host is unreachable/i, "EHOSTUNREACH"],
  [/network is unreachable|network unreachable/i, "ENETUNREACH"],
];
