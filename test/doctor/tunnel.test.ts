import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Tunnel, type Pipe } from "../../doctor/tunnel.ts";
import { scratchFolder } from "../constructs/scratch.ts";
import { LoopbackServers } from "./loopback-servers.ts";

const servers = new LoopbackServers();
afterEach(() => servers.close());

/** Runs here what would be run in a container, by a shell that is slow to wait for what it started. */
function onSlowShell(): { pipe(args: readonly string[]): Pipe; ended(): Promise<unknown> } {
  const file = join(scratchFolder(), "slow.sh");
  writeFileSync(file, 'wait() { sleep 0.3; builtin wait "$@"; }\n');
  const ends: Promise<unknown>[] = [];
  return {
    pipe: ([, , , program = "", ...args]) => {
      const child = spawn(program, args, { env: { ...process.env, BASH_ENV: file } });
      const ended = once(child, "close").then(([exitCode]) => ({ exitCode: exitCode as number }));
      ends.push(ended);
      // A container's shell is not reached by signals.
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended,
        kill: () => false,
      };
    },
    ended: () => Promise.all(ends),
  };
}

test("leaves no shell behind where it is let go of before it stands", async () => {
  const shell = onSlowShell();
  const address = await servers.serve(() => {});
  new Tunnel(shell, "container", address).destroy();
  expect(await shell.ended()).toHaveLength(1);
});

test("ends where the other side ends at once", async () => {
  const shell = onSlowShell();
  const address = await servers.serve((socket) => socket.end("bye"));
  const tunnel = new Tunnel(shell, "container", address);
  const said: string[] = [];
  tunnel.setEncoding("utf8").on("data", (text: string) => said.push(text));
  await once(tunnel, "end");
  expect(said.join("")).toBe("bye");
  await shell.ended();
});

test("carries bytes both ways, and ends with this side", async () => {
  const shell = onSlowShell();
  const address = await servers.serve((socket) => socket.pipe(socket));
  const tunnel = new Tunnel(shell, "container", address);
  await once(tunnel, "connect");
  tunnel.write("there and back");
  const [back] = (await once(tunnel, "data")) as [Buffer];
  expect(back.toString()).toBe("there and back");
  tunnel.destroy();
  await shell.ended();
});
