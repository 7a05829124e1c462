import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestHost, type Outcome } from "./test-host.ts";

const BROKER = "dev-kafka-1";
const SETTINGS = "stacks/environments/dev.ts";
const NOTHING_TO_CHANGE = "dev is as its file asks; nothing to change";

let host: TestHost;
/** The OpenTofu that the kit builds on the host. */
let built: string;

beforeAll(async () => {
  host = await TestHost.create(["kafka-platform-kit/kafka:4.1.1"]);
  host.leaveBrokersOnly("dev");
  built = join(host.checkout, ".kafka-platform", "bin", "tofu");
});

afterAll(async () => {
  await host?.remove();
});

/** A path with all programs of this machine's but some. */
function pathWithout(...names: string[]): string {
  const folder = mkdtempSync(join(host.checkout, "path-"));
  const programs = new Map<string, string>();
  for (const from of (process.env["PATH"] ?? "").split(delimiter).reverse()) {
    for (const name of namesIn(from)) programs.set(name, join(from, name));
  }
  for (const [name, file] of programs) {
    if (!names.includes(name)) symlinkSync(file, join(folder, name));
  }
  return folder;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    // The path may name folders that are not there.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Runs a command with a path of its own, and with a name for cdktf's Terraform. */
async function runOn(path: string, command: readonly string[], terraform = ""): Promise<Outcome> {
  return host.run(command, { env: { PATH: path, TERRAFORM_BINARY_NAME: terraform } });
}

async function kitOn(path: string, ...args: string[]): Promise<Outcome> {
  return runOn(path, ["node", "cli/run.mjs", ...args]);
}

async function expectEmptyPlan(terraform: string): Promise<void> {
  const plan = await host.run([terraform, "plan", "-detailed-exitcode", "-no-color"], {
    cwd: join(host.checkout, "cdktf.out", "stacks", "dev"),
  });
  expect(plan, plan.output).toMatchObject({ exitCode: 0 });
}

async function containers(): Promise<string[]> {
  const all = await host.must("docker", "ps", "--all", "--quiet", "--no-trunc");
  return all.split("\n").filter((line) => line !== "");
}

/** Has the broker's container replaced by the next deploy. */
function setRetention(hours: number): void {
  const file = join(host.checkout, SETTINGS);
  const text = readFileSync(file, "utf8").replace(/ *settings: .*\n/, "");
  const changed = text.replace(
    /^( *)listeners: /m,
    `$1settings: { "log.retention.hours": "${hours}" },\n$1listeners: `,
  );
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
}

describe("a machine with neither Terraform nor OpenTofu", () => {
  test("and no Go is told what to install, before anything is changed", async () => {
    const path = pathWithout("terraform", "tofu", "go");
    const { exitCode, output } = await kitOn(path, "start", "--yes");
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "error: neither terraform nor tofu is on the path, and there is no Go toolchain to build OpenTofu with; install Terraform 1.5 or later or OpenTofu 1.6 or later, or Go 1.26.6 or later, and start again",
    );
    expect(await containers()).toEqual([]);
  });
});

describe("a machine with Go alone", () => {
  let path: string;

  beforeAll(() => {
    path = pathWithout("terraform", "tofu");
  });

  test("builds OpenTofu and goes from nothing to a proven platform", async () => {
    const { exitCode, output } = await kitOn(path, "start", "--yes");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("neither terraform nor tofu is on the path; building OpenTofu");
    expect(output).toMatch(/Creation complete/);
    expect(output).toMatch(/Tests +10 passed/);
    expect(await host.must(built, "version")).toMatch(/^OpenTofu v1\.12\.6$/m);
    await expectEmptyPlan(built);
  });

  test("changes nothing the second time, and builds nothing", async () => {
    const before = await containers();
    const { exitCode, output } = await kitOn(path, "start", "--yes");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("nothing to change; npm run smoke -- dev proves it again");
    expect(output).not.toContain("building");
    expect(await containers()).toEqual(before);
  });

  test("replaces the container for a changed setting", async () => {
    const before = await containers();
    setRetention(48);
    const { exitCode, output } = await kitOn(path, "deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(output).toContain(`${BROKER} is ready`);
    expect(await containers()).not.toEqual(before);
    await expectEmptyPlan(built);
  });

  test("is told by plain cdktf how to have it run the one that was built", async () => {
    const command = ["npx", "cdktf", "diff", "dev"];
    const lost = await runOn(path, command);
    expect(lost.exitCode).not.toBe(0);
    const way = `TERRAFORM_BINARY_NAME=${realpathSync(built)}`;
    expect(lost.output).toContain(
      `cdktf will not find terraform; to have cdktf run ${built}: export ${way}`,
    );
    const { exitCode, output } = await runOn(path, command, built);
    expect(exitCode, output).toBe(0);
    expect(output).toContain("No changes. Your infrastructure matches the configuration.");
  });
});

describe("the same checkout", () => {
  test("goes on with Terraform as soon as that is on the path", async () => {
    const before = await containers();
    const outputs = await kitOn(process.env["PATH"] ?? "", "outputs", "dev");
    expect(JSON.parse(outputs.output), outputs.output).toMatchObject({ environment: "dev" });
    const { exitCode, output } = await kitOn(process.env["PATH"] ?? "", "deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(output).toContain(NOTHING_TO_CHANGE);
    expect(await containers()).toEqual(before);
    await expectEmptyPlan("terraform");
    setRetention(24);
    const changed = await kitOn(process.env["PATH"] ?? "", "deploy", "dev");
    expect(changed.exitCode, changed.output).toBe(0);
    expect(changed.output).toContain("2 to replace");
    await expectEmptyPlan("terraform");
  });

  describe("with tofu on the path instead", () => {
    let path: string;

    beforeAll(() => {
      path = pathWithout("terraform", "tofu", "go");
      symlinkSync(built, join(path, "tofu"));
    });

    test("goes on by plain cdktf and by the commands", async () => {
      const before = await containers();
      const command = ["npx", "cdktf", "deploy", "dev", "--auto-approve"];
      const deployed = await runOn(path, command, "tofu");
      expect(deployed.exitCode, deployed.output).toBe(0);
      const { exitCode, output } = await kitOn(path, "deploy", "dev");
      expect(exitCode, output).toBe(0);
      expect(output).toContain(NOTHING_TO_CHANGE);
      expect(await containers()).toEqual(before);
      await expectEmptyPlan(built);
    });

    test("is removed whole", async () => {
      const { exitCode, output } = await kitOn(path, "destroy", "dev", "--yes");
      expect(exitCode, output).toBe(0);
      expect(output).toContain("Destruction complete");
      expect(output).not.toContain("of which the state did not know");
      expect(await containers()).toEqual([]);
      expect(await host.must("docker", "volume", "ls", "--quiet")).toBe("");
    });
  });
});
