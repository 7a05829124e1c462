import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Cluster, Command, Follow, Topic } from "./ksqldb/engine.mjs";
import { CommandTimeout, Engine, TooFewBrokers } from "./ksqldb/engine.mjs";
import { settingsFrom } from "./ksqldb/environment.mjs";
import { createKsqlServer } from "./ksqldb/http.mjs";
import type { KafkaRecord } from "./ksqldb/rows.mjs";
import { rowOf, writtenRow } from "./ksqldb/rows.mjs";

/**
 * The stand-in is held to what the real ksqlDB server 7.0.1 answered, which is in `recordings/`: one broker, the
 * requests in their order, then some over HTTP/2, some while the broker was gone, and one before it was ready.
 * Status, reason, all headers and the body must be the same byte for byte, but for {@link masked}.
 */

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  /** Absent where the client gave up. */
  readonly response?: Answer;
  /** After so many milliseconds. */
  readonly silentForMs?: number;
}

const CLAIMED = [
  ...["01-root", "02-info", "03-healthcheck", "04-server-metadata", "05-server-metadata-id"],
  ...["06-clusterStatus", "09-show-streams-empty", "10-show-tables", "11-show-topics"],
  ...["12-show-queries", "13-show-properties", "15-create-stream", "16-create-stream-again"],
  ...["17-create-stream-topic-missing", "18-create-stream-replicas-3", "19-bad-statement"],
  ...["20-bad-statement-no-semicolon", "21-unknown-stream", "22-select-via-ksql-endpoint"],
  ...["23-empty-ksql", "24-missing-ksql", "25-malformed-json", "26-empty-body"],
  ...["27-415-text-plain", "28-application-json", "29-no-content-type", "30-406", "31-404-path"],
  ...["32-405", "33-bad-property", "34-bad-property-value", "35-insert-values", "36-insert-bad"],
  ...["37-insert-unknown", "40-describe", "42-show-queries-2", "44-push-query-v1"],
  ...["45-push-query-v1-limit", "46-query-stream-push", "47-query-stream-push-limit"],
  ...["48-query-stream-json-accept", "50-pull-query-stream", "52-pull-full-scan"],
  ...["53-pull-on-stream-not-materialized", "54-query-bad", "55-query-stream-bad"],
  ...["56-query-with-statement", "57-query-stream-wrong-field", "58-close-query-404"],
  ...["59-inserts-stream", "60-status", "61-status-404", "62-ws-without-upgrade"],
  ...["63-terminate-cluster-bad", "64-drop-in-use", "65-terminate-unknown", "66-terminate-0"],
  ...["67-terminate-1", "68-drop-table", "69-drop-avro", "70-drop-stream", "71-drop-again"],
  ...["72-drop-if-exists", "74-multi-statement"],
];
const CLAIMED_HTTP2 = [
  ...["81-h2-query-stream-push", "82-h2-query-stream-push-limit", "83-h2-query-stream-json"],
  ...["85-h2-query-stream-bad", "86-h2-query-stream-wrong-field"],
];
const CLAIMED_BROKER_DOWN = [
  ...["9-broker-down-create-stream", "9-broker-down-healthcheck", "9-broker-down-info"],
  ...["9-broker-down-push-query", "9-broker-down-show-streams", "9-broker-down-show-topics"],
];
/** Tables, functions, plans, Avro, connectors, pull queries and inserts by a stream of requests. */
const NOT_CLAIMED = [
  ...["07-is-valid-property", "08-lag", "14-list-functions", "38-create-table-as"],
  ...["39-create-stream-avro", "41-describe-extended", "43-explain", "49-pull-query-v1"],
  ...["51-pull-query-missing-key", "73-show-connectors", "84-h2-pull", "87-h2-inserts-stream"],
  "88-h2-inserts-stream-bad-target",
];

const CLUSTER_ID = "fIV3zdX6SMeir_WWiO9_fw";
const RIDERS =
  "CREATE STREAM riders (id VARCHAR KEY, lat DOUBLE, lon DOUBLE) WITH (kafka_topic='riders', value_format='json', partitions=1);";

