import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { forgetProof, keepProof, provenAt } from "../../cli/proof.ts";
import { workspace } from "../../stacks/workspace.ts";
import { putOnPath, workInScratchFolder } from "../constructs/scratch.ts";
import { DOCKER_WITH_CONTAINERS, inspectJson, type Inspected } from "./docker.ts";

let engine: string;

beforeEach(() => {
  workInScratchFolder();
  engine = putOnPath({ docker: DOCKER_WITH_CONTAINERS });
});

function containersAre(...containers: Inspected[]): void {
  writeFileSync(join(engine, "containers.json"), inspectJson(containers));
}

describe("the proof that the smoke tests passed", () => {
  const ONE = { id: "a1", startedAt: "2026-11-22T22:22:22Z" };
  const TWO = { id: "b2", startedAt: "2026-11-22T22:22:23Z" };

  it("holds for the same runs of the same containers, in whatever order", async () => {
    containersAre(ONE, TWO);
    expect(await provenAt("trial")).toBeUndefined();
    await keepProof("trial");
    containersAre(TWO, ONE);
    expect(await provenAt("trial")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it.each([
    { title: "a container was started anew", now: [{ ...ONE, startedAt: "later" }, TWO] },
    { title: "a container was replaced", now: [{ ...ONE, id: "c3" }, TWO] },
    { title: "a container is gone", now: [ONE] },
    { title: "a container has come", now: [ONE, TWO, { id: "c3" }] },
  ])("is void when $title", async ({ now }) => {
    containersAre(ONE, TWO);
    await keepProof("trial");
    containersAre(...now);
    expect(await provenAt("trial")).toBeUndefined();
  });

  it("is forgotten with the environment, twice if need be", async () => {
    containersAre(ONE);
    await keepProof("trial");
    forgetProof("trial");
    forgetProof("trial");
    expect(await provenAt("trial")).toBeUndefined();
  });

  it("is no proof when the writing of it was cut off", async () => {
    containersAre(ONE);
    await keepProof("trial");
    const [file] = readdirSync(workspace.root()).filter((name) => name.includes("proof"));
    writeFileSync(join(workspace.root(), file ?? ""), '{"at": "2026');
    expect(await provenAt("trial")).toBeUndefined();
  });
});
