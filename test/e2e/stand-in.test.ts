import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

import { buildStandIn } from "../stand-ins/images.ts";

/** The stand-in for Schema Registry, with real records in a real broker. */

const DEADLINE_MS = 120_000;
const name = `stand-in-${randomBytes(4).toString("hex")}`;
const label = `kafka-platform-kit.environment=${name}`;
const image = `kafka-platform-kit-test/${name}:1`;
const broker = `${name}-broker`;
const registry = `${name}-registry`;

const SCHEMA = '{"type":"record","name":"User","fields":[{"name":"name","type":"string"}]}';
const OTHER_SCHEMA = '{"type":"record","name":"Other","fields":[]}';

async function docker(...args: readonly string[]): Promise<string> {
  return (await execa("docker", args, { all: true })).all;
}

async function run(container: string, env: Readonly<Record<string, string>>, of: string) {
  const variables = Object.entries(env).map(([key, value]) => `--env=${key}=${value}`);
  await docker(
    ...["run", "--detach", `--name=${container}`, `--hostname=${container}`, `--network=${name}`],
    ...[`--label=${label}`, "--memory=768m", "--publish=127.0.0.1::8081", ...variables, of],
  );
}

/** What a client gets: an answer, or `refused`. */
async function ask(method: string, path: string, body?: unknown): Promise<string> {
  const published = await execa("docker", ["port", registry, "8081/tcp"], { reject: false });
  const port = Number(published.stdout.split(":").at(-1));
  if (published.exitCode !== 0) {
    throw new Error(`${published.stderr}; the log:\n${await docker("logs", registry)}`);
  }
  return new Promise((resolve) => {
    const headers = { "Content-Type": "application/json" };
    const sent = request(
      { host: "127.0.0.1", port, method, path, headers, agent: false },
      (response) => {
        let text = "";
        response.on("data", (chunk) => (text += String(chunk)));
        response.on("end", () => resolve(`${response.statusCode} ${text}`));
        response.on("error", () => resolve("refused"));
      },
    );
    // The engine's proxy takes the connection and ends it when nobody listens in the container.
    sent.on("error", () => resolve("refused"));
    sent.end(body === undefined ? "" : JSON.stringify(body));
  });
}

/** Asks until the answer is another than `refused`, or than those that are to pass. */
async function answerAfter(passing: RegExp, ...call: Parameters<typeof ask>): Promise<string> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask(...call);
    if (!passing.test(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(`still "${answer}"; the log:\n${await docker("logs", registry)}`);
    }
    await sleep(100);
  }
}

async function exitOf(container: string): Promise<[code: string, log: string]> {
  const code = await docker("wait", container);
  return [code, await docker("logs", container)];
}

const registryEnv = {
  SCHEMA_REGISTRY_HOST_NAME: registry,
  SCHEMA_REGISTRY_LISTENERS: "http://0.0.0.0:8081",
  SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: `${broker}:9092`,
  SCHEMA_REGISTRY_CUB_KAFKA_TIMEOUT: "90",
  SCHEMA_REGISTRY_KAFKASTORE_INIT_TIMEOUT_MS: "90000",
};

async function brokerWith(env: Readonly<Record<string, string>>, container = broker) {
  const settings = {
    CLUSTER_ID: "4L6g3nShT-eMCtK--X86sw",
    KAFKA_NODE_ID: "1",
    KAFKA_PROCESS_ROLES: "broker,controller",
    KAFKA_CONTROLLER_QUORUM_VOTERS: `1@${container}:9093`,
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_LISTENERS: `NETWORK://0.0.0.0:9092,CONTROLLER://${container}:9093`,
    KAFKA_ADVERTISED_LISTENERS: `NETWORK://${container}:9092`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,NETWORK:PLAINTEXT",
    KAFKA_INTER_BROKER_LISTENER_NAME: "NETWORK",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    KAFKA_HEAP_OPTS: "-Xmx256M",
    ...env,
  };
  await run(container, settings, "kafka-platform-kit/kafka:3.9.1");
}

beforeAll(async () => {
  await buildStandIn("schema-registry", image);
  await docker("network", "create", `--label=${label}`, name);
  await brokerWith({});
  await run(registry, registryEnv, image);
  const other = `${broker}-rf3`;
  await brokerWith({ KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "3" }, other);
  const env = {
    ...registryEnv,
    SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: `${other}:9092`,
    SCHEMA_REGISTRY_KAFKASTORE_INIT_TIMEOUT_MS: "4000",
  };
  await run(`${registry}-rf3`, env, image);
});

afterAll(async () => {
  const containers = await docker("ps", "--all", "--quiet", `--filter=label=${label}`);
  if (containers !== "") {
    await docker("rm", "--force", "--volumes", ...containers.split("\n"));
  }
  await execa("docker", ["network", "rm", name], { reject: false });
  await execa("docker", ["image", "rm", "--force", image], { reject: false });
});

