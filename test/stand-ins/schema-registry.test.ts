import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import avsc from "avsc";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ask, differences, recordingsOf, type Answer, type Exchange } from "./replay.ts";
import { parseAvro } from "./schema-registry/avro.mjs";
import { incompatibilities } from "./schema-registry/compatibility.mjs";
import { settingsFrom } from "./schema-registry/environment.mjs";
import { StoreTimeout } from "./schema-registry/errors.mjs";
import { createHttpServer } from "./schema-registry/http.mjs";
import { Registry, type LogRecord } from "./schema-registry/registry.mjs";

/**
 * The stand-in is held to what the real Schema Registry 7.0.1 answered, which is in `recordings/`: one broker, the
 * requests in their order, and then some while the broker was gone.
 */

const CLAIMED = [
  ...["01-root", "02-subjects-empty", "03-config", "04-mode", "05-types", "06-metadata-id"],
  ...["07-metadata-version", "08-register", "09-register-again", "10-register-v2"],
  ...["11-register-application-json", "12-subjects", "13-versions", "14-version-1"],
  ...["15-version-latest", "16-version-1-schema", "17-schema-by-id", "18-schema-id-versions"],
  ...["19-schema-id-subjects", "20-lookup", "21-lookup-not-found-40403"],
  ...["22-lookup-subject-not-found-40401", "23-404-subject-versions", "24-404-subject-version"],
  ...["25-404-version", "26-404-schema-id", "27-422-version-number", "28-422-version-zero"],
  ...["29-409-incompatible-type", "30-409-incompatible-new-field-no-default", "31-422-bad-avro"],
  ...["32-422-bad-avro-not-json", "33-422-empty-schema", "34-422-unknown-schema-type"],
  ...["35-compat-true", "36-compat-false", "37-compat-false-verbose", "38-compat-404-subject"],
  ...["39-config-subject-unset-404", "40-config-subject-default", "41-config-put-subject"],
  ...["42-config-get-subject", "43-config-put-invalid-422", "44-config-delete-subject"],
  ...["45-config-put-global", "46-mode-put-readonly", "47-register-readonly-422"],
  ...["48-mode-put-readwrite", "49-mode-invalid", "50-415-text-plain", "51-415-no-content-type"],
  ...["52-406-accept-xml", "53-400-malformed-json", "54-empty-body", "55-422-unknown-field"],
  ...["56-404-path", "57-405-method", "58-404-html-accept", "63-get-protobuf"],
  ...["64-register-reference", "65-register-reference-missing-422", "66-referencedby"],
  ...["67-delete-referenced-422", "68-delete-version", "69-delete-subject-soft"],
  ...["70-delete-subject-again-404", "71-subjects-deleted", "72-delete-subject-hard"],
  ...["73-delete-hard-without-soft-40405", "74-delete-404", "75-subjects-prefix", "76-schemas"],
  ...["77-head", "78-options"],
];
const CLAIMED_BROKER_DOWN = [
  ...["9-broker-down-config", "9-broker-down-register-existing", "9-broker-down-register-new"],
  "9-broker-down-subjects",
];
/** JSON Schema and Protobuf are kept and shown, but neither read nor compared. */
const NOT_CLAIMED = [
  ...["59-register-json-schema", "60-bad-json-schema-422", "61-register-protobuf"],
  "62-bad-protobuf-422",
];

const CLUSTER_ID = "fIV3zdX6SMeir_WWiO9_fw";

/** What the real one's log held after recordings that are not claimed. */
const LEFT_BY: Readonly<Record<string, readonly LogRecord[]>> = {
  "58-404-html-accept": [
    schemaRecord("js-value", 3, "JSON", '{"type":"object","properties":{"f1":{"type":"string"}}}'),
    schemaRecord(
      "pb-value",
      4,
      "PROTOBUF",
      'syntax = "proto3";\npackage com.acme;\n\nmessage MyRecord {\n  string f1 = 1;\n  int32 n = 2;\n}\n',
    ),
  ],
  // Other services registered these, before the broker went.
  "78-options": [
    schemaRecord("avcon-value", 6, "AVRO", '"string"'),
    schemaRecord("avrotest-value", 7, "AVRO", '"int"'),
    schemaRecord("jstest-value", 8, "JSON", "{}"),
    schemaRecord("pbtest-value", 9, "PROTOBUF", ""),
  ],
};

