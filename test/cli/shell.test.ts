import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import { ask, hasProgram, lastLines, read, run, runFor } from "../../cli/shell.ts";
import { workspace } from "../../stacks/workspace.ts";
import {
  leaveOnPath,
  putOnPath,
  scratchFolder,
  workInScratchFolder,
} from "../constructs/scratch.ts";

const SHELL = fileURLToPath(new URL("../../cli/shell.ts", import.meta.url));

describe("lastLines", () => {
  it.each([
    { text: "", count: 3, last: "" },
    { text: "one", count: 3, last: "one" },
    { text: "one\ntwo\nthree\nfour\n", count: 3, last: "two\nthree\nfour" },
    { text: "one\n\n  \ntwo\n\n", count: 2, last: "one\ntwo" },
  ])("of $text are $last", ({ text, count, last }) => {
    expect(lastLines(text, count)).toBe(last);
  });
});

describe("ask", () => {
  it("answers with both streams, without colours", async () => {
    putOnPath({ tell: String.raw`printf '\033[31mred\033[0m %s\n' "$*"; echo aside >&2` });
    expect(await ask("tell", ["a b", "$HOME"])).toEqual({
      ok: true,
      exitCode: 0,
      stdout: "red a b $HOME",
      stderr: "aside",
    });
  });

  it("takes a failure for an answer", async () => {
    putOnPath({ fail: "echo half; echo why >&2; exit 3" });
    expect(await ask("fail", [])).toEqual({
      ok: false,
      exitCode: 3,
      stdout: "half",
      stderr: "why",
    });
  });

  it("says what happened when the program does not", async () => {
    putOnPath({ silent: "exit 3", killed: "kill -KILL $$" });
    expect((await ask("silent", [])).stderr).toContain("exit code 3");
    expect((await ask("killed", [])).stderr).toContain("SIGKILL");
    expect(await ask("no-such-program", [])).toMatchObject({
      ok: false,
      exitCode: undefined,
      stderr: expect.stringContaining("ENOENT"),
    });
  });
});

describe("run", () => {
  it("returns what was printed and keeps it in the log", async () => {
    workInScratchFolder();
    putOnPath({ tell: "echo out; echo aside >&2" });
    expect(await run("tell", ["one", "two"])).toBe("out");
    const log = readFileSync(join(workspace.root(), "commands.log"), "utf8");
    expect(log).toBe("$ tell one two\nout\naside\n");
  });

  it("fails naming the command, its exit code and the end of what it printed", async () => {
    workInScratchFolder();
    putOnPath({
      fail: "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo out $i; echo err $i >&2; done; exit 3",
    });
    const numbers = Array.from({ length: 12 }, (_, i) => i + 1);
    const end = [...numbers.slice(4).map((i) => `out ${i}`), ...numbers.map((i) => `err ${i}`)];
    await expect(run("fail", ["now"])).rejects.toThrowError(
      new CommandError(`"fail now" failed (exit code 3):\n${end.join("\n")}`),
    );
    expect(readFileSync(join(workspace.root(), "commands.log"), "utf8")).toContain("out 1\n");
  });

  it("fails naming a program that is not there", async () => {
    workInScratchFolder();
    await expect(run("no-such-program", [])).rejects.toThrowError(
      /^"no-such-program" failed \(exit code none\):\n.*ENOENT/,
    );
  });
});

describe("read", () => {
  it("returns what was printed and keeps only the question and what was said aside in the log", async () => {
    workInScratchFolder();
    putOnPath({ tell: "echo secret; echo aside >&2" });
    expect(await read("tell", ["one", "two"])).toBe("secret");
    const log = readFileSync(join(workspace.root(), "commands.log"), "utf8");
    expect(log).toBe("$ tell one two\naside\n");
  });

  it("fails as run does", async () => {
    workInScratchFolder();
    putOnPath({ fail: "echo half; echo why >&2; exit 3" });
    await expect(read("fail", ["now"])).rejects.toThrowError(
      new CommandError('"fail now" failed (exit code 3):\nhalf\nwhy'),
    );
  });
});

