import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, expect, it } from "vitest";
import type { PlatformOutputs } from "../../../smoke-tests/outputs.ts";
import { PARTLY } from "./platforms.ts";

/** The smoke tests themselves, run on platforms that are not there. */

const ROOT = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "report-"));
const page = join(folder, "reports", "page.html");

afterAll(() => rmSync(folder, { recursive: true }));

const NOBODY: PlatformOutputs = {
  ...PARTLY,
  environment: "nobody",
  kafka: {
    ...PARTLY.kafka,
    brokers: [{ id: 1, container: "nobody-kafka-1" }],
    listeners: {
      HOST: { vantage: "host", bootstrapServers: "localhost:1", security: "PLAINTEXT" },
    },
  },
  services: { schemaRegistry: { product: "confluent", url: "http://localhost:1" } },
};

async function smoke(
  outputs: PlatformOutputs | string,
): Promise<{ status: number | undefined; out: string }> {
  const file = join(folder, "outputs.json");
  writeFileSync(file, typeof outputs === "string" ? outputs : JSON.stringify(outputs));
  const { exitCode, all } = await execa(
    process.execPath,
    [
      join(ROOT, "node_modules/vitest/vitest.mjs"),
      "run",
      `--root=${ROOT}`,
      `--config=${join(ROOT, "smoke-tests/vitest.config.ts")}`,
    ],
    {
      all: true,
      reject: false,
      extendEnv: false,
      // No docker command either.
      env: {
        PATH: dirname(process.execPath),
        KAFKA_PLATFORM_OUTPUTS: file,
        KAFKA_PLATFORM_PAGE: page,
        NO_COLOR: "1",
      },
    },
  );
  return { status: exitCode, out: all };
}

it("shows what failed with its finding, and what was skipped because of it, in table and page", async () => {
  const { status, out } = await smoke(NOBODY);
  expect(status).toBe(1);
  expect(out).toContain("nobody: red, 0 proven, 2 failed, ");
  expect(out).toMatch(/✘ {2}Kafka HOST +the host +localhost:1 +kafkajs +1 failed, 4 not tried/);
  expect(out).toMatch(/✘ {2}Schema Registry +the host +http:\/\/localhost:1 +HTTP/);
  expect(out).toMatch(/– {2}Connect +not deployed/);
  expect(out).toContain(page);
  const text = readFileSync(page, "utf8");
  expect(text).toContain("<title>nobody: red, 0 proven, 2 failed, ");
  expect(text).toContain("localhost:1 refuses connections from this host");
  expect(text).toContain("not tried: &quot;answers at its bootstrap addresses&quot; failed");
});

it("shows a smoke test that cannot be loaded as broken, not as proven", async () => {
  const { status, out } = await smoke({ ...NOBODY, kafka: { ...NOBODY.kafka, listeners: {} } });
  expect(status).toBe(1);
  expect(out).toMatch(/outside of all tests: .*kafka\.smoke\.ts: .* has no listener/);
  expect(readFileSync(page, "utf8")).toContain("Outside of all tests");
});

it("leaves no page of an earlier run when there are no outputs to report on", async () => {
  writeFileSync(page, "old");
  const { status, out } = await smoke("no JSON");
  expect(status).toBe(1);
  expect(out).toContain("no report: ");
  expect(existsSync(page)).toBe(false);
});