/** What the real one held after recordings that are not claimed: a table, and a stream in Avro. */
const LEFT_BY: Readonly<Record<string, (trial: Trial) => void>> = {
  "37-insert-unknown": ({ engine, cluster }) => {
    const key = { name: "ID", type: "STRING", key: true } as const;
    const readsFrom = ["RIDERS"];
    cluster.offset = 8;
    engine.add(
      {
        ...{ type: "TABLE", name: "LOC", topic: "LOC", valueFormat: "JSON", columns: [key] },
        ...{ readsFrom },
        statement:
          "CREATE TABLE LOC WITH (KAFKA_TOPIC='LOC', PARTITIONS=1, REPLICAS=1) AS SELECT\n  RIDERS.ID ID,\n  LATEST_BY_OFFSET(RIDERS.LAT) LA,\n  COUNT(*) N\nFROM RIDERS RIDERS\nGROUP BY RIDERS.ID\nEMIT CHANGES;",
      },
      "CTAS_LOC_3",
    );
    engine.add(
      {
        ...{ type: "STREAM", name: "RAVRO", topic: "RAVRO", valueFormat: "AVRO", columns: [key] },
        ...{ readsFrom },
        statement:
          "CREATE STREAM RAVRO WITH (KAFKA_TOPIC='RAVRO', PARTITIONS=1, REPLICAS=1, VALUE_FORMAT='avro') AS SELECT *\nFROM RIDERS RIDERS\nEMIT CHANGES;",
      },
      "CSAS_RAVRO_5",
    );
  },
};

/** What is inserted while a recorded query runs, and how many lines of rows end it. */
const WHILE: Readonly<Record<string, { readonly insert?: string; readonly rows: number }>> = {
  "44-push-query-v1": { insert: "('while-pushing', 1.5, 2.5)", rows: 2 },
  "81-h2-query-stream-push": { rows: 5 },
};

