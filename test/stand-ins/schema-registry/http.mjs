import { createServer } from "node:http";
import { ApiError, BareError, bodyOf, chosenType, MalformedBody } from "../shared/http.mjs";
import { invalidSchema, notKnown } from "./errors.mjs";

/**
 * The registry over HTTP, as the real one's server shows it.
 *
 * @typedef {import("./registry.mjs").Registry} Registry
 * @typedef {import("./registry.mjs").Candidate} Candidate
 * @typedef {import("./registry.mjs").Stored} Stored
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 *
 * @typedef {object} Call a request to a path that there is
 * @property {readonly string[]} names in the path
 * @property {URLSearchParams} query
 * @property {unknown} body
 *
 * @typedef {(call: Call) => unknown} Handler what it returns is the answer's JSON, or the answer itself if it is a Buffer
 * @typedef {{ readonly path: RegExp, readonly takes?: readonly string[] } & Readonly<Partial<Record<Method, Handler>>>} Route
 * @typedef {"GET" | "POST" | "PUT" | "DELETE"} Method
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} body
 * @property {Readonly<Record<string, string>>} headers
 */

const V1 = "application/vnd.schemaregistry.v1+json";
const OFFERED = [V1, "application/vnd.schemaregistry+json", "application/json"];
const CONSUMED = [...OFFERED, "application/octet-stream"];
/** Parameters of the real service: where one is not taken, it must not be passed over. */
const PARAMETERS = [
  ...["deleted", "deletedOnly", "fetchMaxId", "force", "format", "latestOnly", "limit"],
  ...["normalize", "offset", "permanent", "subject", "subjectPrefix", "verbose"],
  "defaultToGlobal",
];
/** Requests that the real service takes, and the stand-in does not. */
const ELSEWHERE = [
  ...[/^DELETE \/config$/, /^DELETE \/mode\//, /^\S+ \/contexts$/, /^\S+ \/exporters/],
  ...[/^\S+ \/(compatibility|subjects|config|mode)\/[^/]+\//, /^\S+ \/schemas\/ids\/[^/]+\//],
];

/**
 * @param {Registry} registry
 * @param {{ readonly clusterId: string, readonly group: string, readonly log?: (line: string) => void }} options
 */
export function createHttpServer(registry, { clusterId, group, log }) {
  const routes = routesOf(registry, { clusterId, group });
  const server = createServer((request, response) => {
    answerTo(request, routes).then(
      ({ status, headers, body }) => {
        // The real one has no words for 422.
        const reason = status === 422 ? [""] : [];
        response.writeHead(status, ...reason, {
          ...headers,
          "Content-Length": String(Buffer.byteLength(body)),
        });
        response.end(body);
        log?.(`"${request.method} ${request.url} HTTP/1.1" ${status} ${body.slice(0, 200)}`);
      },
      (error) => response.destroy(error),
    );
  });
  // The real one does not speak of it.
  server.keepAliveTimeout = 0;
  return server;
}

/**
 * @param {Registry} registry
 * @param {{ readonly clusterId: string, readonly group: string }} names
 * @returns {readonly Route[]}
 */
function routesOf(registry, { clusterId, group }) {
  const clusters = { "kafka-cluster": clusterId, "schema-registry-cluster": group };
  /** @param {Call} call */
  const setLevel = async ({ names: [subject], body }) => {
    const compatibility = textIn(body, "compatibility");
    await registry.setLevel(subject, compatibility);
    return { compatibility };
  };
  /** @param {Call} call */
  const setMode = async ({ names: [subject], body }) => {
    const mode = textIn(body, "mode");
    await registry.setMode(subject, mode);
    return { mode };
  };
  return [
    { path: /^\/$/, GET: () => ({}) },
    { path: /^\/v1\/metadata\/id$/, GET: () => ({ scope: { path: [], clusters } }) },
    {
      path: /^\/subjects$/,
      takes: ["deleted", "subjectPrefix"],
      GET: ({ query }) =>
        registry.subjects({
          prefix: query.get("subjectPrefix") ?? "",
          deleted: flag(query, "deleted"),
        }),
    },
    {
      path: /^\/subjects\/([^/]+)$/,
      takes: ["permanent"],
      POST: ({ names, body }) => shown(registry.lookup(candidate(names, body, "lookup"))),
      DELETE: ({ names: [subject = ""], query }) =>
        flag(query, "permanent")
          ? registry.deleteSubjectForGood(subject)
          : registry.deleteSubject(subject),
    },
    {
      path: /^\/subjects\/([^/]+)\/versions$/,
      GET: ({ names: [subject = ""] }) => registry.versions(subject),
      POST: async ({ names, body }) => ({
        id: await registry.register(candidate(names, body, "register")),
      }),
    },
    {
      path: /^\/subjects\/([^/]+)\/versions\/([^/]+)$/,
      GET: ({ names: [subject = "", version = ""] }) => shown(registry.version(subject, version)),
      DELETE: ({ names: [subject = "", version = ""] }) => registry.deleteVersion(subject, version),
    },
    {
      path: /^\/subjects\/([^/]+)\/versions\/([^/]+)\/schema$/,
      GET: ({ names: [subject = "", version = ""] }) =>
        Buffer.from(registry.version(subject, version).schema),
    },
    {
      path: /^\/subjects\/([^/]+)\/versions\/([^/]+)\/referencedby$/,
      GET: ({ names: [subject = "", version = ""] }) => registry.referencedBy(subject, version),
    },
    {
      path: /^\/schemas$/,
      takes: ["subjectPrefix"],
      GET: ({ query }) => registry.schemas(query.get("subjectPrefix") ?? "").map(shown),
    },
    { path: /^\/schemas\/types$/, GET: () => ["JSON", "PROTOBUF", "AVRO"] },
    {
      path: /^\/schemas\/ids\/(\d+)$/,
      GET: ({ names: [id] }) => withoutPlace(registry.byId(Number(id))),
    },
    {
      path: /^\/schemas\/ids\/(\d+)\/versions$/,
      GET: ({ names: [id] }) =>
        registry.uses(Number(id)).map(({ subject, version }) => ({ subject, version })),
    },
    {
      path: /^\/schemas\/ids\/(\d+)\/subjects$/,
      GET: ({ names: [id] }) => [
        ...new Set(registry.uses(Number(id)).map(({ subject }) => subject)),
      ],
    },
    {
      path: /^\/compatibility\/subjects\/([^/]+)\/versions\/([^/]+)$/,
      takes: ["verbose"],
      POST: ({ names, body, query }) => {
        const found = registry.incompatibilities(
          candidate(names, body, "compatibility"),
          names[1] ?? "",
        );
        const verdict = { is_compatible: found.length === 0 };
        return flag(query, "verbose") ? { ...verdict, messages: found.map(worded) } : verdict;
      },
    },
    {
      path: /^\/config$/,
      GET: () => ({ compatibilityLevel: registry.level() }),
      PUT: setLevel,
    },
    {
      path: /^\/config\/([^/]+)$/,
      takes: ["defaultToGlobal"],
      GET: ({ names: [subject], query }) => ({
        compatibilityLevel: registry.level(subject, flag(query, "defaultToGlobal")),
      }),
      PUT: setLevel,
      DELETE: async ({ names: [subject = ""] }) => ({
        compatibilityLevel: await registry.deleteLevel(subject),
      }),
    },
    { path: /^\/mode$/, GET: () => ({ mode: registry.mode() }), PUT: setMode },
    {
      path: /^\/mode\/([^/]+)$/,
      GET: ({ names: [subject] }) => ({ mode: registry.mode(subject) }),
      PUT: setMode,
    },
  ];
}

/**
 * @param {IncomingMessage} request
 * @param {readonly Route[]} routes
 * @returns {Promise<Answer>}
 */
async function answerTo(request, routes) {
  const sent = await bodyOf(request);
  let type = V1;
  try {
    const { route, names, query } = find(request, routes);
    const method = request.method === "HEAD" ? "GET" : request.method;
    if (method === "OPTIONS") return allowed(route);
    const handler = isMethod(method) ? route[method] : undefined;
    if (handler === undefined) {
      refuseElsewhere(request);
      throw new BareError(405, "Method Not Allowed");
    }
    const body = method === "POST" || method === "PUT" ? parsed(request, sent) : undefined;
    const accepted = chosenType(request.headers.accept, OFFERED);
    if (accepted === undefined) throw new BareError(406, "Not Acceptable");
    type = accepted;
    for (const name of query.keys()) {
      if (PARAMETERS.includes(name) && !route.takes?.includes(name)) {
        throw notKnown(`the parameter "${name}" here`);
      }
    }
    if (names.some((name) => /^:|^__GLOBAL$|^__EMPTY$/.test(name))) {
      throw notKnown("contexts and reserved subjects");
    }
    const result = await handler({ names, query, body });
    const varies = request.method === "GET" || request.method === "POST";
    return {
      status: 200,
      headers: {
        "Content-Type": type,
        ...(varies ? { Vary: "Accept-Encoding, User-Agent" } : {}),
      },
      body: Buffer.isBuffer(result) ? result.toString() : JSON.stringify(result),
    };
  } catch (error) {
    return failure(error, type);
  }
}

/**
 * @param {unknown} error
 * @param {string} type
 * @returns {Answer}
 */
function failure(error, type) {
  if (error instanceof MalformedBody) {
    return { status: 400, headers: { "Content-Type": "text/plain" }, body: error.message };
  }
  if (!(error instanceof ApiError)) throw error;
  return {
    status: error.status,
    headers: error instanceof BareError ? {} : { "Content-Type": type },
    body: JSON.stringify({ error_code: error.code, message: error.message }),
  };
}

/**
 * @param {IncomingMessage} request
 * @param {readonly Route[]} routes
 */
function find(request, routes) {
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  for (const route of routes) {
    const match = route.path.exec(path);
    if (match !== null) {
      const names = match.slice(1).map((name) => decodeURIComponent(name));
      return { route, names, query: new URLSearchParams(query) };
    }
  }
  refuseElsewhere(request);
  throw new BareError(404, "Not Found");
}

/** @param {IncomingMessage} request */
function refuseElsewhere({ method, url }) {
  const call = `${method} ${url?.split("?")[0]}`;
  if (ELSEWHERE.some((elsewhere) => elsewhere.test(call))) throw notKnown(call);
}

/**
 * @param {Route} route
 * @returns {Answer}
 */
function allowed(route) {
  if (!("GET" in route) || "POST" in route || "PUT" in route || "DELETE" in route) {
    throw notKnown("the order of methods in Allow, where there is more than GET");
  }
  return { status: 200, headers: { Allow: "HEAD,GET,OPTIONS", "Content-Type": V1 }, body: "" };
}

/**
 * @param {IncomingMessage} request
 * @param {string} body
 * @returns {unknown}
 */
function parsed(request, body) {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== undefined && !CONSUMED.includes(type)) {
    throw new ApiError(415, 415, "HTTP 415 Unsupported Media Type");
  }
  if (body === "") return undefined;
  try {
    return JSON.parse(body);
  } catch {
    throw new MalformedBody(complaint(body));
  }
}

/**
 * In Jackson's words where they are recorded: when the text ends before a member's value.
 *
 * @param {string} body
 */
function complaint(body) {
  if (!/^\s*\{[^{}[\]]*:\s*$/.test(body)) {
    return "malformed JSON (this stand-in for Schema Registry does not know what Jackson says of it)";
  }
  const lines = body.split("\n");
  const at = `line: ${lines.length}, column: ${(lines.at(-1)?.length ?? 0) + 1}`;
  const source = "org.glassfish.jersey.message.internal.ReaderInterceptorExecutor";
  return `Unexpected end-of-input within/between Object entries\n at [Source: (${source}$UnCloseableInputStream); ${at}]`;
}

/**
 * @param {readonly string[]} names
 * @param {unknown} body
 * @param {"register" | "lookup" | "compatibility"} use
 * @returns {Candidate}
 */
function candidate([subject = ""], body, use) {
  if (body === undefined) {
    if (use !== "register") throw notKnown(`an empty body for ${use}`);
    throw new ApiError(422, 422, "register.arg4 must not be null (was null)");
  }
  const request = object(body);
  const { schema, schemaType, references } = request;
  if ("id" in request || "version" in request) throw notKnown("ids and versions that are given");
  if (schemaType !== undefined && schemaType !== null && schemaType !== "AVRO") {
    if (schemaType === "JSON" || schemaType === "PROTOBUF") throw notKnown(`${schemaType} schemas`);
    throw invalidSchema(`Invalid schema type ${String(schemaType)}`);
  }
  if (schema === undefined) throw invalidSchema("Empty schema");
  if (typeof schema !== "string" || schema === "") throw notKnown("a schema that is not a text");
  return { subject, text: schema, references: referencesIn(references) };
}

/**
 * @param {unknown} references
 * @returns {Candidate["references"]}
 */
function referencesIn(references) {
  if (references === undefined || references === null) return [];
  if (!Array.isArray(references)) throw notKnown("references that are not a list");
  return references.map((reference) => {
    const { name, subject, version } = object(reference);
    if (typeof name === "string" && typeof subject === "string" && Number.isInteger(version)) {
      return { name, subject, version: Number(version) };
    }
    throw notKnown("a reference without name, subject and version");
  });
}

/** @param {Stored} stored */
function shown(stored) {
  const { subject, version, id, schemaType, references, schema } = stored;
  return {
    ...{ subject, version, id },
    ...(schemaType === "AVRO" ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
    schema,
  };
}

/** @param {Stored} stored */
function withoutPlace({ schemaType, references, schema }) {
  if (schemaType !== "AVRO" || references.length > 0) {
    throw notKnown("a schema by its id, other than AVRO without references");
  }
  return { schema };
}

/** @param {import("./compatibility.mjs").Incompatibility} incompatibility */
function worded({ type, message }) {
  if (message === undefined) throw notKnown(`how ${type} is worded`);
  return message;
}

/**
 * @param {URLSearchParams} query
 * @param {string} name
 */
function flag(query, name) {
  return query.get(name)?.toLowerCase() === "true";
}

/**
 * @param {unknown} body
 * @param {string} name
 */
function textIn(body, name) {
  const value = object(body)[name];
  if (typeof value !== "string") throw notKnown(`a body without ${name}`);
  return value;
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function object(value) {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw notKnown("a body that is not a JSON object");
}

/**
 * @param {string | undefined} method
 * @returns {method is Method}
 */
function isMethod(method) {
  return method === "GET" || method === "POST" || method === "PUT" || method === "DELETE";
}
