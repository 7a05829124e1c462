import { execa } from "execa";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { putOnPath, setVariable, workInScratchFolder } from "../constructs/scratch.ts";

const PROGRAM = fileURLToPath(new URL("../../stacks/network.mjs", import.meta.url));
const WANTED = JSON.stringify({ name: "trial-network", labels: { one: "1", two: "a=b c" } });
const TAKEN = "network with name trial-network already exists";

beforeEach(() => {
  workInScratchFolder();
});

/** Runs it with a docker command that does so. */
async function network(docker: string, ...args: string[]) {
  const folder = putOnPath({ docker: `for arg; do echo "$arg" >>"$here/calls"; done\n${docker}` });
  const { exitCode, stderr } = await execa(process.execPath, [PROGRAM, ...args], { reject: false });
  return { exitCode, stderr, calls: readFileSync(join(folder, "calls"), "utf8").split("\n") };
}

/** A docker command that refuses to create or remove, and shows a network with these labels. */
function refusing(why: string, labels: string): string {
  return `case $2 in inspect) echo '${labels}' ;; *) echo "${why}" >&2; exit 1 ;; esac`;
}

describe("a network", () => {
  it("is made with its labels", async () => {
    const { exitCode, calls } = await network("", "create", WANTED);
    expect(exitCode).toBe(0);
    expect(calls).toEqual([
      ...["network", "create", "--label", "one=1", "--label", "two=a=b c", "trial-network", ""],
    ]);
  });

  it("that is there with them is the same", async () => {
    const labels = '{"two":"a=b c","one":"1","more":""}';
    expect(await network(refusing(TAKEN, labels), "create", WANTED)).toMatchObject({ exitCode: 0 });
  });

  it.each(["null", '{"one":"1"}', '{"one":"1","two":"b"}'])(
    "of that name with other labels (%s) is somebody else's",
    async (labels) => {
      expect(await network(refusing(TAKEN, labels), "create", WANTED)).toMatchObject({
        exitCode: 1,
        stderr: TAKEN,
      });
    },
  );

  it("is removed, or is gone already", async () => {
    const { exitCode, calls } = await network("", "remove", "trial-network");
    expect(exitCode).toBe(0);
    expect(calls).toEqual(["network", "rm", "trial-network", ""]);
    const gone = 'echo "Error: No such network: trial-network" >&2; exit 1';
    expect(await network(gone, "remove", "trial-network")).toMatchObject({ exitCode: 0 });
  });

  it("that somebody uses stays, and docker says so", async () => {
    const why = "network trial-network has active endpoints";
    expect(await network(refusing(why, "{}"), "remove", "trial-network")).toMatchObject({
      exitCode: 1,
      stderr: why,
    });
  });

  it.each(["create", "remove"])(
    "is not taken for gone by %s where no engine answers",
    async (verb) => {
      const silent = 'echo "Cannot connect to the Docker daemon" >&2; exit 1';
      const about = verb === "create" ? WANTED : "trial-network";
      expect(await network(silent, verb, about)).toMatchObject({
        exitCode: 1,
        stderr: "Cannot connect to the Docker daemon",
      });
    },
  );

  it("needs the docker command", async () => {
    setVariable("PATH", "/nonexistent");
    const { exitCode, stderr } = await execa(process.execPath, [PROGRAM, "remove", "x"], {
      reject: false,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toBe("docker: spawnSync docker ENOENT");
  });
});
