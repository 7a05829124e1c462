import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { TestHost, untilOutput, type Outcome } from "./test-host.ts";

const BROKER = "dev-kafka-1";
const VOLUME = "dev-kafka-1-data";
const SETTINGS = "stacks/environments/dev.ts";
const PASSWORD = "not-for-the-program";
/** What PostgreSQL's backend takes from whoever runs Terraform. */
const ACCOUNT = { PGUSER: "kit", PGPASSWORD: PASSWORD };

let host: TestHost;
/** A second checkout on the same host. */
let second: string;
/** The environment's file without and with a backend. */
let plain: string;
let withBackend: string;

beforeAll(async () => {
  host = await TestHost.create(["kafka-platform-kit/kafka:4.1.1"]);
  host.leaveBrokersOnly("dev");
  const address = await host.startPostgres(ACCOUNT.PGUSER, PASSWORD);
  const shipped = readFileSync(join(host.checkout, SETTINGS), "utf8");
  plain = replaced(shipped, 'distribution: "confluent"', 'distribution: "local"');
  withBackend = replaced(
    `import { PgBackend } from "cdktf";\n${plain}`,
    "  kafka: {",
    `  backend: (stack) => new PgBackend(stack, { connStr: "${address}", schemaName: "dev" }),\n  kafka: {`,
  );
  writeFileSync(join(host.checkout, SETTINGS), withBackend);
  second = host.secondCheckout();
});

afterAll(async () => {
  await host?.remove();
});

