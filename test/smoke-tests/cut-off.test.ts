import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { PARTLY } from "./report/platforms.ts";

/** A smoke run that is interrupted while a registry takes a schema: what it asked for, and what came of the run. */

const ROOT = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "cut-off-"));
const page = join(folder, "page.html");
const asked: string[] = [];
const server = createServer((request, answer) => {
  asked.push(`${request.method} ${request.url?.replace(/kafka-platform-kit[^?/]*/, "<subject>")}`);
  const say = (body: unknown): unknown => answer.end(JSON.stringify(body));
  if (request.url === "/config") say({ compatibilityLevel: "BACKWARD" });
  else if (request.method !== "POST") say([]);
  else void interrupted.then(() => say({ id: 1 }));
});
let interrupted: Promise<void>;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

it("comes to the end of its step, removes what was made, and says that it was cut off", async () => {
  const { port } = server.address() as AddressInfo;
  const outputs: PlatformOutputs = {
    ...PARTLY,
    kafka: { ...PARTLY.kafka, brokers: [], listeners: {} },
    services: { schemaRegistry: { product: "confluent", url: `http://127.0.0.1:${port}` } },
  };
  const file = join(folder, "outputs.json");
  writeFileSync(file, JSON.stringify(outputs));
  const run = execa(
    process.execPath,
    [
      join(ROOT, "node_modules/vitest/vitest.mjs"),
      "run",
      `--root=${ROOT}`,
      `--config=${join(ROOT, "smoke-tests/vitest.config.ts")}`,
      "schema-registry",
    ],
    {
      all: true,
      reject: false,
      extendEnv: false,
      env: {
        PATH: dirname(process.execPath),
        KAFKA_PLATFORM_OUTPUTS: file,
        KAFKA_PLATFORM_PAGE: page,
        NO_COLOR: "1",
      },
    },
  );
  interrupted = new Promise((done) => {
    server.once("request", function wait(request) {
      if (request.method !== "POST") {
        server.once("request", wait);
        return;
      }
      run.kill("SIGINT");
      // The step is told of it while the registry still thinks. What vitest says of the steps may come much later: it gathers that.
      let seen = "";
      run.all.on("data", (text: Buffer) => {
        seen += String(text);
        if (seen.includes("interrupted: ")) done();
      });
    });
  });
  const { exitCode, all } = await run;
  expect({ exitCode, all }).toEqual({
    exitCode: 130,
    all: expect.stringMatching(/^dev: cut off, 2 proven, 0 failed, /m),
  });
  expect(asked).toEqual([
    "GET /subjects",
    "GET /config",
    "POST /subjects/<subject>/versions",
    // The second half of the step that ran.
    "POST /subjects/<subject>/versions",
    "DELETE /subjects/<subject>",
    "DELETE /subjects/<subject>?permanent=true",
    "GET /subjects?deleted=true",
  ]);
  expect(existsSync(page) && readFileSync(page, "utf8")).toContain("the run was cut off: 2 proven");
});
