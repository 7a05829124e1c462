import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import { TerraformStack } from "../../cli/terraform-stack.ts";
import { stackFolder, workspace } from "../../stacks/workspace.ts";
import {
  putOnPath,
  scratchFolder,
  setVariable,
  workInScratchFolder,
} from "../constructs/scratch.ts";
import { listenToConsole } from "./console.ts";

const NOTE =
  'echo "$*" >>"$here/calls"; pwd >"$here/cwd"; mkdir -p .terraform; [ "$1" != init ] || echo settled >.terraform.lock.hcl';

/** A program whose state is in PostgreSQL. */
const ON_POSTGRES = {
  terraform: { backend: { pg: { conn_str: "postgres://db/states", schema_name: "trial" } } },
  resource: {},
};

const PLAN = { file: "plan", changes: [] };

let programs: string;

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
  setVariable("TF_WORKSPACE", undefined);
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

/** The script of a Terraform that has planned these changes. */
function planning(...changes: unknown[]): string {
  return `${printing("show", { resource_changes: changes })}\n[ "$1" != plan ] || exit 2`;
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

  it("says what networks and volumes it asks for", () => {
    const resource = {
      docker_volume: { b: { name: "trial-kafka-1-data" } },
      terraform_data: { a: { input: "trial-network" }, gate: { provisioner: [] } },
    };
    const stack = stackOf("", { resource });
    expect(stack.volumes()).toEqual([{ address: "docker_volume.b", name: "trial-kafka-1-data" }]);
    expect(stack.networks()).toEqual([{ address: "terraform_data.a", name: "trial-network" }]);
    expect(stackOf("").networks()).toEqual([]);
    expect(stackOf("").volumes()).toEqual([]);
  });

  it("is all to be made where nothing is there, without a question to Terraform", () => {
    const resource = {
      docker_container: { a: { name: "trial-kafka-1" } },
      terraform_data: { gate: { provisioner: [{ "local-exec": { command: "{}" } }] } },
    };
    const stack = stackOf("", { resource });
    const { file, changes } = stack.planFromNothing();
    expect(file).toBeUndefined();
    expect(changes).toMatchObject([
      { address: "docker_container.a", type: "docker_container", actions: ["create"] },
      { address: stack.gate().address, actions: ["create"] },
    ]);
    expect(existsSync(join(programs, "calls"))).toBe(false);
  });

  it.each([
    {
      env: ["KAFKA_NODE_ID=1", "KAFKA_CONTROLLER_QUORUM_VOTERS=103@c:1,101@a:1,102@b:1"],
      quorum: { metadata: "kraft", members: [101, 102, 103] },
    },
    {
      env: ["ZOOKEEPER_SERVERS=a:2888:3888;b:2888:3888;c:2888:3888"],
      quorum: { metadata: "zookeeper", members: [1, 2, 3] },
    },
    {
      env: ["ZOOKEEPER_CLIENT_PORT=2181"],
      quorum: { metadata: "zookeeper", members: [1] },
    },
  ])("says who decides on the metadata: $quorum", ({ env, quorum }) => {
    const resource = { docker_container: { other: { name: "other" }, a: { name: "a", env } } };
    expect(stackOf("", { resource }).quorum()).toEqual(quorum);
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
    expect(calls()).toEqual(["init -input=false"]);
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

describe("another backend than the one that was used", () => {
  const CHANGED = "echo 'Error: Backend configuration changed' >&2; exit 1";
  const ASKING =
    "echo 'Error: Can not ask approval for state migration when input is disabled' >&2";
  /** A Terraform whose former backend has this, and whose new one has that. */
  const terraform = (former: "nothing" | "a state" | "no answer", there = "{}"): string => {
    const migrate = {
      nothing: "exit 0",
      "a state": `case "$*" in *-force-copy*) exit 0 ;; esac; ${ASKING}; exit 1`,
      "no answer": "echo 'Error: connection refused' >&2; exit 1",
    }[former];
    // Beside the stack's own folder nothing is known of a former backend.
    return `case "$PWD $*" in
*"/trial init -input=false") ${CHANGED} ;;
*" -migrate-state"*) ${migrate} ;;
*"state pull") echo '${there}' ;;
esac`;
  };
  const STATE = JSON.stringify({
    resources: [{ mode: "managed", type: "docker_volume", name: "b", instances: [{}] }],
  });

  it("is taken where the former one held nothing", async () => {
    await stackOf(terraform("nothing"), ON_POSTGRES).init();
    expect(calls()).toContain("init -input=false -migrate-state");
    expect(calls().filter((call) => call.includes("-force-copy"))).toEqual([]);
  });

  it("is refused where that held a state, until somebody says to move it", async () => {
    const { out } = listenToConsole();
    const stack = stackOf(terraform("a state"), ON_POSTGRES);
    await expect(stack.init()).rejects.toThrowError(
      "nothing was changed; npm run deploy -- trial --migrate-state moves it, so that it is the state in backend pg",
    );
    expect(calls().filter((call) => call.includes("-force-copy"))).toEqual([]);
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(workspace.state("trial"), STATE);
    await stack.init(true);
    expect(calls().filter((call) => call.includes("-force-copy"))).toHaveLength(1);
    expect(out.join("\n")).toContain("moving the state of trial");
    expect(existsSync(workspace.state("trial"))).toBe(false);
    expect(readFileSync(`${workspace.state("trial")}.moved`, "utf8")).toBe(STATE);
  });

  it("is refused where it holds a state itself, even if that is asked for", async () => {
    const stack = stackOf(terraform("a state", STATE), ON_POSTGRES);
    await expect(stack.init(true)).rejects.toThrowError(
      /schema_name trial\) is one already; nothing was changed; .*"terraform init -reconfigure" in cdktf\.out\/stacks\/trial/,
    );
    expect(calls().filter((call) => call.includes("-migrate-state"))).toEqual([]);
  });

  it("is refused where the former one does not answer, with the way to forget it", async () => {
    await expect(stackOf(terraform("no answer"), ON_POSTGRES).init(true)).rejects.toThrowError(
      /cannot be read where it was kept until now; nothing was changed; .*\nError: connection refused/s,
    );
  });

  it("leaves nothing beside the stack's folder", async () => {
    await stackOf(terraform("nothing"), ON_POSTGRES).init();
    expect(readdirSync(dirname(stackFolder("trial")))).toEqual(["trial"]);
  });

  it("is seen by the state file too, where the working folder was made anew", async () => {
    listenToConsole();
    const stack = stackOf("", ON_POSTGRES);
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(workspace.state("trial"), STATE);
    await expect(stack.init()).rejects.toThrowError("--migrate-state moves it");
    await stack.init(true);
    expect(calls()).toContain(`state push -lock-timeout=10s ${workspace.state("trial")}`);
    expect(existsSync(workspace.state("trial"))).toBe(false);
  });

  it("that cannot be reached is named", async () => {
    const stack = stackOf("echo 'Error: connection refused' >&2; exit 1", ON_POSTGRES);
    await expect(stack.init()).rejects.toThrowError(
      "the state in backend pg (conn_str postgres://db/states, schema_name trial) cannot be reached; see that it is there and that its variables are set; nothing was changed\nError: connection refused",
    );
  });

  it("is not blamed for providers that cannot be had", async () => {
    const stack = stackOf(
      "echo 'Initializing provider plugins...'; echo 'Error: no provider' >&2; exit 1",
      ON_POSTGRES,
    );
    await expect(stack.init()).rejects.toThrowError(
      "Terraform cannot be prepared; nothing was changed\nError: no provider",
    );
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
      planning(
        change(["no-op"], { name: "same" }, { name: "same" }),
        change(["read"], null, {}),
        change(["create"], null, { name: "new" }),
        change(
          ["delete", "create"],
          { name: "old", labels: [{ label: "kafka-platform-kit.service", value: "kafka" }] },
          { name: "renamed" },
        ),
        change(["delete"], { name: "data" }, null, "docker_volume.b"),
        change(["update"], {}, {}, "terraform_data.c"),
      ),
    );
    const changes = (await stack.plan())?.changes;
    expect(changes).toEqual([
      {
        address: "docker_container.a",
        type: "docker_container",
        name: "new",
        actions: ["create"],
        imported: false,
        service: undefined,
      },
      {
        address: "docker_container.a",
        type: "docker_container",
        name: "old",
        actions: ["delete", "create"],
        imported: false,
        service: "kafka",
      },
      {
        address: "docker_volume.b",
        type: "docker_volume",
        name: "data",
        actions: ["delete"],
        imported: false,
        service: undefined,
      },
      {
        address: "terraform_data.c",
        type: "terraform_data",
        name: "terraform_data.c",
        actions: ["update"],
        imported: false,
        service: undefined,
      },
    ]);
  });

  it("is none when nothing is to be changed, and is not looked at then", async () => {
    expect(await stackOf("").plan()).toBeUndefined();
    expect(calls()).toHaveLength(1);
  });

  it("may be of the outputs only", async () => {
    expect((await stackOf(planning()).plan())?.changes).toEqual([]);
  });

  it("makes anew what Terraform does not see the end of", async () => {
    await stackOf("").plan([], ["terraform_data.a"]);
    expect(calls()[0]?.split(" ")).toContain("-replace=terraform_data.a");
  });

  it("imports what is there already, and leaves no trace of that in the program", async () => {
    const imports = [{ to: "docker_volume.b", id: "data" }];
    const planned = {
      address: "docker_volume.b",
      type: "docker_volume",
      change: {
        actions: ["no-op"],
        before: { name: "data" },
        after: { name: "data" },
        importing: { id: "data" },
      },
    };
    const stack = stackOf(
      `case "$1" in plan) cp adoption.tf.json "$here/adoption" ;; esac\n${planning(planned)}`,
    );
    expect((await stack.plan(imports))?.changes).toMatchObject([
      { name: "data", actions: ["no-op"], imported: true },
    ]);
    expect(JSON.parse(readFileSync(join(programs, "adoption"), "utf8"))).toEqual({
      import: imports,
    });
    expect(existsSync(join(stackFolder("trial"), "adoption.tf.json"))).toBe(false);
  });

  it("shows the very plan that is applied", async () => {
    listenToConsole();
    const stack = stackOf(planning());
    const plan = await stack.plan();
    await stack.apply(plan!);
    const [planned, shown, applied] = calls();
    expect(planned).toContain(`-out=${plan?.file}`);
    expect(shown).toBe(`show -json ${plan?.file}`);
    expect(applied?.split(" ").at(-1)).toBe(plan?.file);
    expect(applied).not.toContain("-auto-approve");
  });
});

describe("apply", () => {
  it("tells when it made what", async () => {
    listenToConsole();
    const begun = Date.now();
    const made = await stackOf(`cat <<'END'
terraform_data.network_bridge_E00D5E6B: Creating...
docker_container.kafka_broker-1_B7E72E3E: Creating...
terraform_data.network_bridge_E00D5E6B: Creation complete after 0s [id=1]
docker_container.kafka_broker-1_B7E72E3E: Creation complete after 0s [id=2]
terraform_data.ready_gate_80926FD4: Creating...
terraform_data.ready_gate_80926FD4: Creation complete after 0s [id=3]
END`).apply(PLAN);
    expect(made.map(({ name }) => name)).toEqual(["network", "container", "readiness"]);
    for (const { startedAt, endedAt } of made) {
      expect(startedAt).toBeGreaterThanOrEqual(begun);
      expect(endedAt).toBeGreaterThanOrEqual(startedAt);
    }
  });

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
END`).apply(PLAN);
    expect(out).toEqual([
      "  docker_container.a: Creation complete after 1s [id=0123]",
      "  trial-kafka-1 is ready",
      "  terraform_data.gate: Creation complete after 2s [id=4567]",
    ]);
  });

  it("that fails says why and that it can be gone on with", async () => {
    listenToConsole();
    const stack = stackOf("echo 'Error: no such network' >&2; exit 1");
    await expect(stack.apply(PLAN)).rejects.toThrowError(
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
  const resource = (type: string, name: string, id?: string): object => ({
    mode: "managed",
    type,
    name,
    instances: [{ attributes: id === undefined ? {} : { id } }],
  });

  it("tells its addresses, and the ids of what the engine has", async () => {
    const resources = [
      resource("docker_container", "a", "a1"),
      resource("docker_volume", "b", "data"),
      {
        ...resource("terraform_data", "c"),
        instances: [{ attributes: { input: { value: "net" } } }],
      },
      { ...resource("docker_image", "d", "d1"), mode: "data" },
      { ...resource("docker_image", "gone", "e1"), instances: [] },
    ];
    const outputs = { docker: { value: { host: "unix:///one.sock" } } };
    const stack = stackOf(printing("state", { resources, outputs }));
    writeFileSync(join(stackFolder("trial"), "terraform.tfstate"), "{}");
    expect(await stack.state()).toEqual({
      addresses: ["docker_container.a", "docker_volume.b", "terraform_data.c"],
      ids: new Set(["a1", "data", "net"]),
      environment: undefined,
      host: "unix:///one.sock",
      engineIds: ["a1"],
    });
  });

  it("is empty before the first deploy, and Terraform is not asked where it is a file", async () => {
    const empty = {
      addresses: [],
      ids: new Set(),
      environment: undefined,
      host: undefined,
      engineIds: [],
    };
    expect(await stackOf("").state()).toEqual(empty);
    expect(existsSync(join(programs, "calls"))).toBe(false);
    expect(await stackOf("", ON_POSTGRES).state()).toEqual(empty);
    expect(calls()).toEqual(["state pull"]);
  });

  describe("that Terraform has elsewhere than in its folder is asked for", () => {
    const known = printing("state", { resources: [resource("docker_container", "a", "a1")] });

    it("at an absolute path", async () => {
      const path = join(scratchFolder(), "states", "trial.tfstate");
      const stack = stackOf(known, { terraform: { backend: { local: { path } } }, resource: {} });
      expect((await stack.state()).addresses).toEqual([]);
      mkdirSync(dirname(path));
      writeFileSync(path, "{}");
      expect((await stack.state()).addresses).toEqual(["docker_container.a"]);
    });

    it("in a workspace of its own, by the variable", async () => {
      setVariable("TF_WORKSPACE", "other");
      expect((await stackOf(known).state()).addresses).toEqual(["docker_container.a"]);
    });

    it("in a workspace of its own, by what it keeps of the choice", async () => {
      const stack = stackOf(known);
      mkdirSync(join(stackFolder("trial"), ".terraform"));
      writeFileSync(join(stackFolder("trial"), ".terraform", "environment"), "other");
      expect((await stack.state()).addresses).toEqual(["docker_container.a"]);
    });
  });

  it("is others' too, unless it is a file", () => {
    expect(stackOf("").isLocal()).toBe(true);
    expect(stackOf("", ON_POSTGRES).isLocal()).toBe(false);
  });

  it("that cannot be read is not taken for empty, and is named", async () => {
    const stack = stackOf("echo 'Error: connection refused' >&2; exit 1", ON_POSTGRES);
    await expect(stack.state()).rejects.toThrowError(
      new CommandError(
        "the state in backend pg (conn_str postgres://db/states, schema_name trial) cannot be read; nothing was changed\nError: connection refused",
      ),
    );
  });

  it("of another environment is refused: a deploy would remove that one", async () => {
    const state = {
      outputs: { environment: { value: "other" } },
      resources: [resource("docker_volume", "b", "data")],
    };
    await expect(stackOf(printing("state", state), ON_POSTGRES).state()).rejects.toThrowError(
      "is that of environment other; nothing was changed; give trial one of its own",
    );
  });

  it("that could not be saved by the last change is asked for", async () => {
    const stack = stackOf("");
    writeFileSync(join(stackFolder("trial"), "errored.tfstate"), "{}");
    await expect(stack.state()).rejects.toThrowError(
      /could not save its state, which lies in cdktf\.out\/stacks\/trial\/errored\.tfstate; bring it in by "terraform state push errored\.tfstate"/,
    );
  });
});

describe("a change", () => {
  it("that is killed leaves a mark, by which the next deploy knows what it left", async () => {
    listenToConsole();
    await expect(stackOf("kill -9 $$").apply(PLAN)).rejects.toThrowError(CommandError);
    expect(existsSync(workspace.changing("trial"))).toBe(true);
    stackOf("").settled();
    expect(existsSync(workspace.changing("trial"))).toBe(false);
  });

  it.each([
    { end: "exit 0", error: [] },
    { end: "exit 1", error: expect.any(CommandError) as unknown },
  ])("that ends by itself ($end) leaves none", async ({ end, error }) => {
    listenToConsole();
    const stack = stackOf(`cp "../../../.kafka-platform/trial.changing.json" "$here/mark"; ${end}`);
    expect(await stack.apply(PLAN).catch((thrown: unknown) => thrown)).toEqual(error);
    expect(existsSync(join(programs, "mark"))).toBe(true);
    expect(existsSync(workspace.changing("trial"))).toBe(false);
  });

  it("that fails leaves the mark of an earlier one that was killed, until one succeeds", async () => {
    listenToConsole();
    await expect(stackOf("kill -9 $$").apply(PLAN)).rejects.toThrowError(CommandError);
    await expect(stackOf("exit 1").apply(PLAN)).rejects.toThrowError(CommandError);
    expect(existsSync(workspace.changing("trial"))).toBe(true);
    await stackOf("exit 0").apply(PLAN);
    expect(existsSync(workspace.changing("trial"))).toBe(false);
  });
});

it("resources are forgotten under the mark of a change, so that a deploy which gets no further is gone on with", async () => {
  await stackOf("").forget(["docker_network.a", "docker_network.b"]);
  expect(calls()).toEqual(["state rm -lock-timeout=10s docker_network.a docker_network.b"]);
  expect(existsSync(workspace.changing("trial"))).toBe(true);
});

describe("a locked state", () => {
  const LOCKED = `cat >&2 <<'END'
╷
│ Error: Error acquiring the state lock
│
│ Error message: resource temporarily unavailable
│ Lock Info:
│   ID:        25043a97-2531-4561-e7fb-f910e0e379c2
│   Path:      ../../../.kafka-platform/trial.tfstate
│   Operation: OperationTypeApply
│   Who:       root@vm
│   Version:   1.11.4
│   Created:   2026-11-23 01:45:32.121967056 +0000 UTC
│   Info:
╵
END
exit 1`;

  it.each([
    { what: "plan", attempt: (stack: TerraformStack) => stack.plan() },
    { what: "apply", attempt: (stack: TerraformStack) => stack.apply(PLAN) },
    { what: "a look", attempt: (stack: TerraformStack) => stack.lockOnce() },
  ])("names its holder and how to release it: $what", async ({ attempt }) => {
    listenToConsole();
    const backend = { local: { path: "../../../.kafka-platform/trial.tfstate" } };
    const stack = stackOf(LOCKED, { terraform: { backend }, resource: {} });
    await expect(attempt(stack)).rejects.toThrowError(
      new CommandError(
        'the state in .kafka-platform/trial.tfstate is locked by root@vm (OperationTypeApply) since 2026-11-23 01:45:32 UTC; nothing was changed; wait until that has ended; if it was killed, release the lock with "terraform force-unlock 25043a97-2531-4561-e7fb-f910e0e379c2" in cdktf.out/stacks/trial',
      ),
    );
  });

  it("in PostgreSQL is not said to be held by the one who could not have it", async () => {
    const stack = stackOf(LOCKED, ON_POSTGRES);
    putOnPath({ psql: "echo 'kit of me@there, process 7'" });
    await expect(stack.plan()).rejects.toThrowError(
      /\(conn_str .*\) is locked by kit of me@there, process 7; nothing was changed; /,
    );
    putOnPath({ psql: "exit 1" });
    await expect(stack.plan()).rejects.toThrowError(
      "is locked by another connection to that database; ",
    );
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
    expect(calls()).toEqual(["output -json", "init -input=false", "output -json"]);
    expect(out).toEqual([]);
  });

  it("that cannot be read are not taken for an environment that is not deployed", async () => {
    const stack = stackOf("echo 'Error: Backend initialization required' >&2; exit 1");
    const error: unknown = await stack.outputs().catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain("Backend initialization required");
  });
});
