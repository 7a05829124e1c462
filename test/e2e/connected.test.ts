import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EnvironmentLock } from "../../stacks/environment-lock.ts";
import { TestHost, untilOutput, type Outcome } from "./test-host.ts";
import { ACCOUNT, TestRegistry } from "./test-registry.ts";

const IMAGE = "confluentinc/cp-kafka:7.9.1";
const BROKER = "dev-kafka-1";
const ENVIRONMENT = "stacks/environments/dev.ts";

let host: TestHost;
let registry: TestRegistry;

beforeAll(async () => {
  // A disk of its own, so that it can be full.
  host = await TestHost.create([], { dataSize: "4g" });
  host.leaveBrokersOnly("dev");
  // Its content keeps cp-kafka's contract.
  registry = await TestRegistry.holding(host, "kafka-platform-kit/kafka:3.9.1", [IMAGE]);
});

afterAll(async () => {
  await host?.remove();
});

/** Runs a command of the kit for somebody with a docker configuration of that name. */
async function kitAs(login: string, ...args: string[]): Promise<Outcome> {
  return host.run(["node", "cli/run.mjs", ...args], { env: docker(login) });
}

function docker(login: string): { DOCKER_CONFIG: string } {
  return { DOCKER_CONFIG: host.file(`docker-${login}`) };
}

/** What `docker login` would have kept of a password that was right once. */
function keepPassword(login: string, password: string): void {
  const { DOCKER_CONFIG: folder } = docker(login);
  const auth = Buffer.from(`${ACCOUNT.name}:${password}`).toString("base64");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({ auths: { "https://index.docker.io/v1/": { auth } } }),
  );
}

async function images(): Promise<string[]> {
  const format = "{{.Repository}}:{{.Tag}}";
  const output = await host.must("docker", "image", "ls", "--all", "--format", format);
  return output.split("\n").filter((line) => line !== "");
}

async function idOf(container: string): Promise<string> {
  return host.must("docker", "inspect", "--format", "{{.Id}}", container);
}

function lock(): EnvironmentLock | undefined {
  const file = join(host.checkout, ".kafka-platform", "dev.lock.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as EnvironmentLock) : undefined;
}

/** Nothing of a first deploy that failed may be in the way of the next. */
async function expectNothingLeft(): Promise<void> {
  expect(await images()).toEqual([]);
  expect(await host.must("docker", "ps", "--all", "--quiet")).toBe("");
  expect(await host.must("docker", "volume", "ls", "--quiet")).toBe("");
  expect(lock()).toBeUndefined();
}

/** Changes the environment's file for as long as something is done. */
async function withChange<T>(from: string, to: string, work: () => Promise<T>): Promise<T> {
  const file = join(host.checkout, ENVIRONMENT);
  const before = readFileSync(file, "utf8");
  expect(before).toContain(from);
  writeFileSync(file, before.replace(from, to));
  try {
    return await work();
  } finally {
    writeFileSync(file, before);
  }
}

/** Asks for a version that this registry does not have; nothing that runs may change. */
async function deployUnknownVersion(login: string): Promise<string> {
  const before = [await idOf(BROKER), lock()];
  const { exitCode, output } = await withChange('"7.9.1"', '"7.9.99"', () =>
    kitAs(login, "deploy", "dev"),
  );
  expect(exitCode, output).toBe(1);
  expect([await idOf(BROKER), lock()]).toEqual(before);
  expect(await images()).toEqual([IMAGE]);
  return output;
}

async function removeEverything(): Promise<void> {
  const { exitCode, output } = await host.kit("destroy", "dev", "--yes");
  expect(exitCode, output).toBe(0);
  await host.must("docker", "image", "rm", IMAGE);
  await expectNothingLeft();
}

describe("an engine with a mirror that has the images", () => {
  beforeAll(async () => {
    await host.restartEngine(registry.mirrored);
  });

  test("npm start pulls what the environment asks for, proves it, and builds nothing", async () => {
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/Tests +10 passed/);
    expect(output).not.toContain("building");
    expect(output).toContain("images     confluent 7.9.1: asked for by the environment");
    expect(lock()?.images).toEqual({
      distribution: "confluent",
      version: "7.9.1",
      reason: "asked for by the environment",
      proven: true,
    });
    expect(await images()).toEqual([IMAGE]);
  });

  test("a version that the mirror lacks is refused by name, with the mirror", async () => {
    const output = await deployUnknownVersion("nobody");
    expect(output).toContain("error: confluentinc/cp-kafka:7.9.99 cannot be pulled: ");
    expect(output).toContain("; nor does the engine's mirror http://127.0.0.1:5000/ give it");
  });

  test("a mirror that goes away changes nothing that runs", async () => {
    await registry.stopMirror();
    const before = await idOf(BROKER);
    const again = await host.kit("start");
    expect(again.exitCode, again.output).toBe(0);
    expect(again.output).toContain("nothing to change; npm run smoke -- dev proves it again");
    expect(await idOf(BROKER)).toBe(before);
    const changed = await withChange(
      "listeners: [",
      'settings: { "log.retention.hours": "48" },\n    listeners: [',
      () => host.kit("deploy", "dev"),
    );
    expect(changed.exitCode, changed.output).toBe(0);
    expect(await idOf(BROKER)).not.toBe(before);
    expect(lock()?.images).toMatchObject({ distribution: "confluent", version: "7.9.1" });
    await removeEverything();
  });
});

