import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { connect, createServer as createNetServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";
import { KsqlDbClient } from "../../smoke-tests/clients/ksqldb-client.ts";
import { NoAnswer } from "../../doctor/dial.ts";

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Recorded {
  readonly name: string;
  readonly response?: { readonly status: number; readonly body: string };
}

/** What the real server answered. */
function recorded(file: string, name: string): readonly [status: number, body: string] {
  const url = new URL(`../stand-ins/ksqldb/recordings/${file}.json`, import.meta.url);
  const exchanges = JSON.parse(readFileSync(url, "utf8")) as Recorded[];
  const response = exchanges.find((exchange) => exchange.name === name)?.response;
  if (response === undefined) throw new Error(`no recording ${name}`);
  return [response.status, response.body];
}

async function listen(server: Server, seconds = 5): Promise<KsqlDbClient> {
  const sockets: Socket[] = [];
  server.on("connection", (socket: Socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new KsqlDbClient(`http://127.0.0.1:${port}`, connect, seconds);
}

/** A server that gives one recorded answer, and keeps what it was asked. */
async function answering(file: string, name: string) {
  const asked: string[] = [];
  const [status, text] = recorded(file, name);
  const server = createHttpServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${body}`);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(text);
    });
  });
  return { client: await listen(server), asked };
}

/** A server over HTTP/2 that sends these parts; `end` tells whether it ends the query by itself. */
async function pushing(status: number, parts: readonly string[], end = false) {
  const asked: string[] = [];
  const server = createHttp2Server((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${request.headers.accept} ${body}`);
      response.writeHead(status);
      for (const part of parts) response.write(part);
      if (end) response.end();
    });
  });
  // It is one, of sockets.
  return { client: await listen(server as unknown as Server), asked };
}

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const SQL = "SELECT * FROM riders EMIT CHANGES;";
const EARLIEST = { "auto.offset.reset": "earliest" };

describe("KsqlDbClient", () => {
  test("reads what the server says of itself", async () => {
    const { client, asked } = await answering("one-broker", "02-info");
    await expect(client.info()).resolves.toEqual({
      version: "7.0.1",
      kafkaClusterId: "fIV3zdX6SMeir_WWiO9_fw",
      ksqlServiceId: "eval_",
      serverStatus: "RUNNING",
    });
    expect(asked).toEqual(["GET /info "]);
  });

  test("reads a health check by its body", async () => {
    const { client } = await answering("broker-down", "9-broker-down-healthcheck");
    await expect(client.health()).resolves.toMatchObject({
      isHealthy: false,
      details: { metastore: { isHealthy: true }, kafka: { isHealthy: false } },
    });
  });

  test("runs a statement, and gives what became of it", async () => {
    const { client, asked } = await answering("one-broker", "15-create-stream");
    const [entity] = await client.execute("CREATE …;", EARLIEST);
    expect(entity?.commandStatus).toMatchObject({ status: "SUCCESS", message: "Stream created" });
    expect(asked).toEqual([
      'POST /ksql {"ksql":"CREATE …;","streamsProperties":{"auto.offset.reset":"earliest"}}',
    ]);
  });

  test("names the streams", async () => {
    const { client } = await answering("one-broker", "28-application-json");
    await expect(client.streams()).resolves.toEqual(["KSQL_PROCESSING_LOG", "RIDERS"]);
  });

  test("finds the queries that write to a stream", async () => {
    const { client } = await answering("one-broker", "42-show-queries-2");
    await expect(client.queriesInto("RAVRO")).resolves.toEqual(["CSAS_RAVRO_5"]);
    await expect(client.queriesInto("RIDERS")).resolves.toEqual([]);
  });

  test("tells a refusal in the server's own words", async () => {
    const { client } = await answering("one-broker", "17-create-stream-topic-missing");
    const refusal = await reasonOf(client.execute("CREATE …;"));
    expect(refusal).toBeInstanceOf(ServiceRefusal);
    expect(refusal).toMatchObject({ status: 400, errorCode: 40000 });
    expect(String(refusal)).toContain("Topic 'absent-topic' does not exist.");
  });

  test("tells that the server is not ready yet", async () => {
    const { client } = await answering("startup", "single-ksqldb-server");
    await expect(client.info()).rejects.toMatchObject({ status: 503, errorCode: 50302 });
  });
});

describe("a push query", () => {
  const [, rows] = recorded("http2", "81-h2-query-stream-push");

  test.each([
    ["in one piece", [rows]],
    ["byte by byte", [...rows]],
  ])("gives its rows as they come: %s", async (_, parts) => {
    const { client, asked } = await pushing(200, parts);
    const query = await client.push(SQL, EARLIEST);
    await query.gather(5, 5);
    query.close();
    expect(query.columns).toEqual(["ID", "LAT", "LON"]);
    expect(query.rows).toEqual([
      ["a", 1, 2],
      ["b", 3, 4],
      ["ins", 1, 2],
      ["a", 1, 2],
      ["b", 3, 4],
    ]);
    expect(asked).toEqual([
      `POST /query-stream application/vnd.ksqlapi.delimited.v1 ${JSON.stringify({ sql: SQL, properties: EARLIEST })}`,
    ]);
  });

  test("has fewer rows when the time is over", async () => {
    const { client } = await pushing(200, [rows]);
    const query = await client.push(SQL);
    await query.gather(6, 0.2);
    query.close();
    expect(query.rows).toHaveLength(5);
  });

  test("is refused in the server's own words", async () => {
    const [status, body] = recorded("http2", "85-h2-query-stream-bad");
    const { client } = await pushing(status, [body], true);
    const refusal = await reasonOf(client.push(SQL));
    expect(refusal).toMatchObject({ name: "ServiceRefusal", status: 400, errorCode: 40001 });
    expect(String(refusal)).toContain("NOSUCH does not exist.");
  });

  test("fails with what the server says in its midst", async () => {
    const error = '{"@type":"generic_error","error_code":50000,"message":"lost"}\n';
    const { client } = await pushing(200, [rows, error]);
    const query = await client.push(SQL);
    await expect(query.gather(6, 5)).rejects.toMatchObject({ errorCode: 50000 });
    query.close();
  });

  test("fails when the server ends it", async () => {
    const { client } = await pushing(200, [rows], true);
    const query = await client.push(SQL);
    await expect(query.gather(6, 5)).rejects.toMatchObject({ name: "NoAnswer", kind: "closed" });
    query.close();
  });

  test("tells where nobody speaks HTTP/2", async () => {
    const client = await listen(createHttpServer((_, response) => response.end("hello")));
    const silence = await reasonOf(client.push(SQL));
    expect(silence).toBeInstanceOf(NoAnswer);
    expect(silence).toMatchObject({ kind: "foreign" });
    expect(String(silence)).toContain("no HTTP/2");
  });

  test("tells where nobody answers, or listens", async () => {
    const mute = await listen(createNetServer(), 0.3);
    await expect(mute.push(SQL)).rejects.toMatchObject({ kind: "silent" });
    const nobody = new KsqlDbClient("http://127.0.0.1:1", connect, 1);
    await expect(nobody.push(SQL)).rejects.toMatchObject({ kind: "refused" });
  });
});
