import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";

import { buildStandIn } from "../stand-ins/images.ts";
import { ask, type Exchange } from "../stand-ins/replay.ts";
import type { Env } from "./containers.ts";
import { combinedNode, Containers, eventually, exec, logs, stop, succeed } from "./containers.ts";

/** The stand-in for REST Proxy, with real records in a real broker. */

const KAFKA = "kafka-platform-kit/kafka:3.9.1";
const image = `kafka-platform-kit-test/rest-proxy-${randomBytes(4).toString("hex")}:1`;
const V2 = "application/vnd.kafka.v2+json";
const JSON_V2 = "application/vnd.kafka.json.v2+json";
const BINARY_V2 = "application/vnd.kafka.binary.v2+json";
const BOOTSTRAP = "broker:19092";

const proxyEnv = {
  KAFKA_REST_BOOTSTRAP_SERVERS: BOOTSTRAP,
  // As the kit has it: its clients are sent to the address that they dialled.
  KAFKA_REST_HOST_NAME: " ",
  KAFKA_REST_LISTENERS: "http://0.0.0.0:8082",
  KAFKA_REST_CUB_KAFKA_TIMEOUT: "90",
  // The real ones are minutes.
  KAFKA_REST_CLIENT_DEFAULT_API_TIMEOUT_MS: "2000",
  KAFKA_REST_PRODUCER_MAX_BLOCK_MS: "2000",
  KAFKA_REST_PRODUCER_DELIVERY_TIMEOUT_MS: "3000",
  KAFKA_REST_CONSUMER_MAX_POLL_INTERVAL_MS: "5000",
};

let containers: Containers;
let broker: string;
let proxy: string;

async function portOf(container: string): Promise<number> {
  const published = await succeed(["port", container, "8082/tcp"]);
  return Number(published.split(":").at(-1));
}

/** The status and what was answered, or `refused` or `no answer`. */
async function say(
  method: string,
  path: string,
  { body, type = V2, accept, seconds = 20 }: Say = {},
): Promise<string> {
  const headers = {
    ...(accept === undefined ? {} : { Accept: accept }),
    ...(body === undefined ? {} : { "Content-Type": type }),
  };
  const request = { method, path, headers, body: JSON.stringify(body) };
  const asked: Exchange["request"] = body === undefined ? { method, path, headers } : request;
  const deadline = AbortSignal.timeout(seconds * 1000);
  try {
    const answer = await ask(await portOf(proxy), asked, deadline);
    return `${answer.status} ${answer.body}`.trim();
  } catch {
    // The engine's proxy takes the connection and ends it when nobody listens in the container.
    return deadline.aborted ? "no answer" : "refused";
  }
}

interface Say {
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly seconds?: number;
}

function produced(...places: readonly (readonly [partition: number, offset: number])[]): string {
  const offsets = places.map(([partition, offset]) => ({
    ...{ partition, offset, error_code: null, error: null },
  }));
  return `200 ${JSON.stringify({ offsets, key_schema_id: null, value_schema_id: null })}`;
}

/** Makes a consumer instance that begins at the beginning. */
async function consumer(group: string, topic: string, format = "json", name = "i") {
  const config = { name, format, "auto.offset.reset": "earliest" };
  const created = await say("POST", `/consumers/${group}`, { body: config });
  const own = `/consumers/${group}/instances/${name}`;
  expect(created).toBe(
    `200 ${JSON.stringify({ instance_id: name, base_uri: `http://127.0.0.1:${await portOf(proxy)}${own}` })}`,
  );
  expect(await say("POST", `${own}/subscription`, { body: { topics: [topic] } })).toBe("204");
  return own;
}

/** Fetches until so many records have come, and then once more. */
async function fetched(own: string, count: number, accept = JSON_V2): Promise<unknown[]> {
  const records: unknown[] = [];
  await eventually("fetching records", proxy, async () => {
    const answer = await say("GET", `${own}/records`, { accept });
    if (!answer.startsWith("200 ")) return { exitCode: 1, output: answer };
    records.push(...(JSON.parse(answer.slice(4)) as unknown[]));
    return { exitCode: records.length < count ? 1 : 0, output: answer };
  });
  records.push(...(JSON.parse((await say("GET", `${own}/records`, { accept })).slice(4)) as []));
  return records;
}