describe("an engine that reaches the registry itself", () => {
  beforeAll(async () => {
    await registry.startHub();
    await host.restartEngine(registry.connected);
  });

  test("a first start without credentials says so, and builds nothing instead", async () => {
    const { exitCode, output } = await kitAs("nobody", "start");
    expect(exitCode, output).toBe(1);
    expect(output).toContain(`error: the registry does not give ${IMAGE}: `);
    expect(output).toContain("no basic auth credentials; check its name, log in with an account");
    await expectNothingLeft();
  });

  test("a first start with wrong ones says so", async () => {
    keepPassword("outdated", "wrong");
    const { exitCode, output } = await kitAs("outdated", "start");
    expect(exitCode, output).toBe(1);
    expect(output).toContain(
      `error: the registry does not give ${IMAGE}: unauthorized: authentication required; check its name, log in with an account that may pull it (docker login), or decide for images built here with IMAGES=local`,
    );
    await expectNothingLeft();
  });

  test("a disk that runs full in the middle of a pull is named, and nothing is left on it", async () => {
    const login = await host.run(
      ["docker", "login", "--username", ACCOUNT.name, "--password-stdin"],
      { env: docker("right"), stdin: "pipe", input: ACCOUNT.password },
    );
    expect(login, login.output).toMatchObject({ exitCode: 0 });
    await registry.haltNextPull();
    const start = host.spawn(["node", "cli/run.mjs", "start"], { env: docker("right") });
    const shown = untilOutput(start, `  pulling ${IMAGE}, 15 s so far: `);
    await registry.untilHalted();
    await host.resizeData("60m");
    // A pull that takes long shows how far it is.
    await shown;
    registry.goOn();
    const { exitCode, all } = await start;
    await host.resizeData("4g");
    expect(exitCode, String(all)).toBe(1);
    expect(all).toMatch(/15 s so far: \d+ of \d+ layers downloaded, 0 unpacked/);
    expect(all).toMatch(
      /error: the engine's disk is full: .*: no space left on device; free space there/,
    );
    await expectNothingLeft();
  });

  test("a pull that is cut off is no reason for other images", async () => {
    await registry.haltNextPull();
    const start = kitAs("right", "start");
    await registry.untilHalted();
    await registry.closeWay();
    const { exitCode, output } = await start;
    expect(exitCode, output).toBe(1);
    expect(output).toContain(`error: pulling ${IMAGE} broke off: `);
    await expectNothingLeft();
  });

  test("the next deploy goes on where the registry gives the image", async () => {
    await registry.openWay();
    const { exitCode, output } = await kitAs("right", "deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("dev is deployed and ready");
    expect(lock()?.images).toMatchObject({ distribution: "confluent", proven: true });
    expect(await images()).toEqual([IMAGE]);
  });

  test("a version that it lacks is refused by name", async () => {
    expect(await deployUnknownVersion("right")).toContain(
      "error: the registry does not give confluentinc/cp-kafka:7.9.99: manifest for confluentinc/cp-kafka:7.9.99 not found: manifest unknown: manifest unknown; check the version that the environment's file asks for, or decide for images built here with IMAGES=local",
    );
  });

  test("a certificate that the engine does not trust is named", async () => {
    await host.restartEngine(registry.distrustful);
    const output = await deployUnknownVersion("right");
    expect(output).toContain("x509: ");
    expect(output).toContain("(the engine does not trust that certificate; add its authority");
    await removeEverything();
  });
});
