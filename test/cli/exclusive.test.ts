import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import { exclusively } from "../../cli/exclusive.ts";
import { workspace } from "../../stacks/workspace.ts";
import { workInScratchFolder } from "../constructs/scratch.ts";

const EXCLUSIVE = fileURLToPath(new URL("../../cli/exclusive.ts", import.meta.url));
const DONE = (): Promise<string> => Promise.resolve("done");

let busy: string;

beforeEach(() => {
  workInScratchFolder();
  busy = join(workspace.root(), "trial.busy.json");
});

describe("work on an environment", () => {
  it("is done, and leaves nothing that keeps the next from it", async () => {
    const during = await exclusively("trial", "deploy", () => Promise.resolve(existsSync(busy)));
    expect(during).toBe(true);
    expect(existsSync(busy)).toBe(false);
    expect(await exclusively("trial", "destroy", DONE)).toBe("done");
  });

  it("that fails leaves nothing either", async () => {
    const work = (): Promise<never> => Promise.reject(new Error("no disk"));
    await expect(exclusively("trial", "deploy", work)).rejects.toThrowError("no disk");
    expect(await exclusively("trial", "deploy", DONE)).toBe("done");
  });

  it("is refused while another command is at it, naming command, process, time and file", async () => {
    const refused = await exclusively("trial", "deploy", async () => {
      const { since } = JSON.parse(readFileSync(busy, "utf8")) as { since: string };
      const error: unknown = await exclusively("trial", "destroy", DONE).catch((e: unknown) => e);
      return { since, error };
    });
    expect(refused.error).toBeInstanceOf(CommandError);
    expect((refused.error as CommandError).message).toBe(
      `"deploy" (process ${process.pid}) has been at work on trial since ${refused.since}; wait until it has ended (${busy} says so)`,
    );
  });

  it("that is refused leaves the other's claim as it is", async () => {
    await exclusively("trial", "deploy", async () => {
      await exclusively("trial", "destroy", DONE).catch(() => undefined);
      expect(existsSync(busy)).toBe(true);
    });
  });

  it("takes away its own claim only", async () => {
    const others = JSON.stringify({ pid: 1, began: "", command: "destroy", since: "" });
    await exclusively("trial", "deploy", () => {
      writeFileSync(busy, others);
      return Promise.resolve();
    });
    expect(readFileSync(busy, "utf8")).toBe(others);
    expect(readdirSync(workspace.root())).toEqual(["trial.busy.json"]);
  });

  it("does not keep others from another environment", async () => {
    const inner = await exclusively("trial", "deploy", () => exclusively("dev", "deploy", DONE));
    expect(inner).toBe("done");
  });
});

/** A claim of a process that has ended. */
function claimOfTheDead(): string {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const since = "2026-11-22T22:22:22.000Z";
  return JSON.stringify({ pid, began: "", command: "deploy", since });
}

describe("a claim that was left behind", () => {
  it.each([
    { title: "by a command that was killed", text: claimOfTheDead },
    {
      title: "by one whose number another process has by now",
      text: () =>
        JSON.stringify({
          pid: process.pid,
          began: "7e7de2a4-9f0c-4a39-8a70-1f4ed7a5b1a5 4711",
          command: "deploy",
          since: "2026-11-22T22:22:22.000Z",
        }),
    },
    { title: "by one that was killed while it claimed", text: () => '{"pid": 1' },
  ])("$title is taken over", async ({ text }) => {
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(busy, text());
    expect(await exclusively("trial", "deploy", DONE)).toBe("done");
    expect(existsSync(busy)).toBe(false);
  });

  /** Destroys, with a pause after each touch of the claim, or of a file beside it, until the test lets it go on. */
  const SCRIPT = `
    const { default: fs } = await import("node:fs");
    const { syncBuiltinESMExports } = await import("node:module");
    const { existsSync, writeFileSync } = fs;
    let touches = 0;
    for (const name of ["linkSync", "readFileSync", "renameSync", "rmSync"]) {
      const original = fs[name];
      fs[name] = (...args) => {
        try {
          return original(...args);
        } finally {
          if (String(args[0]).includes("trial.busy.json")) {
            touches += 1;
            writeFileSync("touch-" + touches, name);
            while (!existsSync("go-" + touches)) {
              Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
            }
          }
        }
      };
    }
    syncBuiltinESMExports();
    const { exclusively } = await import(process.argv[1]);
    try {
      await exclusively("trial", "destroy", async () => fs.appendFileSync("log", "destroy enters\\n"));
    } catch (error) {
      fs.appendFileSync("log", error.name + ": " + error.message + "\\n");
    }
    writeFileSync("touch-" + (touches + 1), "end");`;

  it("is taken over once by commands that find it at the same moment", async () => {
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(busy, claimOfTheDead());
    const tsx = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", SCRIPT];
    const other = execa(process.execPath, [...tsx, EXCLUSIVE], { reject: false });
    let touches = 0;
    /** Lets the other go on to its next touch. */
    async function step(): Promise<string> {
      if (touches > 0) writeFileSync(`go-${touches}`, "");
      touches += 1;
      await vi.waitUntil(() => existsSync(`touch-${touches}`), { timeout: 10_000 });
      return readFileSync(`touch-${touches}`, "utf8");
    }
    // It has seen the dead one's claim, and acts on it only when this one's has taken its place.
    while ((await step()) !== "readFileSync");
    const by = `"deploy" (process ${process.pid}) has been at work on trial since `;
    const since = await exclusively("trial", "deploy", async () => {
      appendFileSync("log", "deploy enters\n");
      while ((await step()) !== "end") {
        await expect(exclusively("trial", "start", DONE)).rejects.toThrowError(by);
      }
      expect((await other).stderr).toBe("");
      appendFileSync("log", "deploy leaves\n");
      return (JSON.parse(readFileSync(busy, "utf8")) as { since: string }).since;
    });
    expect(readFileSync("log", "utf8").trim().split("\n")).toEqual([
      "deploy enters",
      `CommandError: ${by}${since}; wait until it has ended (${busy} says so)`,
      "deploy leaves",
    ]);
    expect(readdirSync(workspace.root())).toEqual([]);
  });
});
