import { randomBytes } from "node:crypto";
import { connect } from "node:http2";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

import { buildStandIn } from "../stand-ins/images.ts";

/** The stand-ins for the ksqlDB server and its command line, with real records in a real broker. */

const DEADLINE_MS = 120_000;
const name = `stand-in-ksqldb-${randomBytes(4).toString("hex")}`;
const label = `kafka-platform-kit.environment=${name}`;
const images = {
  server: `kafka-platform-kit-test/${name}:1`,
  cli: `kafka-platform-kit-test/${name}-cli:1`,
};
const broker = `${name}-broker`;
const server = `${name}-server`;
const cli = `${name}-cli`;
const EARLIEST = { "auto.offset.reset": "earliest" };

type Env = Readonly<Record<string, string>>;

async function docker(...args: readonly string[]): Promise<string> {
  return (await execa("docker", args, { all: true })).all;
}

async function run(container: string, env: Env, image: string, ...more: readonly string[]) {
  const variables = Object.entries(env).map(([key, value]) => `--env=${key}=${value}`);
  await docker(
    ...["run", "--detach", `--name=${container}`, `--hostname=${container}`, `--network=${name}`],
    ...[`--label=${label}`, "--memory=768m", "--publish=127.0.0.1::8088", ...variables],
    ...[...more, image],
  );
}

async function portOf(container: string): Promise<number> {
  const published = await execa("docker", ["port", container, "8088/tcp"], { reject: false });
  if (published.exitCode !== 0) {
    throw new Error(`${published.stderr}; the log:\n${await docker("logs", container)}`);
  }
  return Number(published.stdout.split(":").at(-1));
}

/** What a client gets: an answer, or `refused`. */
async function ask(path: string, body?: unknown, of = server): Promise<string> {
  const port = await portOf(of);
  return new Promise((resolve) => {
    const method = body === undefined ? "GET" : "POST";
    const signal = AbortSignal.timeout(30_000);
    const to = { host: "127.0.0.1", port, method, path, agent: false, signal };
    const sent = request(to, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve(`${response.statusCode} ${text}`));
      response.on("error", () => resolve("refused"));
    });
    // The engine's proxy takes the connection and ends it when nobody listens in the container.
    sent.on("error", () => resolve("refused"));
    sent.end(body === undefined ? "" : JSON.stringify(body));
  });
}

function ksql(text: string, streamsProperties: object = {}, of = server): Promise<string> {
  return ask("/ksql", { ksql: text, streamsProperties }, of);
}

/** Asks until the answer is wanted; gives all that came until then, without repetitions. */
async function answersUntil(wanted: RegExp, path: string, of = server): Promise<string[]> {
  const answers: string[] = [];
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask(path, undefined, of);
    if (answer !== answers.at(-1)) answers.push(answer);
    if (wanted.test(answer)) return answers;
    if (Date.now() > deadline) {
      throw new Error(`still "${answer}"; the log:\n${await docker("logs", of)}`);
    }
    await sleep(50);
  }
}

/** Rows of a push query over HTTP/2. */
async function rowsOf(sql: string, meanwhile: () => Promise<unknown>): Promise<string[]> {
  const session = connect(`http://127.0.0.1:${await portOf(server)}`);
  try {
    const stream = session.request({ ":method": "POST", ":path": "/query-stream" });
    stream.end(JSON.stringify({ sql, properties: EARLIEST }));
    await new Promise((resolve, reject) => {
      stream.once("response", resolve);
      stream.once("error", reject);
    });
    await meanwhile();
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return text.trim().split("\n").slice(1);
  } finally {
    session.destroy();
  }
}

/** Runs a program with kafkajs in a container beside the broker; it may print. */
async function withKafkaJs(program: string, on = broker): Promise<string> {
  const before = `
    import kafkajs from "kafkajs";
    const kafka = new kafkajs.Kafka({ brokers: ["${on}:9092"], logLevel: 0 });`;
  return docker(
    ...["run", "--rm", `--network=${name}`, `--label=${label}`, "--workdir=/opt/stand-in"],
    ...[images.server, "./node", "--input-type=module", "--eval", `${before}\n${program}`],
  );
}