function recordings(file: string): readonly Exchange[] {
  const url = new URL(`ksqldb/recordings/${file}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as Exchange[];
}

/** Kafka as far as the engine sees it. */
class MemoryCluster implements Cluster {
  readonly records = new Map<string, KafkaRecord[]>();
  readonly commands: Command[] = [];
  readonly followers = new Set<{ readonly topic: string; readonly follow: Follow }>();
  brokers = 1;
  offset = 2;
  isGone = false;
  hasTransactions = true;
  #back: (() => void)[] = [];

  constructor(topics: readonly string[] = []) {
    for (const topic of topics) this.records.set(topic, []);
  }

  comeBack(): void {
    this.isGone = false;
    for (const back of this.#back.splice(0)) back();
  }

  async topics(): Promise<Topic[]> {
    await this.#there();
    return [...this.records.keys()].map((name) => ({ name, replicas: [1] }));
  }

  async createTopic(name: string, _: number, replicas: number): Promise<void> {
    await this.#there();
    if (replicas > this.brokers) {
      throw new TooFewBrokers(
        `Replication factor: ${replicas} larger than available brokers: ${this.brokers}.`,
      );
    }
    this.records.set(name, []);
  }

  async deleteTopic(name: string): Promise<void> {
    this.records.delete(name);
  }

  async produce(topic: string, record: KafkaRecord): Promise<void> {
    await this.#there();
    this.records.get(topic)?.push(record);
    for (const { topic: followed, follow } of this.followers) {
      if (followed === topic) await follow.take(record);
    }
  }

  follow(topic: string, follow: Follow) {
    const follower = { topic, follow };
    const start = async (): Promise<void> => {
      await this.#there();
      if (follow.fromBeginning) {
        for (const record of this.records.get(topic) ?? []) await follow.take(record);
      }
      this.followers.add(follower);
    };
    void start();
    return {
      stop: async () => {
        this.followers.delete(follower);
      },
    };
  }

  async append(command: Command): Promise<number> {
    await this.#there();
    if (!this.hasTransactions) throw new CommandTimeout("Timeout expired after 60000milliseconds");
    this.commands.push(command);
    this.offset += 2;
    return this.offset - 2;
  }

  async isHealthy(): Promise<boolean> {
    return !this.isGone;
  }

  async #there(): Promise<void> {
    if (this.isGone) await new Promise<void>((resolve) => this.#back.push(resolve));
  }
}

class Trial {
  readonly cluster = new MemoryCluster([
    ...["avrotest", "bintest", "eval_ksql_processing_log", "jsontest", "jstest", "notyet"],
    ...["pbtest", "_schemas", "__consumer_offsets", "_confluent-ksql-eval__command_topic"],
  ]);
  readonly engine: Engine;
  isReady = true;
  readonly #server;
  #port = 0;

  constructor(runnerDiesMs = 60_000) {
    const { serviceId, properties } = settingsFrom({
      KSQL_BOOTSTRAP_SERVERS: "kafka:9092",
      KSQL_KSQL_SERVICE_ID: "eval_",
      KSQL_KSQL_SCHEMA_REGISTRY_URL: "http://schema-registry:8081",
    });
    this.engine = new Engine(this.cluster, { serviceId, properties, runnerDiesMs });
    this.engine.addProcessingLog();
    this.#server = createKsqlServer(this.engine, {
      ...{ clusterId: CLUSTER_ID, serviceId, keepAliveMs: 5 },
      isReady: () => this.isReady,
    });
  }

  async start(): Promise<this> {
    this.#port = await this.#server.listen(0, "127.0.0.1");
    return this;
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }

  /** A query that runs for ever is left after so many rows; silence after so many milliseconds. */
  async ask(
    { method, path, headers, body }: Exchange["request"],
    { rows = Infinity, ms = 10_000 } = {},
  ): Promise<Answer> {
    const options = { host: "127.0.0.1", port: this.#port, method, path, headers, agent: false };
    const sent = httpRequest({ ...options, signal: AbortSignal.timeout(ms) });
    if (body !== undefined) sent.setHeader("Content-Length", Buffer.byteLength(body));
    sent.end(body);
    const [response] = await once(sent, "response");
    let text = "";
    for await (const chunk of response) {
      text += String(chunk);
      if (text.split('{"row"').length > rows && text.endsWith("\n")) break;
    }
    const { statusCode, statusMessage } = response;
    return { status: statusCode, reason: statusMessage, headers: response.headers, body: text };
  }

  async askHttp2(
    { method, path, headers, body }: Exchange["request"],
    { rows = Infinity } = {},
  ): Promise<Answer> {
    const session = connect(`http://127.0.0.1:${this.#port}`);
    try {
      const stream = session.request({ ":method": method, ":path": path, ...headers });
      stream.end(body);
      const [got] = (await once(stream, "response")) as [Record<string, string>];
      let text = "";
      for await (const chunk of stream) {
        text += String(chunk);
        if (text.split("\n").length - 2 >= rows) break;
      }
      const { ":status": status, ...rest } = got;
      return { status: Number(status), reason: "", headers: rest, body: text };
    } finally {
      session.destroy();
    }
  }

  async ksql(ksql: string, streamsProperties: object = {}): Promise<Answer> {
    const body = JSON.stringify({ ksql, streamsProperties });
    return this.ask({ method: "POST", path: "/ksql", headers: {}, body });
  }
}

/**
 * What cannot be the same: ids that are drawn, how often a running query sent an empty line, and the statistics of
 * what queries have read, which the stand-in does not count.
 */
function masked(body: string): string {
  return body
    .replace(/"transient_RIDERS_\d+"/, '"transient_RIDERS_0"')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "00000000-0000-0000-0000-000000000000")
    .replace(/"clusterStatistics":\[[^\]]*\]/, '"clusterStatistics":0')
    .replace(/\n+/g, "\n");
}

function comparable({ status, reason, headers, body }: Answer): Answer {
  const sorted = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = masked(body);
  // The length of what is masked says nothing.
  const held = sorted.filter(([name]) => name !== "content-length" || text === body);
  return { status, reason, headers: Object.fromEntries(held), body: text };
}

type Ask = (request: Exchange["request"], until: { readonly rows?: number }) => Promise<Answer>;

/** Replays recordings; what comes back are those that the stand-in answers differently. */
async function replay(
  exchanges: readonly Exchange[],
  trial: Trial,
  ask: Ask = (...about) => trial.ask(...about),
): Promise<string[]> {
  const different: string[] = [];
  for (const { name, request, response } of exchanges) {
    if (response === undefined) throw new Error(`${name} holds no answer`);
    const { insert, ...until } = WHILE[name] ?? {};
    const asked = ask(request, until);
    if (insert !== undefined) {
      while (trial.cluster.followers.size === 0) await sleep(5);
      await trial.ksql(`INSERT INTO riders (id, lat, lon) VALUES ${insert};`);
    }
    const [got, recorded] = [comparable(await asked), comparable(response)];
    if (JSON.stringify(got) !== JSON.stringify(recorded)) {
      different.push(
        `${name}\n  recorded: ${JSON.stringify(recorded)}\n  got:      ${JSON.stringify(got)}`,
      );
    }
    LEFT_BY[name]?.(trial);
  }
  return different;
}

