import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { mayRestart, OUTPUTS_VARIABLE, readOutputs } from "../../smoke-tests/outputs.ts";

const directory = mkdtempSync(join(tmpdir(), "outputs-"));

function fileWith(content: string): string {
  const file = join(directory, "outputs.json");
  writeFileSync(file, content);
  return file;
}

afterAll(() => rmSync(directory, { recursive: true }));

describe("readOutputs", () => {
  const whole = {
    environment: "dev",
    docker: { network: "dev-network" },
    kafka: { clusterId: "j-rzR25sO62h-tZiyAqhyw", brokers: [], listeners: {} },
  };

  test("reads what an environment says of itself", () => {
    const file = fileWith(JSON.stringify(whole));
    expect(readOutputs({ [OUTPUTS_VARIABLE]: file })).toEqual(whole);
  });

  test.for([undefined, ""])("says how to run when the variable is %j", (value) => {
    expect(() => readOutputs({ [OUTPUTS_VARIABLE]: value })).toThrow(
      'KAFKA_PLATFORM_OUTPUTS is not set; run "npm run smoke -- <environment>"',
    );
  });

  test("names a file that is not there", () => {
    const file = join(directory, "nonesuch.json");
    expect(() => readOutputs({ [OUTPUTS_VARIABLE]: file })).toThrow(file);
  });

  test("names a file that is not JSON", () => {
    const file = fileWith("no JSON");
    expect(() => readOutputs({ [OUTPUTS_VARIABLE]: file })).toThrow(
      `${file} cannot be read as outputs (`,
    );
  });

  test("names all that a file lacks", () => {
    const lacking = { ...whole, docker: {}, kafka: { ...whole.kafka, brokers: undefined } };
    const file = fileWith(JSON.stringify(lacking));
    expect(() => readOutputs({ [OUTPUTS_VARIABLE]: file })).toThrow(
      `${file} does not describe a platform: it lacks docker.network, kafka.brokers; make it with "npm run outputs -- <environment>"`,
    );
  });

  test("reads a platform with ZooKeeper, which has no cluster id of its own", () => {
    const zooKeeper = { connect: "zookeeper:2181", servers: [{ id: 1, container: "zookeeper" }] };
    const kafka = { metadata: "zookeeper", zooKeeper, brokers: [], listeners: {} };
    const file = fileWith(JSON.stringify({ ...whole, kafka }));
    expect(readOutputs({ [OUTPUTS_VARIABLE]: file }).kafka.zooKeeper).toEqual(zooKeeper);
  });

  test("reads a platform without an engine, whose cluster has an id", () => {
    const { docker: _, ...elsewhere } = whole;
    const kafka = { ...whole.kafka, metadata: "zookeeper" };
    const file = fileWith(JSON.stringify({ ...elsewhere, kafka }));
    expect(readOutputs({ [OUTPUTS_VARIABLE]: file }).docker).toBeUndefined();
  });

  test.for([
    ["kraft", "kafka.clusterId"],
    ["zookeeper", "kafka.zooKeeper"],
  ] as const)("demands what names a cluster with %s: %s", ([metadata, name]) => {
    const kafka = { metadata, brokers: [], listeners: {} };
    const file = fileWith(JSON.stringify({ ...whole, kafka }));
    expect(() => readOutputs({ [OUTPUTS_VARIABLE]: file })).toThrow(`it lacks ${name};`);
  });
});

test.for([
  [undefined, true],
  ["yes", true],
  ["no", false],
] as const)("mayRestart takes %j for %j", ([value, answer]) => {
  expect(mayRestart({ KAFKA_PLATFORM_RESTARTS: value })).toBe(answer);
});

test("mayRestart refuses what is neither yes nor no", () => {
  expect(() => mayRestart({ KAFKA_PLATFORM_RESTARTS: "0" })).toThrow(
    'KAFKA_PLATFORM_RESTARTS is "0"; set it to yes or no',
  );
});
