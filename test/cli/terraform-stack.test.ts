import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import { TerraformStack } from "../../cli/terraform-stack.ts";
import { stackFolder, workspace } from "../../stacks/workspace.ts";
import { putOnPath, setVariable, workInScratchFolder } from "../constructs/scratch.ts";
import { listenToConsole } from "./console.ts";

const NOTE =
  'echo "$*" >>"$here/calls"; pwd >"$here/cwd"; mkdir -p .terraform; [ "$1" != init ] || echo settled >.terraform.lock.hcl';

let programs: string;

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
  workInScratchFolder();
});

/** A stack whose program and whose Terraform are the test's. */
function stackOf(
  terraform: string,
  program: unknown = { terraform: {}, resource: {} },
): TerraformStack {
  mkdirSync(stackFolder("trial"), { recursive: true });
  writeFileSync(join(stackFolder("trial"), "cdk.tf.json"), JSON.stringify(program));
  programs = putOnPath({ terraform: `${NOTE}\n${terraform}` });
  return new TerraformStack("terraform", "trial");
}

/** The script of a Terraform whose command prints this. */
function printing(command: string, value: unknown): string {
  return `case "$1 $2" in ${command}*) cat <<'END'\n${JSON.stringify(value)}\nEND\n;; esac`;
}

function calls(): string[] {
  return readFileSync(join(programs, "calls"), "utf8").trim().split("\n");
}

describe("the program", () => {
  it("says what containers it asks for", () => {
    const container = { name: "trial-kafka-1", ports: [{ ip: "127.0.0.1", external: 9092 }] };
    const stack = stackOf("", {
      resource: {
        docker_container: { a: container },
        docker_volume: { b: { name: "trial-kafka-1-data" } },
      },
    });
    expect(stack.containers()).toEqual([container]);
    expect(stack.exists()).toBe(true);
  });

  it("may ask for none, and may be missing", () => {
    expect(stackOf("").containers()).toEqual([]);
    expect(new TerraformStack("terraform", "other").exists()).toBe(false);
  });
});

describe("init", () => {
  it("prepares the stack's own folder, once for the same providers and backend", async () => {
    const stack = stackOf("");
    await stack.init();
    await stack.init();
    expect(calls()).toEqual(["init -input=false -reconfigure"]);
    expect(readFileSync(join(programs, "cwd"), "utf8").trim()).toBe(
      realpathSync(stackFolder("trial")),
    );
  });

  it.each([
    {
      title: "the program's requirements change",
      change: () => {
        const file = join(stackFolder("trial"), "cdk.tf.json");
        writeFileSync(file, JSON.stringify({ terraform: { backend: {} }, resource: {} }));
      },
    },
    {
      title: "the mirror of providers changes",
      change: () => {
        mkdirSync(workspace.root(), { recursive: true });
        writeFileSync(workspace.providerLock(), "# new\n");
      },
    },
  ])("prepares again when $title", async ({ change }) => {
    const stack = stackOf("");
    await stack.init();
    change();
    await stack.init();
    expect(calls()).toHaveLength(2);
  });

  it("prepares again for another program: OpenTofu after Terraform", async () => {
    await stackOf("").init();
    putOnPath({ tofu: `${NOTE}` });
    await new TerraformStack("tofu", "trial").init();
    await new TerraformStack("terraform", "trial").init();
    expect(calls()).toHaveLength(2);
  });

  it("puts back the part of the lock that was settled on, where it does nothing else", async () => {
    const stack = stackOf("");
    const lock = join(stackFolder("trial"), ".terraform.lock.hcl");
    await stack.init();
    writeFileSync(lock, "for Terraform and for OpenTofu");
    await stack.init();
    expect(readFileSync(lock, "utf8")).toBe("settled\n");
    expect(calls()).toHaveLength(1);
  });

  it("that failed is not taken for done", async () => {
    const stack = stackOf('[ -e "$here/mended" ] || exit 1');
    await expect(stack.init()).rejects.toThrowError(CommandError);
    writeFileSync(join(programs, "mended"), "");
    await stack.init();
    expect(calls()).toHaveLength(2);
  });
});

describe("plan", () => {
  const change = (
    actions: string[],
    before: object | null,
    after: object | null,
    address = "docker_container.a",
  ): unknown => ({ address, type: address.split(".")[0], change: { actions, before, after } });

  it("tells changes by the engine's names, leaving out what stays", async () => {
    const stack = stackOf(
      printing("show", {
        resource_changes: [
          change(["no-op"], { name: "same" }, { name: "same" }),
          change(["read"], null, {}),
          change(["create"], null, { name: "new" }),
          change(["delete", "create"], { name: "old" }, { name: "renamed" }),
          change(["delete"], { name: "data" }, null, "docker_volume.b"),
          change(["update"], {}, {}, "terraform_data.c"),
        ],
      }),
    );
    const { changes } = await stack.plan();
    expect(changes).toEqual([
      { address: "docker_container.a", type: "docker_container", name: "new", actions: ["create"] },
      {
        address: "docker_container.a",
        type: "docker_container",
        name: "old",
        actions: ["delete", "create"],
      },
      { address: "docker_volume.b", type: "docker_volume", name: "data", actions: ["delete"] },
      {
        address: "terraform_data.c",
        type: "terraform_data",
        name: "terraform_data.c",
        actions: ["update"],
      },
    ]);
  });

  it("is empty when nothing is to be changed", async () => {
    expect((await stackOf(printing("show", {})).plan()).changes).toEqual([]);
  });

  it("shows the very plan that is applied", async () => {
    listenToConsole();
    const stack = stackOf(printing("show", {}));
    const { file } = await stack.plan();
    await stack.apply(file);
    const [planned, shown, applied] = calls();
    expect(planned).toContain(`-out=${file}`);
    expect(shown).toBe(`show -json ${file}`);
    expect(applied?.split(" ").at(-1)).toBe(file);
    expect(applied).not.toContain("-auto-approve");
  });
});

