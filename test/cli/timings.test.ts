import { readFileSync } from "node:fs";
import { beforeEach, expect, it } from "vitest";
import { Timings, type Phase } from "../../cli/timings.ts";
import { workspace } from "../../stacks/workspace.ts";
import { workInScratchFolder } from "../constructs/scratch.ts";

beforeEach(() => {
  workInScratchFolder();
});

it("a command's time begins with its process, and is kept in order, failures too", async () => {
  const timings = new Timings();
  expect(await timings.of("plan", () => 1)).toBe(1);
  const failure = new Error("no plan");
  await expect(timings.of("init", () => Promise.reject(failure))).rejects.toBe(failure);
  timings.add({ name: "first", startedAt: 1, endedAt: 2 });
  timings.write("trial");
  const { phases } = JSON.parse(readFileSync(workspace.timings("trial"), "utf8")) as {
    phases: Phase[];
  };
  expect(phases.map(({ name }) => name)).toEqual(["first", "load", "plan", "init"]);
  expect(phases.every(({ startedAt, endedAt }) => startedAt <= endedAt)).toBe(true);
});