let trial: Trial;

beforeEach(async () => {
  trial = await new Trial().start();
});

afterEach(async () => {
  await trial.stop();
});

describe("against the recordings", () => {
  const oneBroker = recordings("one-broker");
  const http2 = recordings("http2");
  const brokerDown = recordings("broker-down");

  it("claims the recordings that it holds, no more and no less", () => {
    const names = (exchanges: readonly Exchange[]) => exchanges.map(({ name }) => name);
    expect(names(oneBroker)).toEqual(CLAIMED);
    expect(names(http2)).toEqual(CLAIMED_HTTP2);
    expect(names(brokerDown)).toEqual(CLAIMED_BROKER_DOWN);
    expect(names(recordings("not-claimed"))).toEqual(NOT_CLAIMED);
    expect(names(recordings("startup"))).toEqual(["single-ksqldb-server"]);
    expect(readdirSync(new URL("ksqldb/recordings", import.meta.url)).sort()).toEqual([
      ...["broker-down.json", "http2.json", "not-claimed.json", "one-broker.json"],
      "startup.json",
    ]);
  });

  it("answers as the real one did", async () => {
    expect(await replay(oneBroker, trial)).toEqual([]);
  });

  it("answers over HTTP/2 as the real one did", async () => {
    await trial.ksql(RIDERS);
    for (const row of ["'a', 1, 2", "'b', 3, 4", "'ins', 1, 2", "'a', 1, 2", "'b', 3, 4"]) {
      await trial.ksql(`INSERT INTO riders VALUES (${row});`);
    }
    expect(await replay(http2, trial, (...about) => trial.askHttp2(...about))).toEqual([]);
  });

  it("answers before it is ready as the real one did", async () => {
    trial.isReady = false;
    expect(await replay(recordings("startup"), trial)).toEqual([]);
  });

  it("answers as the real one did while the broker is gone", async () => {
    await trial.ksql(RIDERS);
    await trial.ksql("INSERT INTO riders VALUES ('a', 1, 2);");
    trial.cluster.isGone = true;
    const silent = brokerDown.filter(({ silentForMs }) => silentForMs !== undefined);
    // The query outlasts the broker's absence.
    const outlasts = "9-broker-down-push-query";
    const answered = brokerDown.filter((exchange) => !silent.includes(exchange));
    const at = answered.filter(({ name }) => name !== outlasts);
    expect(await replay(at, trial)).toEqual([]);
    for (const { name, request } of silent) {
      await expect(trial.ask(request, { ms: 300 }), name).rejects.toThrow("aborted");
    }
    const outlasting = replay(
      answered.filter(({ name }) => name === outlasts),
      trial,
    );
    await sleep(50);
    trial.cluster.comeBack();
    expect(await outlasting).toEqual([]);
  });

  it.each([
    ["the status", (answer: Answer) => ({ ...answer, status: 201 })],
    ["the reason", (answer: Answer) => ({ ...answer, reason: "Fine" })],
    ["one byte of the body", (answer: Answer) => ({ ...answer, body: answer.body.slice(1) })],
    ["a header", (answer: Answer) => ({ ...answer, headers: { ...answer.headers, vary: "*" } })],
  ])("fails on a recording that differs in %s", async (_, change) => {
    const changed = oneBroker.map(({ response, ...exchange }) =>
      exchange.name === "21-unknown-stream" && response !== undefined
        ? { ...exchange, response: change(response) }
        : { ...exchange, ...(response === undefined ? {} : { response }) },
    );
    const different = await replay(changed, trial);
    expect(different.map((text) => text.split("\n")[0])).toEqual(["21-unknown-stream"]);
  });

  it("fails on what an earlier request should have left", async () => {
    const without = oneBroker.filter(({ name }) => name !== "70-drop-stream");
    const different = await replay(without, trial);
    expect(different.join("\n")).toContain("71-drop-again");
  });

  it("says that it does not know what it does not claim", async () => {
    await trial.ksql(RIDERS);
    const before = trial.cluster.commands.length;
    for (const { name, request } of recordings("not-claimed")) {
      const overHttp2 = name.includes("-h2-");
      const { status, body } = await (overHttp2 ? trial.askHttp2(request) : trial.ask(request));
      expect([name, status]).toEqual([name, expect.toSatisfy((code: number) => code >= 400)]);
      expect(body).toMatch(/this stand-in for ksqlDB does not know|does not exist/);
    }
    expect(trial.cluster.commands).toHaveLength(before);
  });
});

