import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer } from "node:net";
import { bodyOf, chosenType } from "../shared/http.mjs";
import { BareError, invalidJson, KsqlError, notKnown } from "./errors.mjs";
import { writtenRow } from "./rows.mjs";

/**
 * The engine over HTTP/1.1, and over HTTP/2 in clear text with prior knowledge, on one port.
 *
 * @typedef {import("./engine.mjs").Engine} Engine
 * @typedef {import("./engine.mjs").Properties} Properties
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 *
 * @typedef {object} Options
 * @property {string} clusterId
 * @property {string} serviceId
 * @property {() => boolean} isReady
 * @property {number} [keepAliveMs] between the empty lines of a query that has nothing to say
 * @property {(line: string) => void} [log]
 *
 * @typedef {{ readonly engine: Engine, readonly options: Options, readonly request: IncomingMessage, readonly response: ServerResponse }} Call
 * @typedef {(call: Call) => Promise<void>} Handler
 */

const JSON_TYPE = "application/json";
const OFFERED = [JSON_TYPE, "application/vnd.ksql.v1+json"];
const DELIMITED = "application/vnd.ksqlapi.delimited.v1";
const HTTP2_PREFACE = "PRI * HTTP/2";
/** Requests that the real server takes, and the stand-in does not. */
const ELSEWHERE = [
  /^\/is_valid_property\//,
  /^\/(lag|heartbeat)$/,
  /^\/status\/[^/]+\/`/,
  /^\/chc/,
];

/**
 * @param {Engine} engine
 * @param {Options} options
 */
export function createKsqlServer(engine, options) {
  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  const take = (request, response) => {
    response.sendDate = false;
    const call = { engine, options, request, response };
    answer(call)
      .catch((error) => refuse(call, error))
      .catch((error) => {
        options.log?.(`ERROR ${error?.stack ?? error}`);
        response.destroy();
      });
    response.on("finish", () => {
      const version = request.httpVersion;
      options.log?.(`"${request.method} ${request.url} HTTP/${version}" ${response.statusCode}`);
    });
  };
  const http1 = createHttp1Server(take);
  http1.keepAliveTimeout = 0;
  // Its requests and answers have all that is used of theirs.
  const http2 = createHttp2Server(/** @type {any} */ (take));
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.once("data", (first) => {
      socket.pause();
      socket.unshift(first);
      if (first.toString("latin1").startsWith(HTTP2_PREFACE)) {
        http2.emit("connection", socket);
      } else {
        http1.emit("connection", socket);
        socket.resume();
      }
    });
  });
  return {
    /**
     * @param {number} port
     * @param {string} host
     */
    async listen(port, host) {
      server.listen(port, host);
      await once(server, "listening");
      const address = server.address();
      return typeof address === "object" && address !== null ? address.port : port;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** @type {Readonly<Record<string, Readonly<Record<string, Handler>>>>} */
const ROUTES = {
  "/": {
    GET: async ({ response }) => {
      send(response, 307, "", { location: "/info" });
    },
  },
  "/info": {
    GET: async (call) => {
      const { clusterId, serviceId } = call.options;
      sendJson(call, {
        KsqlServerInfo: {
          ...{ version: "7.0.1", kafkaClusterId: clusterId, ksqlServiceId: serviceId },
          serverStatus: "RUNNING",
        },
      });
    },
  },
  "/healthcheck": { GET: async (call) => sendJson(call, await call.engine.health()) },
  "/v1/metadata": {
    GET: async (call) => sendJson(call, { version: "7.0.1", clusterId: scope(call) }),
  },
  "/v1/metadata/id": { GET: async (call) => sendJson(call, scope(call)) },
  "/clusterStatus": {
    GET: async ({ response }) => {
      send(response, 404, "", { "content-type": JSON_TYPE });
    },
  },
  "/ws/query": {
    GET: async () => {
      throw new BareError(500, 50000, "");
    },
  },
  "/ksql": {
    POST: async (call) => {
      const { ksql, streamsProperties } = await objectIn(call.request);
      accepted(call.request, OFFERED);
      sendJson(call, await call.engine.execute(textOf(ksql), propertiesOf(streamsProperties)));
    },
  },
  "/ksql/terminate": {
    POST: async ({ request }) => {
      await objectIn(request);
      throw notKnown("the end of a whole cluster");
    },
  },
  "/query": { POST: query },
  "/query-stream": { POST: queryStream },
  "/inserts-stream": {
    POST: async ({ request }) => {
      demandHttp2(request);
      throw notKnown("/inserts-stream");
    },
  },
  "/close-query": {
    POST: async ({ request }) => {
      const { queryId } = await objectIn(request);
      throw new BareError(400, 40000, `No query with id ${queryId}`);
    },
  },
};

/** @param {Call} call */
async function answer(call) {
  const { request, options } = call;
  if (!options.isReady()) {
    throw new BareError(503, 50302, "KSQL is not yet ready to serve requests.");
  }
  const [path = ""] = (request.url ?? "").split("?");
  if (ELSEWHERE.some((elsewhere) => elsewhere.test(path))) throw notKnown(path);
  if (path.startsWith("/status/")) throw new KsqlError(404, 40400, "Command not found");
  const route = ROUTES[path];
  if (route === undefined) {
    const body = "<html><body><h1>Resource not found</h1></body></html>";
    send(call.response, 404, body, { "content-type": "text/html; charset=utf-8" });
    return;
  }
  const handler = route[request.method ?? ""];
  if (handler === undefined) send(call.response, 405, "");
  else await handler(call);
}

/** @param {Call} call */
async function query(call) {
  const { ksql, streamsProperties } = await objectIn(call.request);
  accepted(call.request, OFFERED);
  await run(call, "query", textOf(ksql), propertiesOf(streamsProperties), {
    headers: { "content-type": JSON_TYPE },
    head: ({ id, columns }) => {
      const schema = columns.map(({ name, type }) => `\`${name}\` ${type}`).join(", ");
      return [`[${JSON.stringify({ header: { queryId: id, schema } })}`, ",\n"];
    },
    row: (row) => [`{"row":{"columns":${row}}}`, ",\n"],
    limit: ['{"finalMessage":"Limit Reached"}', "]\n"],
    idle: "\n",
  });
}