function replaced(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

async function kit(folder: string, ...args: string[]): Promise<Outcome> {
  return host.run(["node", "cli/run.mjs", ...args], { cwd: folder, env: ACCOUNT });
}

async function idOf(kind: "container" | "network", name: string): Promise<string> {
  return host.must("docker", kind, "inspect", "--format", "{{.Id}}", name);
}

/** Names of everything in the engine that carries the environment's label. */
async function labelled(): Promise<string[]> {
  const label = "label=kafka-platform-kit.environment=dev";
  const lists = await Promise.all([
    host.must("docker", "container", "ls", "--all", "-q", "--filter", label),
    host.must("docker", "network", "ls", "-q", "--filter", label),
    host.must("docker", "volume", "ls", "-q", "--filter", label),
  ]);
  return lists
    .join("\n")
    .split("\n")
    .filter((line) => line !== "");
}

async function expectEmptyPlan(): Promise<void> {
  const plan = await host.plan("dev", { env: ACCOUNT });
  expect(plan, plan.output).toMatchObject({ exitCode: 0 });
}

async function produce(value: string): Promise<void> {
  await host.must(
    ...["docker", "exec", BROKER, "bash", "-c"],
    `echo ${value} | kafka-console-producer --bootstrap-server ${BROKER}:19092 --topic kept`,
  );
}

async function consumeAll(): Promise<string[]> {
  const output = await host.must(
    ...["docker", "exec", BROKER, "bash", "-c"],
    `kafka-console-consumer --bootstrap-server ${BROKER}:19092 --topic kept --partition 0 --offset earliest --max-messages 1 --timeout-ms 60000`,
  );
  return output.split("\n").filter((line) => line.startsWith("record-"));
}

async function clusterId(): Promise<string | undefined> {
  const { output } = await kit(host.checkout, "outputs", "dev");
  return (JSON.parse(output) as PlatformOutputs).kafka.clusterId ?? "";
}

function spawnKit(folder: string, ...args: string[]): ReturnType<TestHost["spawn"]> {
  return host.spawn(["node", "cli/run.mjs", ...args], { cwd: folder, env: ACCOUNT });
}

/** What a command has started and is waiting for. */
function childrenOf(pid: number): number[] {
  return (readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").match(/\d+/g) ?? []).map(
    Number,
  );
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within 60 s: ${what}`);
    await sleep(20);
  }
}

describe("a state in PostgreSQL", () => {
  test("is deployed to, and leaves neither state file nor password behind", async () => {
    const { exitCode, output } = await kit(host.checkout, "deploy", "dev");
    expect(exitCode, output).toBe(0);
    await expectEmptyPlan();
    const files = readdirSync(join(host.checkout, ".kafka-platform"));
    expect(files.filter((file) => file.includes("tfstate"))).toEqual([]);
    const found = await host.run([
      ...["grep", "--recursive", "--files-with-matches", PASSWORD],
      ...[".kafka-platform/dev.lock.json", ".kafka-platform/commands.log", "cdktf.out"],
    ]);
    expect(found).toEqual({ exitCode: 1, output: "" });
    await produce("record-1");
  });

  test("is another checkout's as well: nothing to change there", async () => {
    const { exitCode, output } = await kit(second, "deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("dev is as its file asks; nothing to change");
    expect(output).toContain(`no lock, but ${BROKER} runs on local 4.1.1`);
  });

  test("is plain cdktf's as well", async () => {
    const { exitCode, output } = await host.run(
      ["npx", "cdktf", "deploy", "dev", "--auto-approve"],
      { env: ACCOUNT },
    );
    expect(exitCode, output).toBe(0);
    expect(output).toContain("No changes. Your infrastructure matches the configuration.");
  });

  test("refuses the second of two deploys at once, naming who holds the lock", async () => {
    const before = await idOf("container", BROKER);
    writeFileSync(
      join(host.checkout, SETTINGS),
      replaced(
        withBackend,
        "listeners: [",
        'settings: { "log.retention.hours": "48" },\n    listeners: [',
      ),
    );
    const first = spawnKit(host.checkout, "deploy", "dev");
    const pid = first.pid ?? 0;
    await until("the first has replaced the broker", async () => {
      const { exitCode, output } = await host.run(["docker", "inspect", "-f", "{{.Id}}", BROKER]);
      return exitCode === 0 && output !== before;
    });
    const terraform = childrenOf(pid);
    expect(terraform).toHaveLength(1);
    for (const id of terraform) process.kill(id, "SIGSTOP");
    try {
      const { exitCode, output } = await kit(second, "deploy", "dev");
      expect(exitCode).toBe(1);
      expect(output).toMatch(
        new RegExp(
          `the state in backend pg \\(.*, schema_name dev\\) is locked by kafka-platform-kit of \\S+, process ${pid}, kit@127\\.0\\.0\\.1, connected since .*; nothing was changed; wait until that has ended`,
        ),
      );
    } finally {
      for (const id of terraform) process.kill(id, "SIGCONT");
    }
    const { exitCode, all } = await first;
    expect(exitCode, String(all)).toBe(0);
  });

  test("that cannot be reached is named, and nothing is changed", async () => {
    const before = await idOf("container", BROKER);
    await host.stopPostgres();
    try {
      const prepared = await kit(host.checkout, "deploy", "dev");
      expect(prepared.exitCode).toBe(1);
      expect(prepared.output).toMatch(/the state in backend pg \(.*\) cannot be read; nothing was/);
      await host.must("rm", "-r", join(second, "cdktf.out"));
      const fresh = await kit(second, "deploy", "dev");
      expect(fresh.exitCode).toBe(1);
      expect(fresh.output).toMatch(/the state in backend pg \(.*\) cannot be reached; see that/);
      expect(fresh.output).toContain("connection refused");
    } finally {
      await host.startPostgres(ACCOUNT.PGUSER, PASSWORD);
    }
    expect(await idOf("container", BROKER)).toBe(before);
  });
});

describe("another backend for what is deployed", () => {
  test("is refused until somebody says to move the state", async () => {
    writeFileSync(join(host.checkout, SETTINGS), plain);
    const refused = await kit(host.checkout, "deploy", "dev");
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain(
      "its state is still where it was; nothing was changed; npm run deploy -- dev --migrate-state moves it",
    );
    expect(existsSync(join(host.checkout, ".kafka-platform", "dev.tfstate"))).toBe(false);
    const moved = await kit(host.checkout, "deploy", "dev", "--migrate-state");
    expect(moved.exitCode, moved.output).toBe(0);
    expect(existsSync(join(host.checkout, ".kafka-platform", "dev.tfstate"))).toBe(true);
    await expectEmptyPlan();
    expect(await consumeAll()).toEqual(["record-1"]);
  });
});

describe("what the state does not know", () => {
  let cluster: string | undefined;

  test("is told and left alone: the state was lost", async () => {
    const before = await idOf("container", BROKER);
    cluster = await clusterId();
    await host.must("bash", "-c", "rm .kafka-platform/dev.tfstate* .kafka-platform/dev.lock.json");
    const { exitCode, output } = await kit(host.checkout, "start", "dev", "--yes");
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "dev is there already, but the state in .kafka-platform/dev.tfstate knows nothing of:\n",
    );
    expect(output).toMatch(/^ {2}container dev-kafka-1, running, started 2\S+Z$/m);
    expect(output).toMatch(/^ {2}network dev-network, made 2\S+Z$/m);
    expect(output).toMatch(/^ {2}volume dev-kafka-1-data$/m);
    expect(output).toContain("adopt it with npm run deploy -- dev --adopt");
    expect(await idOf("container", BROKER)).toBe(before);
  });

  test("is adopted when somebody says so: volume and network stay, no record is lost", async () => {
    const [container, network] = [
      await idOf("container", BROKER),
      await idOf("network", "dev-network"),
    ];
    const { exitCode, output } = await kit(host.checkout, "deploy", "dev", "--adopt");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("deploying dev: 1 to adopt, 4 to add");
    expect(output).toContain(`no lock, but ${BROKER} runs on local 4.1.1`);
    expect(output).toContain(`no lock, but volumes of cluster ${cluster}`);
    expect(await clusterId()).toBe(cluster);
    expect(await idOf("network", "dev-network")).toBe(network);
    expect(await idOf("container", BROKER)).not.toBe(container);
    expect(await consumeAll()).toEqual(["record-1"]);
    await expectEmptyPlan();
  });

  test("may be another checkout's: its platform is not touched", async () => {
    const before = await idOf("container", BROKER);
    const { exitCode, output } = await kit(second, "deploy", "dev");
    expect(exitCode).toBe(1);
    expect(output).toContain("go on where it was deployed");
    expect(await idOf("container", BROKER)).toBe(before);
  });
});

test("a state that has the network as the provider's own is gone on with: no record is lost", async () => {
  const cwd = join(host.checkout, "cdktf.out", "stacks", "dev");
  const terraform = async (...args: string[]): Promise<string> => {
    const { exitCode, output } = await host.run(["terraform", ...args], { cwd, env: ACCOUNT });
    expect(exitCode, output).toBe(0);
    return output;
  };
  const network = await idOf("network", "dev-network");
  const [now = ""] = (await terraform("state", "list")).match(/^terraform_data\.network\S*/m) ?? [];
  const former = join(cwd, "former.tf.json");
  const own = { docker_network: { network: { name: "dev-network" } } };
  writeFileSync(former, JSON.stringify({ resource: own }));
  await terraform("import", "docker_network.network", network);
  await terraform("state", "rm", now);
  await host.must("rm", former);
  const { exitCode, output } = await kit(host.checkout, "deploy", "dev");
  expect(exitCode, output).toBe(0);
  expect(await terraform("state", "list")).toContain(now);
  expect(await terraform("state", "list")).not.toContain("docker_network");
  expect(await idOf("network", "dev-network")).toBe(network);
  expect(await consumeAll()).toEqual(["record-1"]);
  await expectEmptyPlan();
});

test("a plain terraform that holds the lock is named, and how to release what it may leave", async () => {
  const cwd = join(host.checkout, "cdktf.out", "stacks", "dev");
  const list = await host.run(["terraform", "state", "list"], { cwd });
  const gate = list.output
    .split("\n")
    .find((address) => address.startsWith("terraform_data.ready_"));
  const holder = host.spawn(["terraform", "apply", `-replace=${gate}`], { cwd, stdin: "pipe" });
  try {
    await untilOutput(holder, "Enter a value:");
    const { exitCode, output } = await kit(host.checkout, "deploy", "dev");
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /the state in \.kafka-platform\/dev\.tfstate is locked by \S+@\S+ \(OperationTypeApply\) since 2.* UTC; nothing was changed; wait until that has ended; if it was killed, release the lock with "terraform force-unlock [0-9a-f-]{36}" in cdktf\.out\/stacks\/dev/,
    );
  } finally {
    holder.stdin?.end("no\n");
    await holder;
  }
});

describe("without anything deployed", () => {
  test("a volume of the wanted name that is somebody else's is refused and stays", async () => {
    for (const folder of [host.checkout, second]) {
      const removed = await kit(folder, "destroy", "dev", "--yes");
      expect(removed.exitCode, removed.output).toBe(0);
    }
    expect(await labelled()).toEqual([]);
    await host.must("docker", "volume", "create", VOLUME);
    const { exitCode, output } = await kit(host.checkout, "deploy", "dev");
    expect(exitCode).toBe(1);
    expect(output).toContain(`a volume ${VOLUME} is there that is not of environment dev`);
    await host.must("docker", "volume", "rm", VOLUME);
  });

  test("a start that is killed before PostgreSQL has its state goes on with the next one", async () => {
    const started = spawnKit(second, "deploy", "dev");
    await until("a container is made", async () => {
      const list = await host.must("docker", "ps", "-aq", "--filter", `name=^${BROKER}$`);
      return list.trim() !== "";
    });
    const pid = started.pid ?? 0;
    const children = childrenOf(pid);
    expect(children).not.toEqual([]);
    for (const id of [...children, pid]) process.kill(id, "SIGKILL");
    await started;
    const { exitCode, output } = await kit(second, "deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/going on with .*dev-kafka-1.*, left by a change that was cut off/);
    const removed = await kit(second, "destroy", "dev", "--yes");
    expect(removed.exitCode, removed.output).toBe(0);
    expect(await labelled()).toEqual([]);
  });
});