describe("runFor", () => {
  it("gives the exit code, where that is an answer", async () => {
    workInScratchFolder();
    putOnPath({ tell: 'exit "$1"' });
    expect(await runFor([2], "tell", ["0"])).toBe(0);
    expect(await runFor([2], "tell", ["2"])).toBe(2);
    await expect(runFor([2], "tell", ["1"])).rejects.toThrowError('"tell 1" failed (exit code 1)');
    await expect(runFor([2], "no-such-program", [])).rejects.toThrowError("(exit code none)");
  });
});

describe("the log", () => {
  const FULL = 4 * 1024 ** 2;

  /** Runs a program over a log of that size, over an older one that was put aside. */
  async function runOver(bytes: number): Promise<string> {
    workInScratchFolder();
    putOnPath({ tell: "echo out" });
    mkdirSync(workspace.root());
    const log = join(workspace.root(), "commands.log");
    writeFileSync(log, "x".repeat(bytes));
    writeFileSync(`${log}.1`, "older");
    await run("tell", []);
    return log;
  }

  it("is put aside when it has grown over its size, in the place of the one before", async () => {
    const log = await runOver(FULL + 1);
    expect(readFileSync(log, "utf8")).toBe("$ tell\nout\n\n");
    expect(statSync(`${log}.1`).size).toBe(FULL + 1);
    expect(readdirSync(workspace.root())).toEqual(["commands.log", "commands.log.1"]);
  });

  it("goes on before that", async () => {
    const log = await runOver(FULL);
    expect(statSync(log).size).toBe(FULL + "$ tell\nout\n\n".length);
    expect(readFileSync(`${log}.1`, "utf8")).toBe("older");
  });
});

describe("hasProgram", () => {
  it("tells what is on the path from what is not", async () => {
    const folder = leaveOnPath({ tell: "" });
    expect(await hasProgram("tell")).toBe(true);
    expect(await hasProgram(join(folder, "tell"))).toBe(true);
    expect(await hasProgram("terraform")).toBe(false);
    expect(await hasProgram("tell; true")).toBe(false);
  });
});

describe("an interrupt", () => {
  const SCRIPT = `
    const { ask, endInOrder } = await import(process.argv[1]);
    endInOrder();
    const held = 'trap "echo told >>told" INT; echo up >up; while [ ! -e told ] || [ ! -e end ]; do sleep 0.02; done';
    for (const command of [held, "echo next >next"]) {
      await ask("sh", ["-c", command], { detached: process.argv[2] === "detached" }).catch((e) => console.error(e.name));
    }`;

  it.each([
    { signal: "SIGTERM", form: "attached" },
    { signal: "SIGTERM", form: "detached" },
    { signal: "SIGHUP", form: "attached" },
    // An attached program has had a terminal's Ctrl-C from the terminal.
    { signal: "SIGINT", form: "detached" },
  ] as const)(
    "by $signal tells the running $form program once, waits for it, and starts nothing more",
    async ({ signal, form }) => {
      const cwd = scratchFolder();
      const seen = (file: string): boolean => existsSync(join(cwd, file));
      const child = execa(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", SCRIPT, SHELL, form],
        { cwd, reject: false },
      );
      await vi.waitUntil(() => seen("up"), { timeout: 10_000 });
      child.kill(signal);
      await vi.waitUntil(() => seen("told"), { timeout: 10_000 });
      child.kill(signal);
      await execa("touch", ["end"], { cwd });
      const { stderr } = await child;
      expect(stderr).toBe(
        "• interrupted; waiting for the running step to end\nInterruptedError\nInterruptedError",
      );
      expect(readFileSync(join(cwd, "told"), "utf8")).toBe("told\n");
      expect(seen("next")).toBe(false);
    },
  );
});