/** @param {Call} call */
async function queryStream(call) {
  demandHttp2(call.request);
  const text = await bodyOf(call.request);
  const { sql, properties } = parsed(text);
  if (sql === undefined) {
    throw invalidJson(
      `Missing required creator property 'sql' (index 0)\n at [Source: (byte[])${JSON.stringify(`${text}`).replaceAll('\\"', '"')}; line: 1, column: ${text.length}] (through reference chain: io.confluent.ksql.rest.entity.QueryStreamArgs["sql"])`,
    );
  }
  const inJson = accepted(call.request, [DELIMITED, JSON_TYPE]) === JSON_TYPE;
  await run(call, "query-stream", textOf(sql), propertiesOf(properties), {
    headers: {},
    head: ({ id, columns }) => {
      const [columnNames, columnTypes] = [columns.map(({ name }) => name), columns.map(typeOf)];
      const head = JSON.stringify({ queryId: id, columnNames, columnTypes });
      return inJson ? [`[${head}`] : [`${head}\n`];
    },
    row: (row) => (inJson ? [`,${row}`] : [`${row}\n`]),
    limit: inJson ? ["]"] : [],
    idle: undefined,
  });
}

/**
 * @typedef {object} Format
 * @property {Readonly<Record<string, string>>} headers
 * @property {(push: import("./engine.mjs").Push) => readonly string[]} head
 * @property {(row: string) => readonly string[]} row
 * @property {readonly string[]} limit
 * @property {string | undefined} idle
 */

/**
 * @param {Call} call
 * @param {"query" | "query-stream"} endpoint
 * @param {string} text
 * @param {Properties} properties
 * @param {Format} format
 */
