import { realpathSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { stackFolder, stateFromStackFolder, workspace } from "../../stacks/workspace.ts";
import { setVariable, workInScratchFolder } from "../constructs/scratch.ts";

let folder: string;

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
  folder = realpathSync(workInScratchFolder());
});

describe("what outlives a run", () => {
  it.each([
    { path: () => workspace.root(), below: [] },
    { path: () => workspace.lock("trial"), below: ["trial.lock.json"] },
    { path: () => workspace.state("trial"), below: ["trial.tfstate"] },
    { path: () => workspace.report("trial"), below: ["trial.report.html"] },
    {
      path: () => workspace.outputs("a:1,[::1]:2/../x"),
      below: ["a_1_1_2_.._x.outputs.json"],
    },
    { path: () => workspace.providers(), below: ["providers"] },
    { path: () => workspace.providerLock(), below: ["providers.lock.hcl"] },
    { path: () => workspace.build("kafka", "jars"), below: ["build", "kafka", "jars"] },
  ])("is kept in one folder of the project: $below.0", ({ path, below }) => {
    expect(path()).toBe(join(folder, ".kafka-platform", ...below));
  });
});

describe("the stack's folder", () => {
  it("is where cdktf puts it", () => {
    expect(stackFolder("trial")).toBe(join(folder, "cdktf.out", "stacks", "trial"));
  });

  it.each([
    { outdir: undefined, path: "../../../.kafka-platform/trial.tfstate" },
    { outdir: "deep/er/out", path: "../../../../../.kafka-platform/trial.tfstate" },
  ])("sees the state by a relative path, with CDKTF_OUTDIR=$outdir", ({ outdir, path }) => {
    setVariable("CDKTF_OUTDIR", outdir);
    expect(stateFromStackFolder("trial")).toBe(path);
    expect(join(stackFolder("trial"), stateFromStackFolder("trial"))).toBe(
      workspace.state("trial"),
    );
  });
});