function schemaRecord(subject: string, id: number, schemaType: string, schema: string): LogRecord {
  return {
    key: { keytype: "SCHEMA", subject, version: 1, magic: 1 },
    value: { subject, version: 1, id, schemaType, schema, deleted: false },
  };
}

function recordings(file: string): readonly Exchange[] {
  return recordingsOf("schema-registry", file);
}

/** A stand-in whose log is a list. */
class Trial {
  readonly log: LogRecord[] = [];
  brokerIsGone = false;
  readonly registry: Registry;
  private readonly server: Server;

  constructor(level = "BACKWARD") {
    this.registry = new Registry({
      level,
      log: {
        settled: async () => undefined,
        append: async (record: LogRecord) => {
          if (this.brokerIsGone) throw new StoreTimeout("the broker is gone");
          this.put(record);
        },
      },
    });
    this.server = createHttpServer(this.registry, {
      clusterId: CLUSTER_ID,
      group: "schema-registry",
    });
  }

  put(record: LogRecord): void {
    // As it would come back from Kafka.
    const copy = JSON.parse(JSON.stringify(record)) as LogRecord;
    this.log.push(copy);
    this.registry.apply(copy);
  }

  async start(): Promise<this> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  async ask(request: Exchange["request"]): Promise<Answer> {
    return ask((this.server.address() as AddressInfo).port, request);
  }

  async post(path: string, body: unknown): Promise<Answer> {
    const headers = { "Content-Type": "application/vnd.schemaregistry.v1+json" };
    return this.ask({ method: "POST", path, headers, body: JSON.stringify(body) });
  }

  async register(subject: string, schema: unknown): Promise<Answer> {
    return this.post(`/subjects/${subject}/versions`, { schema: JSON.stringify(schema) });
  }
}

/** Replays recordings; what comes back are the names of those that the stand-in answers differently. */
async function replay(exchanges: readonly Exchange[], trial: Trial): Promise<string[]> {
  return differences(exchanges, {
    ask: (request) => trial.ask(request),
    after: (name) => {
      for (const record of LEFT_BY[name] ?? []) trial.put(record);
    },
  });
}

function avscResolves(reader: unknown, writer: unknown): boolean {
  const [from, to] = [writer, reader].map((schema) => avsc.Type.forSchema(schema as avsc.Schema));
  try {
    if (from !== undefined) to?.createResolver(from);
    return true;
  } catch {
    return false;
  }
}

let trial: Trial;

beforeEach(async () => {
  trial = await new Trial().start();
});

afterEach(async () => {
  await trial.stop();
});

describe("against the recordings", () => {
  const oneBroker = recordings("one-broker.json");
  const brokerDown = recordings("broker-down.json");

  it("claims the recordings that it holds, no more and no less", () => {
    expect(oneBroker.map(({ name }) => name)).toEqual(CLAIMED);
    expect(brokerDown.map(({ name }) => name)).toEqual(CLAIMED_BROKER_DOWN);
    expect(recordings("not-claimed.json").map(({ name }) => name)).toEqual(NOT_CLAIMED);
    expect(readdirSync(new URL("schema-registry/recordings", import.meta.url)).sort()).toEqual([
      "broker-down.json",
      "not-claimed.json",
      "one-broker.json",
    ]);
  });

  it("answers as the real one did, and while the broker is gone", async () => {
    expect(await replay(oneBroker, trial)).toEqual([]);
    trial.brokerIsGone = true;
    expect(await replay(brokerDown, trial)).toEqual([]);
  });

  it.each([
    ["the status", (answer: Answer) => ({ ...answer, status: 201 })],
    ["the reason", (answer: Answer) => ({ ...answer, reason: "Fine" })],
    ["one byte of the body", (answer: Answer) => ({ ...answer, body: answer.body.slice(1) })],
    ["a header", (answer: Answer) => ({ ...answer, headers: { ...answer.headers, Vary: "*" } })],
    [
      "a header that is missing",
      ({ headers, ...answer }: Answer) => ({
        ...answer,
        headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "Vary")),
      }),
    ],
  ])("fails on a recording that differs in %s", async (_, change) => {
    const changed = oneBroker.map((exchange) =>
      exchange.name === "14-version-1"
        ? { ...exchange, response: change(exchange.response) }
        : exchange,
    );
    const different = await replay(changed, trial);
    expect(different.map((text) => text.split("\n")[0])).toEqual(["14-version-1"]);
  });

  it("fails on what an earlier request should have left", async () => {
    const without = oneBroker.filter(({ name }) => name !== "10-register-v2");
    const different = await replay(without, trial);
    expect(different.join("\n")).toContain("15-version-latest");
  });

  it("says that it does not know what it does not claim", async () => {
    for (const { name, request } of recordings("not-claimed.json")) {
      const { status, body } = await trial.ask(request);
      expect([name, status]).toEqual([name, 501]);
      expect(body).toContain("this stand-in for Schema Registry does not know");
    }
    expect(trial.log).toEqual([]);
  });
});