it("refuses connections until it is ready, and never answers 503", async () => {
  expect(await answerAfter(/^refused$/, "GET", "/subjects")).toBe("200 []");
});

it("runs as the real image does", async () => {
  const format =
    '{{.Config.User}} {{.Config.Cmd}} {{index .Config.Labels "kafka-platform-kit.stand-in"}}';
  expect(await docker("inspect", `--format=${format}`, registry)).toBe(
    "appuser [/etc/confluent/docker/run] schema-registry",
  );
  expect(await docker("exec", registry, "id", "-u")).toBe("1000");
});

it("keeps schemas in _schemas over a restart, and ends at SIGTERM with 143", async () => {
  const versions = "/subjects/users-value/versions";
  expect(await ask("POST", versions, { schema: SCHEMA })).toBe('200 {"id":1}');
  const config = { compatibility: "FULL" };
  expect(await ask("PUT", "/config/users-value", config)).toBe('200 {"compatibility":"FULL"}');

  const stopped = Date.now();
  await docker("stop", "--time=20", registry);
  expect(Date.now() - stopped).toBeLessThan(10_000);
  expect(await docker("inspect", "--format={{.State.ExitCode}}", registry)).toBe("143");
  await docker("start", registry);

  expect(await answerAfter(/^refused$/, "GET", "/subjects")).toBe('200 ["users-value"]');
  expect(await ask("GET", "/schemas/ids/1")).toBe(`200 ${JSON.stringify({ schema: SCHEMA })}`);
  expect(await ask("GET", "/config/users-value")).toBe('200 {"compatibilityLevel":"FULL"}');

  const records = await docker(
    ...["exec", broker, "kafka-console-consumer", `--bootstrap-server=${broker}:9092`],
    ...["--topic=_schemas", "--from-beginning", "--max-messages=4", "--timeout-ms=20000"],
    ...["--property=print.key=true"],
  );
  const noop = '{"keytype":"NOOP","magic":0}\tnull';
  expect(records.split("\n").slice(0, 4)).toEqual([
    noop,
    `{"keytype":"SCHEMA","subject":"users-value","version":1,"magic":1}\t{"subject":"users-value","version":1,"id":1,"schema":${JSON.stringify(SCHEMA)},"deleted":false}`,
    '{"keytype":"CONFIG","subject":"users-value","magic":0}\t{"compatibilityLevel":"FULL"}',
    noop,
  ]);
});

it("reads and refuses to write while the broker is gone, and goes on when it is back", async () => {
  await docker("kill", broker);
  const versions = "/subjects/users-value/versions";
  expect(await ask("GET", "/subjects")).toBe('200 ["users-value"]');
  expect(await ask("POST", versions, { schema: SCHEMA })).toBe('200 {"id":1}');
  expect(await ask("POST", "/subjects/down-value/versions", { schema: OTHER_SCHEMA })).toBe(
    '500 {"error_code":50002,"message":"Register operation timed out"}',
  );
  await docker("start", broker);
  const answer = await answerAfter(/"error_code":50002/, "POST", "/subjects/down-value/versions", {
    schema: OTHER_SCHEMA,
  });
  expect(answer).toMatch(/^200 \{"id":\d+\}$/);
  expect(await docker("inspect", "--format={{.State.Status}}", registry)).toBe("running");
});

it("gives up when nobody else but it may write, and somebody does", async () => {
  const produce = `
    import kafkajs from "kafkajs";
    const kafka = new kafkajs.Kafka({ brokers: ["${broker}:9092"], logLevel: 0 });
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const message = { key: '{"keytype":"NOOP","magic":0}', value: "{}" };
    await producer.send({ topic: "_schemas", messages: [message] });
    await producer.disconnect();`;
  await docker(
    // In a container of its own: the registry's may be gone before the writer is.
    ...["run", "--rm", `--network=${name}`, `--label=${label}`, "--workdir=/opt/stand-in"],
    ...[image, "./node", "--input-type=module", "--eval", produce],
  );
  const [code, log] = await exitOf(registry);
  expect([code, log]).toEqual(["1", expect.stringContaining("works alone only")]);
});

it.each([
  ["a name that does not resolve", "nowhere:9092", "No resolvable bootstrap urls"],
  ["a port where nobody listens", `${broker}:9999`, "Expected 1 brokers but found only 0."],
])("ends with 1 for want of a broker: %s", async (what, bootstrap, message) => {
  const container = `${registry}-${what.split(" ")[1]}`;
  const env = {
    ...registryEnv,
    SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: bootstrap,
    SCHEMA_REGISTRY_CUB_KAFKA_TIMEOUT: "1",
  };
  await run(container, env, image);
  const [code, log] = await exitOf(container);
  expect([code, log]).toEqual(["1", expect.stringContaining(message)]);
});

it("ends with 1 where the broker can't make its offsets topic", async () => {
  const [code, log] = await exitOf(`${registry}-rf3`);
  expect([code, log]).toEqual(["1", expect.stringContaining("Timed out waiting for join group")]);
});