async function run({ engine, options, response }, endpoint, text, properties, format) {
  /** @type {readonly Row[]} */
  let early = [];
  /** @type {(row: Row) => Promise<void>} */
  let take = async (row) => {
    early = [...early, row];
  };
  const push = await engine.push(text, properties, endpoint, (row) => take(row));
  /** @param {readonly string[]} parts */
  const write = (parts) => {
    for (const part of parts) response.write(part);
  };
  response.writeHead(200, format.headers);
  write(format.head(push));
  const { idle } = format;
  const beat =
    idle === undefined ? undefined : setInterval(() => write([idle]), options.keepAliveMs ?? 1000);
  const stop = () => {
    clearInterval(beat);
    push.stop().catch((error) => options.log?.(`ERROR ${error}`));
  };
  response.on("close", stop);
  let rows = 0;
  take = async (row) => {
    if (response.writableEnded || rows === push.limit) return;
    rows += 1;
    write(format.row(writtenRow(push.columns, row)));
    if (rows !== push.limit) return;
    clearInterval(beat);
    write(format.limit);
    response.end();
  };
  for (const row of early) await take(row);
}

/**
 * @param {Call} call
 * @param {unknown} error
 */
function refuse({ response }, error) {
  if (!(error instanceof KsqlError)) throw error;
  const body = error.status === 406 ? "" : JSON.stringify(error.body);
  const headers = error instanceof BareError ? {} : { "content-type": JSON_TYPE };
  // The newer endpoints give their errors no type either.
  send(response, error.status, body, response.req.url === "/query-stream" ? {} : headers);
}

/** @param {IncomingMessage} request */
function demandHttp2({ httpVersionMajor }) {
  if (httpVersionMajor >= 2) return;
  throw new BareError(400, 40004, "This endpoint is only available when using HTTP2");
}

/**
 * @param {IncomingMessage} request
 * @param {readonly string[]} offered
 */
function accepted(request, offered) {
  const type = chosenType(request.headers.accept, offered);
  if (type === undefined) throw new BareError(406, 40600, "");
  return type;
}

/** @param {IncomingMessage} request */
async function objectIn(request) {
  return parsed(await bodyOf(request));
}

/**
 * @param {string} text
 * @returns {Record<string, unknown>}
 */
function parsed(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidJson(complaint(text));
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw notKnown("a request that is no JSON object");
}

/**
 * In Jackson's words where they are recorded.
 *
 * @param {string} text
 */
function complaint(text) {
  /** @param {number} column */
  const at = (column) => `\n at [Source: (byte[])"${text}"; line: 1, column: ${column}]`;
  if (text === "") return `No content to map due to end-of-input${at(0)}`;
  const [token] = /^[A-Za-z]+/.exec(text) ?? [];
  if (token !== undefined) {
    const column = token.length + (text.length > token.length ? 2 : 1);
    return `Unrecognized token '${token}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')${at(column)}`;
  }
  if (/^\s*\{[^{}[\]\n]*:\s*$/.test(text)) {
    return `Unexpected end-of-input within/between Object entries${at(text.length + 1)}`;
  }
  return "malformed JSON (this stand-in for ksqlDB does not know what Jackson says of it)";
}

/** @param {unknown} text */
function textOf(text) {
  if (text === undefined || text === null) return "";
  if (typeof text !== "string") throw notKnown("statements that are not a text");
  return text;
}

/**
 * @param {unknown} properties
 * @returns {Properties}
 */
function propertiesOf(properties) {
  if (properties === undefined || properties === null) return {};
  if (typeof properties !== "object") throw notKnown("properties that are no object");
  return /** @type {Properties} */ (properties);
}

/** @param {{ readonly type: string }} column */
function typeOf({ type }) {
  return type;
}

/** @param {Call} call */
function scope({ options: { clusterId, serviceId } }) {
  const clusters = { "kafka-cluster": clusterId, "ksql-cluster": serviceId };
  return { scope: { path: [], clusters }, id: "" };
}

/**
 * @param {Call} call
 * @param {unknown} value
 */
function sendJson({ request, response }, value) {
  accepted(request, OFFERED);
  send(response, 200, JSON.stringify(value), { "content-type": JSON_TYPE });
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {string} body
 * @param {Readonly<Record<string, string>>} [headers]
 */
function send(response, status, body, headers = {}) {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { ...headers, "content-length": length });
  response.end(body);
}