describe("beyond the recordings", () => {
  it.each([
    ["GET", "/contexts"],
    ["GET", "/subjects/a/versions?deleted=true"],
    ["GET", "/subjects/:.context:a/versions"],
    ["DELETE", "/mode/a"],
    ["DELETE", "/config"],
    ["GET", "/schemas/ids/1/schema"],
    ["OPTIONS", "/config"],
  ])("does not guess the answer to %s %s", async (method, path) => {
    const { status } = await trial.ask({ method, path, headers: {} });
    expect(status).toBe(501);
  });
});

describe("the log", () => {
  const user = { type: "record", name: "User", fields: [{ name: "name", type: "string" }] };

  it("holds records of the real one's form", async () => {
    await trial.register("users", user);
    await trial.ask({
      method: "PUT",
      path: "/config/users",
      headers: { "Content-Type": "application/json" },
      body: '{"compatibility": "none"}',
    });
    await trial.ask({ method: "DELETE", path: "/subjects/users", headers: {} });
    await trial.ask({ method: "DELETE", path: "/subjects/users?permanent=true", headers: {} });
    const config = '{"keytype":"CONFIG","subject":"users","magic":0}';
    const schema = '{"keytype":"SCHEMA","subject":"users","version":1,"magic":1}';
    expect(trial.log.map(({ key, value }) => [JSON.stringify(key), JSON.stringify(value)])).toEqual(
      [
        [
          schema,
          String.raw`{"subject":"users","version":1,"id":1,"schema":"{\"type\":\"record\",\"name\":\"User\",\"fields\":[{\"name\":\"name\",\"type\":\"string\"}]}","deleted":false}`,
        ],
        [config, '{"compatibilityLevel":"NONE"}'],
        [
          '{"keytype":"DELETE_SUBJECT","subject":"users","magic":0}',
          '{"subject":"users","version":1}',
        ],
        [config, "null"],
        [schema, "null"],
      ],
    );
  });

  it("is all that a restart needs", async () => {
    await replay(recordings("one-broker.json"), trial);
    const restarted = await new Trial().start();
    try {
      for (const record of trial.log) restarted.put(record);
      for (const path of ["/schemas", "/subjects?deleted=true", "/config", "/mode/users-value"]) {
        const request = { method: "GET", path, headers: {} };
        expect((await restarted.ask(request)).body).toBe((await trial.ask(request)).body);
      }
    } finally {
      await restarted.stop();
    }
  });

  it("never gives an id twice, not even after a write that failed", async () => {
    trial.brokerIsGone = true;
    expect((await trial.register("users", user)).status).toBe(500);
    trial.brokerIsGone = false;
    expect((await trial.register("users", user)).body).toBe('{"id":2}');
  });

  it("refuses a record that it can't read", () => {
    const record = { key: { keytype: "CLEAR_SUBJECT", subject: "a", magic: 0 }, value: null };
    expect(() => trial.registry.apply(record)).toThrow("CLEAR_SUBJECT");
  });
});

