import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { beforeEach, describe, expect, it } from "vitest";
import { readLock, writeLock } from "../../stacks/environment-lock.ts";
import { environmentNames } from "../../stacks/environment.ts";
import { stackFolder, workspace } from "../../stacks/workspace.ts";
import { lockOf } from "./environments.ts";
import { setVariable, workInScratchFolder } from "../constructs/scratch.ts";

const MAIN = fileURLToPath(new URL("../../stacks/main.ts", import.meta.url));

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
  setVariable("DOCKER_CONFIG", workInScratchFolder());
  setVariable("DOCKER_HOST", undefined);
  setVariable("DOCKER_CONTEXT", undefined);
  setVariable("TERRAFORM_BINARY_NAME", process.execPath);
});

/** Runs the program that plain cdktf runs. */
async function main(images?: string): Promise<{ exitCode: number | undefined; stderr: string }> {
  setVariable("IMAGES", images);
  const { exitCode, stderr } = await execa(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), MAIN],
    { reject: false },
  );
  return { exitCode, stderr };
}

describe("the program behind plain cdktf", () => {
  it("synthesizes every environment, and keeps a lock for each", async () => {
    expect(await main()).toEqual({ exitCode: 0, stderr: "" });
    for (const name of await environmentNames()) {
      expect(existsSync(`${stackFolder(name)}/cdk.tf.json`)).toBe(true);
      expect(existsSync(workspace.lock(name))).toBe(true);
    }
  });

  it("says in one line what is wrong", async () => {
    expect(await main("bitnami")).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^error: IMAGES="bitnami" names no distribution; [^\n]+$/),
    });
  });

  it("leaves environments alone that cannot run on the images wanted", async () => {
    expect(await main("local:4.1.1")).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(
        /^warning: environment seed keeps its images: local 4\.1\.1 has no ZooKeeper; [^\n]+\nwarning: dev goes without ksqlDB, REST Proxy: local 4\.1\.1 has none$/,
      ),
    });
    expect(readLock("dev")?.images).toMatchObject({ distribution: "local", version: "4.1.1" });
    expect(readLock("seed")?.images).toMatchObject({ distribution: "confluent" });
  });

  it("refuses a DOCKER_CONTEXT that Terraform's provider would stumble over", async () => {
    setVariable("DOCKER_CONTEXT", "default");
    expect(await main()).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(
        /^error: DOCKER_CONTEXT="default" is no context in [^\n]+ set DOCKER_HOST=unix:[^\n]+$/,
      ),
    });
  });

  it("leaves an environment to the engine that it is deployed on", async () => {
    mkdirSync(workspace.root());
    writeFileSync(
      workspace.state("dev"),
      JSON.stringify({
        outputs: { docker: { value: { host: "tcp://10.0.0.5:2375" } } },
        resources: [{}],
      }),
    );
    expect(await main()).toEqual({ exitCode: 0, stderr: "" });
    expect(readFileSync(`${stackFolder("dev")}/cdk.tf.json`, "utf8")).toContain(
      "dev is deployed on the engine at tcp://10.0.0.5:2375, and unix:///var/run/docker.sock is meant now; ",
    );
  });

  it("leaves images alone that were proven", async () => {
    const proven = {
      distribution: "confluent",
      version: "7.0.1",
      reason: "",
      proven: true,
    } as const;
    writeLock(lockOf({ environment: "seed", asked: "confluent 7.0.1", images: proven }));
    expect(await main("local")).toEqual({
      exitCode: 0,
      stderr:
        "warning: environment seed keeps its images: it runs on confluent 7.0.1; npm run deploy -- seed changes that\nwarning: dev goes without ksqlDB, REST Proxy: local 4.1.1 has none",
    });
    expect(readLock("dev")?.images).toMatchObject({ distribution: "local" });
    expect(readLock("seed")?.images).toEqual(proven);
  });

  it("takes an empty IMAGES for none", async () => {
    expect(await main("")).toEqual({ exitCode: 0, stderr: "" });
  });
});