describe("apply", () => {
  it("shows what is done and what the gate says, nothing else", async () => {
    const { out } = listenToConsole();
    await stackOf(`cat <<'END'
Terraform used the selected providers to generate the following plan:
  + env = ["A=B"]
docker_container.a: Creating...
docker_container.a: Creation complete after 1s [id=0123]
terraform_data.gate (local-exec): Executing: ["node" "gate.mjs"]
terraform_data.gate (local-exec): trial-kafka-1 is ready
terraform_data.gate: Creation complete after 2s [id=4567]
END`).apply("plan");
    expect(out).toEqual([
      "  docker_container.a: Creation complete after 1s [id=0123]",
      "  trial-kafka-1 is ready",
      "  terraform_data.gate: Creation complete after 2s [id=4567]",
    ]);
  });

  it("that fails says why and that it can be gone on with", async () => {
    listenToConsole();
    const stack = stackOf("echo 'Error: no such network' >&2; exit 1");
    await expect(stack.apply("plan")).rejects.toThrowError(
      new CommandError(
        "terraform apply failed:\nError: no such network\nwhat was done stays; the same command goes on from here",
      ),
    );
  });
});

describe("destroy", () => {
  it.each([
    { targets: [], flags: "" },
    {
      targets: ["docker_container.a", "docker_network.b"],
      flags: " -target=docker_container.a -target=docker_network.b",
    },
  ])("removes all, or only $targets", async ({ targets, flags }) => {
    listenToConsole();
    await stackOf("").destroy(targets);
    expect(calls()).toEqual([`destroy -input=false -auto-approve -lock-timeout=10s${flags}`]);
  });
});

describe("the state", () => {
  it("lists its addresses", async () => {
    const stack = stackOf("echo docker_container.a; echo docker_volume.b");
    expect(await stack.resources()).toEqual(["docker_container.a", "docker_volume.b"]);
  });

  it.each([
    { title: "Terraform", said: "No state file was found!" },
    { title: "OpenTofu", said: "Error: No state file was found" },
  ])("is empty before the first deploy, as $title says", async ({ said }) => {
    const stack = stackOf(`echo '${said}' >&2; exit 1`);
    expect(await stack.resources()).toEqual([]);
  });

  it("that cannot be read is not taken for empty", async () => {
    const stack = stackOf("echo 'Error: unsupported state format' >&2; exit 1");
    await expect(stack.resources()).rejects.toThrowError(
      new CommandError("the state cannot be read:\nError: unsupported state format"),
    );
  });

  it("tells the ids of what the engine has", async () => {
    const resources = [
      { instances: [{ attributes: { id: "a1" } }, { attributes: {} }] },
      { instances: [{}] },
      { instances: [{ attributes: { id: "b2" } }] },
    ];
    expect(await stackOf(printing("state", { resources })).ids()).toEqual(new Set(["a1", "b2"]));
    expect(await stackOf("").ids()).toEqual(new Set());
  });
});

describe("outputs", () => {
  const NOT_DEPLOYED =
    'environment trial is not deployed; deploy it with "npm run deploy -- trial"';

  it("are the values of Terraform's", async () => {
    const stack = stackOf(
      printing("output", {
        environment: { sensitive: false, type: "string", value: "trial" },
        kafka: { value: { version: "4.1.1" } },
      }),
    );
    expect(await stack.outputs()).toEqual({ environment: "trial", kafka: { version: "4.1.1" } });
  });

  it.each([
    { title: "was removed", stack: () => stackOf("echo '{}'") },
    { title: "was never synthesized", stack: () => new TerraformStack("terraform", "trial") },
  ])("are an error for an environment that $title", async ({ stack }) => {
    await expect(stack().outputs()).rejects.toThrowError(new CommandError(NOT_DEPLOYED));
    expect(existsSync(workspace.state("trial"))).toBe(false);
  });

  it("are read after all where the folder must be prepared first, without a word", async () => {
    const { out } = listenToConsole();
    const stack = stackOf(
      `[ "$1" = init ] || [ -e .terraform/kafka-platform-kit ] || exit 1\n${printing("output", { kafka: { value: {} } })}`,
    );
    expect(await stack.outputs()).toEqual({ kafka: {} });
    expect(calls()).toEqual(["output -json", "init -input=false -reconfigure", "output -json"]);
    expect(out).toEqual([]);
  });

  it("that cannot be read are not taken for an environment that is not deployed", async () => {
    const stack = stackOf("echo 'Error: Backend initialization required' >&2; exit 1");
    const error: unknown = await stack.outputs().catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain("Backend initialization required");
  });
});