describe("compatibility", () => {
  const record = (...fields: unknown[]) => ({ type: "record", name: "R", fields });
  const field = (type: unknown, rest: object = {}) => ({ name: "f", type, ...rest });
  const enumOf = (...symbols: string[]) => ({ type: "enum", name: "E", symbols });

  // A reader, a writer, and what Java's Avro says of them.
  it.each<[string, unknown, unknown, string | undefined]>([
    ["the same", record(field("int")), record(field("int")), undefined],
    ["another type", record(field("string")), record(field("int")), "TYPE_MISMATCH"],
    ["a wider number", record(field("long")), record(field("int")), undefined],
    ["a floating number", record(field("double")), record(field("long")), undefined],
    ["a narrower number", record(field("int")), record(field("long")), "TYPE_MISMATCH"],
    ["bytes of a string", record(field("bytes")), record(field("string")), undefined],
    ["a string of bytes", record(field("string")), record(field("bytes")), undefined],
    ["a removed field", record(), record(field("int")), undefined],
    [
      "a new field without a default",
      record(field("int")),
      record(),
      "READER_FIELD_MISSING_DEFAULT_VALUE",
    ],
    ["a new field with a default", record(field("int", { default: 0 })), record(), undefined],
    [
      "a renamed field with an alias",
      record({ name: "g", type: "int", aliases: ["f"] }),
      record(field("int")),
      undefined,
    ],
    ["another name", { ...record(), name: "S" }, record(), "NAME_MISMATCH"],
    ["a symbol more", enumOf("A", "B"), enumOf("A"), undefined],
    ["a symbol less", enumOf("A"), enumOf("A", "B"), "MISSING_ENUM_SYMBOLS"],
    ["a symbol less, a default", { ...enumOf("A"), default: "A" }, enumOf("A", "B"), undefined],
    ["a value made optional", record(field(["null", "int"])), record(field("int")), undefined],
    [
      "an optional made a must",
      record(field("int")),
      record(field(["null", "int"])),
      "TYPE_MISMATCH",
    ],
    ["a branch less", ["null", "int"], ["null", "string"], "MISSING_UNION_BRANCH"],
    [
      "a list of wider numbers",
      { type: "array", items: "long" },
      { type: "array", items: "int" },
      undefined,
    ],
    [
      "a map of others",
      { type: "map", values: "int" },
      { type: "map", values: "string" },
      "TYPE_MISMATCH",
    ],
    [
      "another size",
      { type: "fixed", name: "F", size: 4 },
      { type: "fixed", name: "F", size: 8 },
      "FIXED_SIZE_MISMATCH",
    ],
    [
      "a list of itself",
      record(field({ type: "array", items: "R" })),
      record(field({ type: "array", items: "R" })),
      undefined,
    ],
  ])("judges %s as Avro does", (_, reader, writer, found) => {
    const types = [reader, writer].map((schema) => parseAvro(JSON.stringify(schema)).type);
    const [read, written] = types as [(typeof types)[0], (typeof types)[0]];
    expect(incompatibilities(read, written).map(({ type }) => type)).toEqual(
      found === undefined ? [] : [found],
    );
    // avsc was made by others and agrees.
    expect(avscResolves(reader, writer)).toBe(found === undefined);
  });

  const first = record(field("int"), { name: "old", type: "int" });
  const removed = record(field("int"));
  const added = record(field("int"), { name: "new", type: "int" });

  it.each([
    ["NONE", added, 200],
    ["BACKWARD", removed, 200],
    ["BACKWARD", added, 409],
    ["FORWARD", removed, 409],
    ["FORWARD", record(...first.fields, { name: "new", type: "int" }), 200],
    ["FULL", removed, 409],
    ["FULL", record(...first.fields, { name: "new", type: "int", default: 0 }), 200],
  ])("holds a new version to %s", async (level, next, status) => {
    await trial.registry.setLevel(undefined, level);
    expect((await trial.register("r", first)).status).toBe(200);
    expect((await trial.register("r", next)).status).toBe(status);
  });

  it.each([
    ["BACKWARD", 200],
    ["BACKWARD_TRANSITIVE", 409],
  ])("compares with the versions that %s speaks of", async (level, status) => {
    await trial.registry.setLevel(undefined, "NONE");
    await trial.register("r", record());
    await trial.register("r", added);
    await trial.registry.setLevel(undefined, level);
    const next = record(field("int"), { name: "new", type: "long" });
    expect((await trial.register("r", next)).status).toBe(status);
  });
});