function produce(topic: string, messages: readonly { key: string; value: string }[]) {
  return withKafkaJs(`
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic: "${topic}", messages: ${JSON.stringify(messages)} });
    await producer.disconnect();`);
}

/** Reads the records of a topic until all of these keys were there, as `key value`. */
async function recordsOf(topic: string, ...keys: readonly string[]): Promise<string[]> {
  const printed = await withKafkaJs(`
    const consumer = kafka.consumer({ groupId: "reader-" + Math.random() });
    await consumer.connect();
    await consumer.subscribe({ topic: "${topic}", fromBeginning: true });
    const missing = new Set(${JSON.stringify(keys)});
    await consumer.run({ eachMessage: async ({ message: { key, value } }) => {
      console.log(key + " " + value);
      if (missing.delete(String(key)) && missing.size === 0) setTimeout(() => process.exit(0), 500);
    } });`);
  return printed.split("\n");
}

async function exitOf(container: string): Promise<[code: string, log: string]> {
  const code = await docker("wait", container);
  return [code, await docker("logs", container)];
}

function brokerWith(container: string, env: Env = {}) {
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
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "1",
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
    KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: "1",
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    KAFKA_HEAP_OPTS: "-Xmx256M",
    ...env,
  };
  return run(container, settings, "kafka-platform-kit/kafka:3.9.1");
}

function envFor(container: string): Env {
  return {
    KSQL_BOOTSTRAP_SERVERS: `${container}:9092`,
    KSQL_LISTENERS: "http://0.0.0.0:8088",
    KSQL_KSQL_SERVICE_ID: "test_",
    STAND_IN_STATEMENT_TIMEOUT_SECONDS: "3",
    STAND_IN_HEALTH_TIMEOUT_SECONDS: "2",
    STAND_IN_STOP_SECONDS: "2",
  };
}

beforeAll(async () => {
  await buildStandIn("ksqldb", images.server);
  await buildStandIn("ksqldb-cli", images.cli);
  await docker("network", "create", `--label=${label}`, name);
  await run(server, envFor(broker), images.server);
  await run(cli, {}, images.cli, "--tty", "--entrypoint=/bin/sh");
});

afterAll(async () => {
  const containers = await docker("ps", "--all", "--quiet", `--filter=label=${label}`);
  if (containers !== "") {
    await docker("rm", "--force", "--volumes", ...containers.split("\n"));
  }
  await execa("docker", ["network", "rm", name], { reject: false });
  await execa("docker", ["image", "rm", "--force", ...Object.values(images)], { reject: false });
});

it("ends with 1 where the name of its broker does not resolve", async () => {
  // Nobody is there yet.
  const [code, log] = await exitOf(server);
  expect([code, log]).toEqual(["1", expect.stringContaining("No resolvable bootstrap urls")]);
});

