import { messageOf } from "../../doctor/deadline.ts";
import type { Docker } from "../../doctor/docker.ts";

/** A JVM's start on a busy machine is most of it. */
const SECONDS = 30;

/** The `zookeeper-shell` in a server's own container, asking that server and no other. */
export class ZooKeeperShell {
  readonly #docker: Docker;
  readonly #container: string;
  readonly #port: number;

  /** @param port where the server takes clients, inside its container */
  constructor(docker: Docker, container: string, port: number) {
    this.#docker = docker;
    this.#container = container;
    this.#port = port;
  }

  /**
   * The JSON that a node holds; undefined when there is no such node.
   *
   * @throws Error with what the shell said when the server did not answer
   */
  async get(path: string): Promise<unknown> {
    return this.#ask("get", path, parseNode);
  }

  /**
   * The names of a node's children; undefined when there is no such node.
   *
   * @throws Error with what the shell said when the server did not answer
   */
  async children(path: string): Promise<readonly string[] | undefined> {
    return this.#ask("ls", path, parseChildren);
  }

  async #ask<T>(
    verb: string,
    path: string,
    parse: (output: string) => T | undefined,
  ): Promise<T | undefined> {
    let output: string;
    try {
      const command = ["zookeeper-shell", `localhost:${this.#port}`, verb, path];
      output = await this.#docker.tool(this.#container, command, SECONDS);
    } catch (error) {
      const said = messageOf(error);
      if (isMissingNode(said)) return undefined;
      throw new Error(shellComplaint(said), { cause: error });
    }
    const answer = parse(output);
    if (answer === undefined) {
      throw new Error(
        `zookeeper-shell's answer to "${verb} ${path}" is not understood: ${JSON.stringify(output)}`,
      );
    }
    return answer;
  }
}

/** The JSON object in the shell's output, which begins with lines about the connection. */
export function parseNode(output: string): unknown {
  return lastOf(output, (line) => {
    if (!line.startsWith("{")) return undefined;
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return undefined;
    }
  });
}

/** The list of names in the shell's output, which begins with lines about the connection. */
export function parseChildren(output: string): readonly string[] | undefined {
  return lastOf(output, (line) => {
    const names = /^\[(.*)\]$/.exec(line)?.[1];
    return names?.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  });
}

/** Whether the shell complains of a node that is not there: an answer, if not the wanted one. */
export function isMissingNode(said: string): boolean {
  return /Node does not exist|KeeperErrorCode = NoNode/.test(said);
}

/** Of what a shell that failed has said, the line that tells why. */
export function shellComplaint(said: string): string {
  const lines = said.split("\n").map((line) => line.trim());
  return (
    [/KeeperErrorCode/, /^(Caused by: )?[\w.]+(Exception|Error)\b/]
      .map((pattern) => lines.find((line) => pattern.test(line)))
      .find((line) => line !== undefined) ??
    lines[0] ??
    ""
  );
}

/** What the shell says of its connection, from another thread and so in the middle of whatever it prints. */
const NOTICES = /\n(WATCHER::|WatchedEvent [^\n]*)\r?\n/g;

function lastOf<T>(output: string, read: (line: string) => T | undefined): T | undefined {
  return output
    .replace(NOTICES, "")
    .split("\n")
    .map((line) => read(line.trim()))
    .findLast((value) => value !== undefined);
}