describe("Avro", () => {
  it("prints a schema as Java does", () => {
    const schema = {
      fields: [
        { default: null, doc: "d", type: ["null", { type: "bytes", logicalType: "x" }], name: "a" },
        { type: { type: "enum", name: "other.E", symbols: ["A"] }, name: "b", order: "ascending" },
        { type: "other.E", name: "c", aliases: ["d"], custom: 1 },
        { type: { type: "fixed", size: 2, name: "F" }, name: "e", order: "ignore" },
        { type: "F", name: "f" },
      ],
      aliases: ["Old", "else.Old"],
      name: "space.R",
      type: "record",
      doc: "r",
    };
    expect(JSON.parse(parseAvro(JSON.stringify(schema)).text)).toEqual(schemaAsPrinted());
    expect(parseAvro(JSON.stringify(schema)).text).toBe(JSON.stringify(schemaAsPrinted()));
  });

  function schemaAsPrinted() {
    return {
      type: "record",
      name: "R",
      namespace: "space",
      doc: "r",
      fields: [
        { name: "a", type: ["null", { type: "bytes", logicalType: "x" }], doc: "d", default: null },
        { name: "b", type: { type: "enum", name: "E", namespace: "other", symbols: ["A"] } },
        { name: "c", type: "other.E", aliases: ["d"], custom: 1 },
        { name: "e", type: { type: "fixed", name: "F", size: 2 }, order: "ignore" },
        { name: "f", type: "F" },
      ],
      aliases: ["Old", "else.Old"],
    };
  }

  it.each([
    ['{"type":"record","name":"R"}', "has no fields"],
    ['{"type":"record","fields":[]}', "there is no name"],
    ['{"type":"record","name":"R","fields":[{"name":"f"}]}', "has no type"],
    ['{"type":"record","name":"R","fields":[{"name":"f","type":"Nope"}]}', "is not a type"],
    ['["int",["null"]]', "a union holds a union"],
    ['["int","int"]', "twice"],
    ['{"type":"enum","name":"E","symbols":["a-b"]}', "symbols"],
  ])("refuses %s", (schema, message) => {
    expect(() => parseAvro(schema)).toThrow(message);
  });

  it("does not guess where numbers would be written differently, or defaults be checked", () => {
    const withDefault = (value: string) =>
      `{"type":"record","name":"R","fields":[{"name":"f","type":"double","default":${value}}]}`;
    expect(() => parseAvro(withDefault("1.0"))).toThrow("does not know the number 1.0");
    expect(() => parseAvro(withDefault('"x"'))).toThrow("does not know a schema that avsc refuses");
  });
});

describe("the environment", () => {
  const env = {
    SCHEMA_REGISTRY_HOST_NAME: "schema-registry",
    SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: "PLAINTEXT://broker:29092,other:9092",
  };

  it("has the image's defaults", () => {
    expect(settingsFrom({ ...env, PATH: "/bin", SCHEMA_REGISTRY_HEAP_OPTS: "-Xmx1m" })).toEqual({
      hostName: "schema-registry",
      brokers: ["broker:29092", "other:9092"],
      listeners: [{ host: "0.0.0.0", port: 8081 }],
      topic: "_schemas",
      replicationFactor: 3,
      level: "BACKWARD",
      group: "schema-registry",
      minBrokers: 1,
      brokerTimeoutMs: 40_000,
      initTimeoutMs: 60_000,
      writeTimeoutMs: 500,
    });
  });

  it.each([
    [{ SCHEMA_REGISTRY_HOST_NAME: "" }, "SCHEMA_REGISTRY_HOST_NAME is required."],
    [
      { SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: undefined },
      "SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS is required.",
    ],
    [{ SCHEMA_REGISTRY_PORT: "8081" }, "PORT is deprecated."],
    [{ SCHEMA_REGISTRY_SCHEMA_COMPATIBILITY_LEVEL: "SOME" }, "Unknown compatibility level: SOME"],
    [{ SCHEMA_REGISTRY_LISTENERS: "https://0.0.0.0:8081" }, "is not a listener"],
    [{ SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR: "0" }, "not a number above 0"],
    [
      { SCHEMA_REGISTRY_LISTENRES: "http://0.0.0.0:8081" },
      "does not know what SCHEMA_REGISTRY_LISTENRES",
    ],
  ])("refuses %o", (change, message) => {
    expect(() => settingsFrom({ ...env, ...change })).toThrow(message);
  });
});