describe("beyond the recordings", () => {
  it("moves what passes the condition to the topic of a stream", async () => {
    await trial.ksql(RIDERS);
    await trial.ksql("INSERT INTO riders VALUES ('a', 1, 2.5);");
    const { body } = await trial.ksql(
      "CREATE STREAM far WITH (kafka_topic='far') AS SELECT id, lon AS east FROM riders WHERE lat >= 2 AND lon < 10 EMIT CHANGES;",
      { "auto.offset.reset": "earliest" },
    );
    expect(JSON.parse(body)).toMatchObject([
      {
        statementText:
          "CREATE STREAM FAR WITH (KAFKA_TOPIC='far', PARTITIONS=1, REPLICAS=1) AS SELECT\n  RIDERS.ID ID,\n  RIDERS.LON EAST\nFROM RIDERS RIDERS\nWHERE ((RIDERS.LAT >= 2) AND (RIDERS.LON < 10))\nEMIT CHANGES;",
        commandStatus: { status: "SUCCESS", queryId: "CSAS_FAR_3" },
      },
    ]);
    await trial.ksql(
      "INSERT INTO riders VALUES ('b', 2, 9.5); INSERT INTO riders VALUES ('c', 2, 10);",
    );
    expect(
      trial.cluster.records.get("far")?.map(({ key, value }) => [String(key), String(value)]),
    ).toEqual([["b", '{"EAST":9.5}']]);
    await trial.ksql("TERMINATE CSAS_FAR_3;");
    expect(trial.cluster.followers.size).toBe(0);
  });

  it("has its streams again after a restart", async () => {
    await trial.ksql(RIDERS);
    await trial.ksql("CREATE STREAM copy AS SELECT * FROM riders EMIT CHANGES;");
    const restarted = await new Trial().start();
    try {
      for (const [index, command] of trial.cluster.commands.entries()) {
        restarted.engine.restore(2 + 2 * index, command);
      }
      for (const shown of ["SHOW STREAMS;", "SHOW QUERIES;", "DESCRIBE copy;"]) {
        const [before, after] = [await trial.ksql(shown), await restarted.ksql(shown)];
        const withoutTopic = (body: string) => body.replace(/"(partitions|replication)":\d/g, "");
        expect(withoutTopic(after.body)).toBe(withoutTopic(before.body));
      }
    } finally {
      await restarted.stop();
    }
  });

  it("fails every CREATE, and is healthy, where brokers make no transactions", async () => {
    trial.cluster.hasTransactions = false;
    const { status, body } = await trial.ksql(RIDERS);
    expect([status, JSON.parse(body)]).toMatchObject([
      500,
      { error_code: 50000, message: expect.stringContaining("transaction.state.log") },
    ]);
    const health = await trial.ask({ method: "GET", path: "/healthcheck", headers: {} });
    expect(health.body).toContain('{"isHealthy":true');
  });

  it("is unhealthy for good, and only queues, once a statement has waited too long", async () => {
    const mortal = await new Trial(50).start();
    try {
      mortal.cluster.isGone = true;
      const create = mortal.ksql(RIDERS);
      await sleep(100);
      mortal.cluster.comeBack();
      await create;
      const { body } = await mortal.ask({ method: "GET", path: "/healthcheck", headers: {} });
      expect(body).toBe(
        '{"isHealthy":false,"details":{"metastore":{"isHealthy":true},"kafka":{"isHealthy":true},"commandRunner":{"isHealthy":false}}}',
      );
      const queued = await mortal.ksql("DROP STREAM IF EXISTS nothing;");
      expect([queued.status, JSON.parse(queued.body)]).toMatchObject([
        200,
        [{ commandStatus: { status: "QUEUED" } }],
      ]);
    } finally {
      await mortal.stop();
    }
  });

  it.each([
    ["CREATE STREAM s (a STRING) WITH (kafka_topic='t', value_format='avro', partitions=1);"],
    ["CREATE STREAM s (a ARRAY) WITH (kafka_topic='t', value_format='json', partitions=1);"],
    ["CREATE OR REPLACE STREAM s (a STRING) WITH (kafka_topic='t');"],
    ["CREATE STREAM s AS SELECT COUNT(*) FROM riders EMIT CHANGES;"],
    ["SHOW VARIABLES;"],
    ["SHOW STREAMS EXTENDED;"],
    ["DROP STREAM;"],
  ])("refuses what it does not read as the real one refuses: %s", async (ksql) => {
    await trial.ksql(RIDERS);
    const { status, body } = await trial.ksql(ksql);
    expect([status, JSON.parse(body)]).toMatchObject([
      400,
      { "@type": "statement_error", error_code: 40001, statementText: ksql, entities: [] },
    ]);
  });
});

