import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ensureEngine } from "./prepare/engine.ts";
import { ensureLocalImages } from "./prepare/local-images.ts";
import { ensureOpenTofu } from "./prepare/opentofu.ts";
import { installPackages, runAsRoot, type Consent } from "./prepare/packages.ts";
import { ensurePostgres } from "./prepare/postgres.ts";
import { ensureProvider } from "./prepare/provider.ts";
import { ensurePython } from "./prepare/python.ts";
import { ensureTerraform } from "./prepare/terraform.ts";
import { say } from "./progress.ts";
import { ask, hasProgram } from "./shell.ts";

/** Checks that need no engine, in the order of what they cost. */
const CHECKS = ["format", "lint", "types", "dead-code", "build"] as const;

/** Images that the end-to-end tests run. */
const IMAGES = [
  "kafka-platform-kit/kafka:3.0.1",
  "kafka-platform-kit/kafka:3.9.1",
  "kafka-platform-kit/kafka:4.1.1",
  "kafka-platform-kit/zookeeper:3.6.3",
  "kafka-platform-kit/zookeeper:3.8.4",
  "kafka-platform-kit/apicurio-registry:3.0.9",
];

/** Programs that the end-to-end tests make their hosts with, and the Debian packages that bring them. */
const TOOLS = {
  ip: "iproute2",
  openssl: "openssl",
  "docker-registry": "docker-registry",
  // To look at the page of the smoke tests.
  chromium: "chromium",
  // For a rootless engine.
  rootlesskit: "rootlesskit",
  slirp4netns: "slirp4netns",
  newuidmap: "uidmap",
} as const;

const REPORTS = resolve("reports");

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Runs everything that proves the kit, and counts it: each check is one, each test is one.
 *
 * @returns the exit status
 */
export async function test(consent: Consent): Promise<number> {
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const counts: Count[] = [];
  for (const check of CHECKS) {
    say(`npm run ${check}`);
    const { ok } = await ask("npm", ["run", "--silent", check], {
      stdout: "inherit",
      stderr: "inherit",
    });
    counts.push({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });
  }
  counts.push(await suite("unit"));
  const terraform = await ensureTerraform(consent);
  const engine = await ensureEngine(consent);
  await ensureProvider(terraform);
  await ensureTools(consent);
  await ensurePostgres(consent);
  await ensurePython(consent);
  // The tests deploy with both, whichever was found.
  await ensureOpenTofu();
  await ensureLocalImages(IMAGES, engine, consent);
  counts.push(await suite("e2e"));
  const sum = (of: (count: Count) => number): number =>
    counts.reduce((total, count) => total + of(count), 0);
  const [passed, failed, skipped] = [
    sum((count) => count.passed),
    sum((count) => count.failed),
    sum((count) => count.skipped),
  ];
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed === 0 ? 0 : 1;
}

async function ensureTools(consent: Consent): Promise<void> {
  const missing: string[] = [];
  for (const [program, name] of Object.entries(TOOLS)) {
    if (!(await hasProgram(program))) missing.push(name);
  }
  if (missing.length === 0) return;
  await installPackages("the end-to-end tests", missing, consent);
  // The package starts a registry for all the world; the tests start their own, out of anybody's reach.
  if (missing.includes(TOOLS["docker-registry"]) && existsSync("/run/systemd/system")) {
    const disable = ["systemctl", "disable", "--now", "docker-registry"];
    await runAsRoot("stopping the registry that was installed", disable);
  }
}

/** Runs a vitest project and reads from its report what happened. */
async function suite(project: "unit" | "e2e"): Promise<Count> {
  say(`${project} tests`);
  const report = join(REPORTS, `${project}.json`);
  const { ok } = await ask(
    process.execPath,
    [
      join("node_modules", "vitest", "vitest.mjs"),
      "run",
      `--project=${project}`,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ],
    { stdout: "inherit", stderr: "inherit" },
  );
  let results;
  try {
    results = JSON.parse(readFileSync(report, "utf8")) as Record<string, number>;
  } catch {
    // No report: the runner itself broke down, and said why.
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const failed = results["numFailedTests"] ?? 0;
  return {
    passed: results["numPassedTests"] ?? 0,
    // A suite that fails outside of its tests fails all the same.
    failed: failed === 0 && !ok ? 1 : failed,
    skipped: (results["numPendingTests"] ?? 0) + (results["numTodoTests"] ?? 0),
  };
}
