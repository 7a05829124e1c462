import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { destroy } from "../../cli/destroy.ts";
import { CommandError } from "../../cli/errors.ts";
import { writeLock } from "../../stacks/environment-lock.ts";
import { stackFolder, workspace } from "../../stacks/workspace.ts";
import { leaveOnPath, setVariable, workInScratchFolder } from "../constructs/scratch.ts";
import { lockOf } from "../stacks/environments.ts";
import { listenToConsole } from "./console.ts";

/** An engine with one volume of the environment, and nothing that Terraform knows of. */
const DOCKER = `
echo "$*" >>"$here/calls"
case "$1 $2" in
"info --format") echo '{"ServerVersion":"20.10.24"}' ;;
"volume ls") [ -e "$here/removed" ] || echo dev-kafka-1-data ;;
"volume rm") : >"$here/removed" ;;
esac`;

let folder: string;

beforeEach(() => {
  setVariable("DOCKER_CONFIG", workInScratchFolder());
  setVariable("CDKTF_OUTDIR", undefined);
  setVariable("DOCKER_HOST", undefined);
  setVariable("TERRAFORM_BINARY_NAME", undefined);
  setVariable("TF_CLI_CONFIG_FILE", undefined);
  folder = leaveOnPath({ docker: DOCKER, terraform: "exit 1" });
});

function removals(): string[] {
  return readFileSync(join(folder, "calls"), "utf8")
    .split("\n")
    .filter((call) => /\b(rm|stop|prune)\b/.test(call));
}

describe("destroy", () => {
  it("removes nothing where nobody can be asked, and names the data at stake", async () => {
    writeLock(lockOf({ environment: "dev" }));
    await expect(destroy("dev", { keepData: false, yes: false })).rejects.toThrowError(
      new CommandError(
        "nothing was removed; say --yes to remove dev and all records in volume dev-kafka-1-data, or --keep-data to keep them",
      ),
    );
    expect(removals()).toEqual([]);
    expect(existsSync(workspace.lock("dev"))).toBe(true);
  });

  it("removes with --yes what is left of an environment whose lock and state are lost", async () => {
    const { out } = listenToConsole();
    await destroy("dev", { keepData: false, yes: true });
    expect(removals()).toEqual(["volume rm dev-kafka-1-data"]);
    expect(out).toEqual(["• dev is removed"]);
  });

  it("keeps volumes with --keep-data, without a question", async () => {
    listenToConsole();
    await destroy("dev", { keepData: true, yes: false });
    expect(removals()).toEqual([]);
  });

  it("removes state, lock and outputs with the data", async () => {
    listenToConsole();
    writeLock(lockOf({ environment: "other" }));
    const files = ["dev.tfstate", "dev.tfstate.backup", "dev.outputs.json"].map((file) =>
      join(workspace.root(), file),
    );
    for (const file of files) writeFileSync(file, "{}");
    await destroy("dev", { keepData: false, yes: true });
    for (const file of files) expect(existsSync(file), file).toBe(false);
    expect(existsSync(workspace.lock("other"))).toBe(true);
  });

  it("removes the program, and leaves what Terraform has prepared for the next one", async () => {
    listenToConsole();
    const cwd = stackFolder("dev");
    mkdirSync(join(cwd, ".terraform", "providers"), { recursive: true });
    mkdirSync(join(cwd, "terraform.d"));
    writeFileSync(join(cwd, "kafka-platform-kit.tfplan"), "");
    await destroy("dev", { keepData: false, yes: true });
    expect(readdirSync(cwd)).toEqual([".terraform"]);
    expect(readdirSync(join(cwd, ".terraform"))).toEqual(["providers"]);
  });

  it("rejects an unknown environment before it looks at anything", async () => {
    await expect(destroy("dve", { keepData: false, yes: true })).rejects.toThrowError(
      'unknown environment "dve"; did you mean dev?',
    );
    expect(existsSync(join(folder, "calls"))).toBe(false);
  });
});