describe("rows", () => {
  const columns = [
    { name: "ID", type: "STRING", key: true },
    { name: "N", type: "INTEGER", key: false },
    { name: "B", type: "BIGINT", key: false },
    { name: "D", type: "DOUBLE", key: false },
    { name: "Y", type: "BOOLEAN", key: false },
    { name: "T", type: "STRING", key: false },
  ] as const;
  const row = (value: string) =>
    writtenRow(columns, rowOf(columns, { key: Buffer.from("k"), value: Buffer.from(value) }) ?? []);

  it.each([
    ['{"n":1,"B":2,"d":3,"Y":true,"t":"x"}', '["k",1,2,3.0,true,"x"]'],
    ["{}", '["k",null,null,null,null,null]'],
    ['{"D":12345678,"T":7}', '["k",null,null,1.2345678E7,null,"7"]'],
    ['{"D":0.0001}', '["k",null,null,1.0E-4,null,null]'],
  ])("are read from %s", (value, expected) => {
    expect(row(value)).toBe(expected);
  });

  it.each([
    ["x", "is not JSON"],
    ["[]", "is not a JSON object"],
    ['{"N":"one"}', "INTEGER"],
    ['{"N":3000000000}', "INTEGER"],
    ['{"B":1.5}', "BIGINT"],
    ['{"Y":1}', "BOOLEAN"],
  ])("are not made of %s", (value, message) => {
    expect(() => row(value)).toThrow(message);
  });

  it("are not made of a record without a value", () => {
    expect(rowOf(columns, { key: null, value: null })).toBeUndefined();
  });
});

describe("settings", () => {
  it("are the image's", () => {
    const settings = settingsFrom({
      KSQL_BOOTSTRAP_SERVERS: "broker:29092",
      KSQL_LISTENERS: "http://0.0.0.0:8088",
      KSQL_HOST_NAME: "ksqldb-server",
      KSQL_CACHE_MAX_BYTES_BUFFERING: "0",
      KSQL_KSQL_LOGGING_PROCESSING_TOPIC_AUTO_CREATE: "true",
      KSQL_KSQL_INTERNAL_TOPIC_REPLICAS: "3",
      STAND_IN_STATEMENT_TIMEOUT_SECONDS: "2",
    });
    expect(settings).toMatchObject({
      ...{ brokers: ["broker:29092"], listeners: [{ host: "0.0.0.0", port: 8088 }] },
      ...{ serviceId: "default_", internalReplicas: 3, statementMs: 2000, healthMs: 30_000 },
      ...{ processingLogTopic: true, processingLogStream: false },
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ["no brokers", {}, "KSQL_BOOTSTRAP_SERVERS is required"],
    ["a file of queries", { KSQL_KSQL_QUERIES_FILE: "/q.sql" }, "KSQL_KSQL_QUERIES_FILE"],
    ["a bad listener", { KSQL_LISTENERS: "8088" }, "is not a listener"],
  ])("are refused: %s", (_, env, message) => {
    const brokers = message.includes("required") ? {} : { KSQL_BOOTSTRAP_SERVERS: "broker:9092" };
    expect(() => settingsFrom({ ...brokers, ...env })).toThrow(message);
  });
});