it("refuses connections, answers 503, and then serves", async () => {
  await brokerWith(broker);
  await docker("start", server);
  const seen = await answersUntil(/^200/, "/info");
  expect(seen.map((answer) => answer.slice(0, 60))).toEqual([
    "refused",
    '503 {"@type":"generic_error","error_code":50302,"message":"K',
    '200 {"KsqlServerInfo":{"version":"7.0.1","kafkaClusterId":"4',
  ]);
  expect(await ask("/healthcheck")).toMatch(/^200 \{"isHealthy":true/);
});

it("runs as the real image does", async () => {
  const format =
    '{{.Config.User}} {{.Config.Cmd}} {{index .Config.Labels "kafka-platform-kit.stand-in"}}';
  expect(await docker("inspect", `--format=${format}`, server)).toBe(
    "appuser [/etc/confluent/docker/run] ksqldb",
  );
  expect(await docker("exec", server, "id", "-u")).toBe("1000");
});

it("shows a push query what others write, before and while it runs", async () => {
  const created = await ksql(
    "CREATE STREAM seen (id STRING KEY, n INT, word STRING) WITH (kafka_topic='seen', value_format='json', partitions=2);",
  );
  expect(created).toContain('"message":"Stream created"');
  const message = (n: number) => ({
    key: `k${n}`,
    value: JSON.stringify({ n, word: `größe ${n}` }),
  });
  const numbers = Array.from({ length: 30 }, (_, n) => n);
  await produce("seen", numbers.slice(0, 15).map(message));
  const rows = await rowsOf("SELECT * FROM seen EMIT CHANGES LIMIT 30;", () =>
    produce("seen", numbers.slice(15).map(message)),
  );
  expect(rows.sort()).toEqual(numbers.map((n) => `["k${n}",${n},"größe ${n}"]`).sort());
});

it("moves records to another topic, over a restart of its own", async () => {
  const created = await ksql(
    "CREATE STREAM even WITH (kafka_topic='even') AS SELECT id, n FROM seen WHERE n >= 28 EMIT CHANGES;",
    EARLIEST,
  );
  const id = /"queryId":"(CSAS_EVEN_\d+)"/.exec(created)?.[1];
  expect(id).toBeDefined();
  expect((await recordsOf("even", "k28", "k29")).sort()).toEqual(['k28 {"N":28}', 'k29 {"N":29}']);
  await docker("stop", "--time=30", server);
  expect(await docker("inspect", "--format={{.State.ExitCode}}", server)).toBe("143");
  await docker("start", server);
  await answersUntil(/^200/, "/info");
  await produce("seen", [{ key: "k40", value: '{"n":40}' }]);
  expect(await recordsOf("even", "k40")).toContain('k40 {"N":40}');
  expect(await ksql(`TERMINATE ${id};`)).toContain("Query terminated.");
  expect(await ksql("DROP STREAM even DELETE TOPIC;")).toContain("was dropped");
  expect(await ksql("SHOW TOPICS;")).not.toContain('"even"');
});

it("is asked by the command line", async () => {
  const url = `http://${server}:8088`;
  expect(await docker("exec", cli, "ksql", url, "--execute", "SHOW STREAMS;")).toContain("SEEN");
  expect(await docker("exec", cli, "ksql", "-e", "DESCRIBE seen;", url)).toContain("WORD");
  const unknown = ["exec", cli, "ksql", url, "--execute", "DESCRIBE nosuch;"];
  const refused = await execa("docker", unknown, { all: true, reject: false });
  expect([refused.exitCode, refused.all]).toEqual([255, expect.stringContaining("NOSUCH")]);
  const nowhere = ["exec", cli, "ksql", `http://${server}:8089`, "--execute", "SHOW STREAMS;"];
  const silent = await execa("docker", nowhere, { all: true, reject: false });
  expect([silent.exitCode, silent.all]).toEqual([255, expect.stringContaining("ECONNREFUSED")]);
});

it("says in the body that it is unhealthy while the broker is gone, and is healthy again", async () => {
  await docker("kill", broker);
  expect(await ask("/healthcheck")).toMatch(
    /^200 \{"isHealthy":false,.*"kafka":\{"isHealthy":false\}/,
  );
  expect(await ksql("SHOW STREAMS;")).toMatch(/^200 .*"SEEN"/);
  await docker("start", broker);
  await answersUntil(/"isHealthy":true,"details"/, "/healthcheck");
  expect(await ksql("DROP STREAM seen;")).toContain("was dropped");
});

it("is healthy and fails every CREATE where the broker can make no transactions", async () => {
  const other = `${broker}-rf3`;
  const otherServer = `${server}-rf3`;
  await brokerWith(other, { KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "3" });
  await run(otherServer, envFor(other), images.server);
  await answersUntil(/^200/, "/info", otherServer);
  expect(await ask("/healthcheck", undefined, otherServer)).toMatch(/^200 \{"isHealthy":true/);
  const answer = await ksql(
    "CREATE STREAM s (a STRING) WITH (kafka_topic='s', value_format='json', partitions=1);",
    {},
    otherServer,
  );
  expect(answer).toMatch(/^500 .*"error_code":50000,"message":"Timeout while initializing/);
});