/** Runs a program with kafkajs where the proxy is. */
async function kafkajs(program: string): Promise<string> {
  const before = `
    import kafkajs from "kafkajs";
    const kafka = new kafkajs.Kafka({ brokers: ["${BOOTSTRAP}"], logLevel: 0 });
    const print = (value) => console.log(JSON.stringify(value));`;
  const node = ["/opt/stand-in/node", "--input-type=module", "--eval", `${before}${program}`];
  const options = ["--network", broker.replace(/-broker$/, ""), "--workdir", "/opt/stand-in"];
  const { exitCode, output } = await containers.run(image, { options, command: node });
  expect(exitCode, output).toBe(0);
  return output;
}

async function startBroker(name: string, env: Env = {}): Promise<string> {
  const settings = { ...combinedNode(name), KAFKA_HEAP_OPTS: "-Xmx256M", ...env };
  return containers.start(name, KAFKA, { env: settings, options: ["--memory=768m"] });
}

beforeAll(async () => {
  containers = await Containers.create("stand-in-rest-proxy", [
    KAFKA,
    "kafka-platform-kit/java:17",
  ]);
  await buildStandIn("rest-proxy", image);
  broker = await startBroker("broker", { KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "2000" });
  const options = ["--publish=127.0.0.1::8082"];
  proxy = await containers.start("rest-proxy", image, { env: proxyEnv, options });
}, 180_000);

afterAll(async () => {
  await containers?.remove();
  await succeed(["image", "rm", "--force", image]);
});

it("refuses connections until it is ready, and never answers 503", async () => {
  const answers = new Set<string>();
  await eventually("GET /topics", proxy, async () => {
    const output = await say("GET", "/topics");
    answers.add(output);
    return { exitCode: output === "refused" ? 1 : 0, output };
  });
  answers.delete("refused");
  expect([...answers]).toEqual(["200 []"]);
});

it("runs as the real image does", async () => {
  const format =
    '{{.Config.User}} {{.Config.Cmd}} {{index .Config.Labels "kafka-platform-kit.stand-in"}}';
  expect(await succeed(["inspect", `--format=${format}`, proxy])).toBe(
    "appuser [/etc/confluent/docker/run] rest-proxy",
  );
  expect((await exec(proxy, "id", "-u")).output).toBe("1000");
});

