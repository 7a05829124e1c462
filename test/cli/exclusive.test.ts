import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import { exclusively } from "../../cli/exclusive.ts";
import { workspace } from "../../stacks/workspace.ts";
import { workInScratchFolder } from "../constructs/scratch.ts";

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

  it("is refused while another command is at it, naming command, process and time", async () => {
    const refused = await exclusively("trial", "deploy", async () => {
      const { since } = JSON.parse(readFileSync(busy, "utf8")) as { since: string };
      const error: unknown = await exclusively("trial", "destroy", DONE).catch((e: unknown) => e);
      return { since, error };
    });
    expect(refused.error).toBeInstanceOf(CommandError);
    expect((refused.error as CommandError).message).toContain(
      `"deploy" (process ${process.pid}) has been at work on trial since ${refused.since}; wait until it has ended`,
    );
  });

  it("that is refused leaves the other's claim as it is", async () => {
    await exclusively("trial", "deploy", async () => {
      await exclusively("trial", "destroy", DONE).catch(() => undefined);
      expect(existsSync(busy)).toBe(true);
    });
  });

  it("does not keep others from another environment", async () => {
    const inner = await exclusively("trial", "deploy", () => exclusively("dev", "deploy", DONE));
    expect(inner).toBe("done");
  });
});

describe("a claim that was left behind", () => {
  it.each([
    {
      title: "by a command that was killed",
      text: () => {
        const { pid } = spawnSync(process.execPath, ["--version"]);
        return JSON.stringify({ pid, command: "deploy", since: "2026-11-22T22:22:22.000Z" });
      },
    },
    { title: "by one that was killed while it claimed", text: () => '{"pid": 1' },
  ])("$title is taken over", async ({ text }) => {
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(busy, text());
    expect(await exclusively("trial", "deploy", DONE)).toBe("done");
    expect(existsSync(busy)).toBe(false);
  });
});
