import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { askGate } from "../../cli/gate.ts";
import { TerraformStack } from "../../cli/terraform-stack.ts";
import { stackFolder } from "../../stacks/workspace.ts";
import { putOnPath, setVariable, workInScratchFolder } from "../constructs/scratch.ts";

const COMMAND = JSON.stringify({ containers: ["trial-kafka-1"], needs: {}, timeoutSeconds: 300 });

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
  workInScratchFolder();
  mkdirSync(stackFolder("trial"), { recursive: true });
  writeFileSync(
    join(stackFolder("trial"), "cdk.tf.json"),
    JSON.stringify({
      resource: {
        terraform_data: { gate: { provisioner: [{ "local-exec": { command: COMMAND } }] } },
      },
    }),
  );
});

/** A docker command whose containers all are so. */
function healthIs(health: string): void {
  const state = { Status: "running", Running: true, Restarting: false, Health: { Status: health } };
  const inspected = [{ State: state, RestartCount: 0, Config: { Healthcheck: { Test: ["CMD"] } } }];
  putOnPath({
    docker: `case $1 in inspect) echo '${JSON.stringify(inspected)}' ;; logs) echo the end ;; *) exit 1 ;; esac`,
  });
}

describe("askGate", () => {
  const stack = (): TerraformStack => new TerraformStack("terraform", "trial");

  it("says that all containers of the program are ready", async () => {
    healthIs("healthy");
    expect(await askGate(stack(), 0)).toEqual({
      ready: true,
      said: "trial-kafka-1 is ready",
      complaint: "",
    });
  });

  it("says what is not, with the end of its log", async () => {
    healthIs("unhealthy");
    const { ready, complaint } = await askGate(stack(), 0);
    expect(ready).toBe(false);
    expect(complaint).toMatch(
      /^trial-kafka-1 is not ready after .*\nthe end of its log:\nthe end$/s,
    );
  });
});