it("carries a record of its own, whose first fetch is empty while the group waits for members", async () => {
  const records = [{ value: { foo: "bar" } }];
  expect(await say("POST", "/topics/jsontest", { body: { records }, type: JSON_V2 })).toBe(
    produced([0, 0]),
  );
  const own = await consumer("my_json_consumer", "jsontest");
  expect(await say("GET", `${own}/records`, { accept: JSON_V2 })).toBe("200 []");
  expect(await fetched(own, 1)).toEqual([
    { topic: "jsontest", key: null, value: { foo: "bar" }, partition: 0, offset: 0 },
  ]);
  expect(await say("GET", `${own}/assignments`)).toBe(
    '200 {"partitions":[{"topic":"jsontest","partition":0}]}',
  );
  const place = { partitions: [{ topic: "jsontest", partition: 0 }] };
  expect(await say("POST", `${own}/positions/beginning`, { body: place })).toBe("204");
  expect(await fetched(own, 1)).toHaveLength(1);
  expect(await say("DELETE", own)).toBe("204");
  expect(await say("DELETE", own)).toMatch(/^404 \{"error_code":40403/);
});

it("commits what was fetched when the instance goes", async () => {
  const own = await consumer("my_json_consumer", "jsontest");
  const records = [{ value: 2 }];
  await say("POST", "/topics/jsontest", { body: { records }, type: JSON_V2 });
  expect(await fetched(own, 1)).toEqual([
    { topic: "jsontest", key: null, value: 2, partition: 0, offset: 1 },
  ]);
  expect(await say("DELETE", own)).toBe("204");
  const offsets = await kafkajs(`
    const admin = kafka.admin();
    print(await admin.fetchOffsets({ groupId: "my_json_consumer", topics: ["jsontest"] }));
    await admin.disconnect();`);
  expect(JSON.parse(offsets)).toEqual([
    { topic: "jsontest", partitions: [{ partition: 0, offset: "2", metadata: null }] },
  ]);
});

it("gives what kafkajs wrote, and writes what kafkajs reads, to the same partitions", async () => {
  await kafkajs(`
    const admin = kafka.admin();
    await admin.createTopics({ topics: [{ topic: "both", numPartitions: 3 }], waitForLeaders: true });
    await admin.disconnect();
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const messages = Array.from({ length: 6 }, (_, at) => ({ key: "key-" + at, value: Buffer.from([at, 255]) }));
    await producer.send({ topic: "both", messages });
    await producer.disconnect();`);
  const own = await consumer("both", "both", "binary");
  const there = (await fetched(own, 6, BINARY_V2)) as Fetched[];
  expect(await say("DELETE", own)).toBe("204");
  const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
  expect(there.map(({ key, value }) => [key, value]).sort()).toEqual(
    Array.from({ length: 6 }, (_, at) => [base64(`key-${at}`), base64(Buffer.from([at, 255]))]),
  );
  expect(new Set(there.map(({ partition }) => partition)).size).toBe(3);

  const records = there.map(({ key }) => ({ key, value: base64("größe") }));
  const answer = await say("POST", "/topics/both", { body: { records }, type: BINARY_V2 });
  const ends = new Map([0, 1, 2].map((partition) => [partition, 0]));
  for (const { partition } of there) ends.set(partition, (ends.get(partition) ?? 0) + 1);
  const places = there.map(({ partition }) => {
    const offset = ends.get(partition) ?? 0;
    ends.set(partition, offset + 1);
    return [partition, offset] as const;
  });
  expect(answer).toBe(produced(...places));
  const read = await kafkajs(`
    const consumer = kafka.consumer({ groupId: "reader" });
    await consumer.subscribe({ topic: "both", fromBeginning: true });
    const values = [];
    await new Promise((resolve) => consumer.run({ eachMessage: async ({ message }) => {
      values.push(message.value.toString());
      if (values.length === 12) resolve();
    } }));
    await consumer.disconnect();
    print(values.filter((value) => value === "größe").length);`);
  expect(read).toBe("6");
});

interface Fetched {
  readonly key: string;
  readonly value: string;
  readonly partition: number;
}

it("tells of a topic and its partitions, and of a record that can't be read", async () => {
  const topic = JSON.parse((await say("GET", "/topics/both")).slice(4)) as Topic;
  const replicas = [{ broker: 1, leader: true, in_sync: true }];
  expect(topic.partitions).toEqual(
    [0, 1, 2].map((partition) => ({ partition, leader: 1, replicas })),
  );
  expect(topic.configs["cleanup.policy"]).toBe("delete");
  expect(await say("GET", "/topics/jsontest/partitions/0/offsets")).toBe(
    '200 {"beginning_offset":0,"end_offset":2}',
  );
  expect(await say("GET", "/topics/nope")).toMatch(/^404 \{"error_code":40403/);
  const own = await consumer("poison", "both");
  await eventually("a record that is not JSON", proxy, async () => {
    const output = await say("GET", `${own}/records`, { accept: JSON_V2 });
    return { exitCode: output.startsWith("408 ") ? 0 : 1, output };
  });
  expect(await say("GET", `${own}/records`, { accept: JSON_V2 })).toMatch(
    /^408 \{"error_code":40801,"message":"com\.fasterxml\.jackson/,
  );
  expect(await say("DELETE", own)).toBe("204");
});

interface Topic {
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly object[];
}

it("says inside HTTP 200 that a record was not written", async () => {
  const records = [{ value: 1, partition: 7 }, { value: 2 }];
  const answer = await say("POST", "/topics/jsontest", { body: { records }, type: JSON_V2 });
  expect(JSON.parse(answer.slice(4))).toEqual({
    offsets: [
      {
        ...{ partition: null, offset: null, error_code: 50003 },
        error: "Topic jsontest not present in metadata after 2000 ms.",
      },
      { partition: 0, offset: 2, error_code: null, error: null },
    ],
    ...{ key_schema_id: null, value_schema_id: null },
  });
});

it("hangs while an instance that nobody fetches from holds its group, and then goes on", async () => {
  const first = await consumer("held", "jsontest");
  expect(await fetched(first, 3)).toHaveLength(3);
  const second = await consumer("held", "jsontest", "json", "second");
  const joining = say("GET", `${second}/records`, { accept: JSON_V2 });
  // Until the second one's fetch is there, the first one's are answered.
  await eventually("no answer to the first one", proxy, async () => {
    const output = await say("GET", `${first}/records`, { accept: JSON_V2, seconds: 2 });
    return { exitCode: output === "no answer" ? 0 : 1, output };
  });
  expect(await say("DELETE", second, { seconds: 1 })).toBe("no answer");
  expect(await say("GET", "/topics/jsontest/partitions/0/offsets")).toMatch(/^200 /);
  expect(await joining).toMatch(/^(200|404) /);
  for (const own of [first, second]) expect(await say("DELETE", own)).toMatch(/^(204|404)/);
});

it("makes, shows and deletes topics by v3", async () => {
  const list = JSON.parse((await say("GET", "/v3/clusters")).slice(4)) as {
    data: readonly { cluster_id: string }[];
  };
  const topics = `/v3/clusters/${list.data[0]?.cluster_id}/topics`;
  const body = { topic_name: "v3t", partitions_count: 2, replication_factor: 1 };
  const type = "application/json";
  expect(await say("POST", topics, { body, type })).toMatch(/^201 .*"topic_name":"v3t"/);
  expect(await say("POST", topics, { body, type })).toBe(
    `400 {"error_code":40002,"message":"Topic 'v3t' already exists."}`,
  );
  expect(await say("GET", `${topics}/v3t`)).toMatch(/"partitions_count":2/);
  const record = { value: { type: "JSON", data: { a: 1 } } };
  expect(await say("POST", `${topics}/v3t/records`, { body: record, type })).toMatch(
    /^200 .*"topic_name":"v3t","partition_id":[01],"offset":0,/,
  );
  expect(await say("DELETE", `${topics}/v3t`)).toBe("204");
  expect(await say("GET", `${topics}/v3t`)).toMatch(/^404 \{"error_code":40403/);
});

it("says what it can while the broker is gone, and goes on when it is back", async () => {
  const own = await consumer("survivor", "jsontest");
  expect(await fetched(own, 3)).toHaveLength(3);
  await succeed(["kill", broker]);
  expect(await say("GET", "/")).toBe("200 {}");
  expect(await say("GET", "/topics")).toBe(
    '500 {"error_code":50003,"message":"Timed out waiting for a node assignment. Call: listNodes"}',
  );
  const records = [{ value: "lost" }];
  const answer = await say("POST", "/topics/jsontest", { body: { records }, type: JSON_V2 });
  expect(answer).toMatch(
    /^200 .*"error_code":50003,"error":"Expiring 1 record\(s\) for jsontest-0:3000 ms has passed/,
  );
  await succeed(["start", broker]);
  await eventually("GET /topics", proxy, async () => {
    const output = await say("GET", "/topics");
    return { exitCode: output.startsWith("200") ? 0 : 1, output };
  });
  const found = [{ value: "found" }];
  expect(await say("POST", "/topics/jsontest", { body: { records: found }, type: JSON_V2 })).toBe(
    produced([0, 3]),
  );
  expect(await fetched(own, 1)).toEqual([
    { topic: "jsontest", key: null, value: "found", partition: 0, offset: 3 },
  ]);
  expect(await say("DELETE", own)).toBe("204");
});

it("ends at SIGTERM with 143", async () => {
  expect(await stop(proxy)).toBe("143 false");
});

it.each([
  ["unresolved", "a name that does not resolve", "nowhere:9092", "No resolvable bootstrap urls"],
  ["unheard", "a port where nobody listens", "broker:9999", "Expected 1 brokers but found only 0."],
])("ends with 1 for want of a broker (%s): %s", async (name, _, bootstrap, message) => {
  const env = {
    ...proxyEnv,
    KAFKA_REST_BOOTSTRAP_SERVERS: bootstrap,
    KAFKA_REST_CUB_KAFKA_TIMEOUT: "1",
  };
  const container = await containers.start(name, image, { env });
  expect(await succeed(["wait", container])).toBe("1");
  expect(await logs(container)).toContain(message);
});
