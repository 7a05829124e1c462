import { createServer } from "node:http";
import {
  ApiError,
  BareError,
  bodyOf,
  chosenType,
  foreignNumber,
  MalformedBody,
} from "../shared/http.mjs";
import {
  ClusterSilent,
  invalidTopic,
  notKnown,
  NotWritten,
  partitionNotFound,
  topicNotFound,
} from "./errors.mjs";
import { encoded, FORMATS, isKnown } from "./formats.mjs";

/**
 * REST Proxy over HTTP, as the real one's server shows it.
 *
 * @typedef {import("./consumers.mjs").Consumers} Consumers
 * @typedef {import("./environment.mjs").Settings} Settings
 * @typedef {import("./kafka.mjs").Cluster} Cluster
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 *
 * @typedef {object} Call a request to a path that there is
 * @property {readonly string[]} names in the path
 * @property {URLSearchParams} query
 * @property {Record<string, unknown> | undefined} body
 * @property {string} type of the body
 * @property {string} accepted type of the answer
 * @property {string} path
 * @property {string} host that the client named
 *
 * @typedef {(call: Call) => unknown} Handler what it returns is the answer's JSON; undefined is none
 * @typedef {{ readonly path: RegExp, readonly offers?: readonly string[], readonly consumes?: readonly string[] } & Readonly<Partial<Record<Method, Handler>>>} Route
 * @typedef {"GET" | "POST" | "DELETE"} Method
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} body
 * @property {Readonly<Record<string, string>>} headers
 */

const V2 = "application/vnd.kafka.v2+json";
const V3 = "application/json";
const EMBEDDED = FORMATS.map((format) => `application/vnd.kafka.${format}.v2+json`);
/** What a fetch gives: binary, unless something else is asked for. */
const FETCHED = [...EMBEDDED.slice(0, 1), V2, ...EMBEDDED.slice(1)];
const ANY = "application/octet-stream";

/** An answer that is more than its JSON. */
class Reply {
  /**
   * @param {unknown} body
   * @param {{ readonly status?: number, readonly headers?: Readonly<Record<string, string>>, readonly end?: string }} rest
   */
  constructor(body, { status = 200, headers = {}, end = "" }) {
    this.body = JSON.stringify(body) + end;
    this.status = status;
    this.headers = headers;
  }

  /**
   * @param {string} type
   * @returns {Answer}
   */
  as(type) {
    const own = { "Content-Type": type, Vary: "Accept-Encoding, User-Agent" };
    return { status: this.status, headers: { ...this.headers, ...own }, body: this.body };
  }
}

/**
 * @param {{ readonly cluster: Cluster, readonly consumers: Consumers, readonly settings: Settings, readonly log?: (line: string) => void }} parts
 */
export function createHttpServer({ log, ...parts }) {
  const routes = [...routesOf(parts), ...routesOfV3(parts)];
  const server = createServer((request, response) => {
    answerTo(request, routes).then(
      ({ status, headers, body }) => {
        // The real one has no words for 422.
        const reason = status === 422 ? [""] : [];
        response.writeHead(status, ...reason, headers);
        // Without a length, as the real one's.
        if (body !== "") response.write(body);
        response.end();
        log?.(`"${request.method} ${request.url} HTTP/1.1" ${status} ${body.slice(0, 200)}`);
      },
      (error) => {
        log?.(String(error));
        request.destroy();
      },
    );
  });
  // The real one does not speak of it.
  server.keepAliveTimeout = 0;
  return server;
}

/**
 * @param {{ readonly cluster: Cluster, readonly consumers: Consumers, readonly settings: Settings }} parts
 * @returns {readonly Route[]}
 */
function routesOf({ cluster, consumers, settings }) {
  /** @param {string} name */
  const topicCalled = async (name) => {
    const topic = await cluster.topic(name);
    if (topic === undefined) throw topicNotFound();
    return topic;
  };
  /** @param {readonly string[]} names */
  const partitionCalled = async ([topic = "", partition = ""]) => {
    const { partitions } = await topicCalled(topic);
    const found = partitions.find((one) => String(one.partition) === partition);
    if (found === undefined) throw partitionNotFound();
    return found;
  };
  const instance = String.raw`^\/consumers\/([^/]+)\/instances\/([^/]+)`;
  const ofConsumers = { offers: [V2, ...EMBEDDED], consumes: [V2, ...EMBEDDED, ANY] };
  return [
    { path: /^\/$/, GET: () => ({}) },
    { path: /^\/topics$/, GET: () => cluster.topics() },
    {
      path: /^\/topics\/([^/]+)$/,
      consumes: [V2, ...EMBEDDED, ANY],
      GET: ({ names: [topic = ""] }) => topicCalled(topic),
      POST: ({ names: [topic = ""], body, type }) =>
        produced(cluster, topic, newRecords(body, type)),
    },
    {
      path: /^\/topics\/([^/]+)\/partitions$/,
      GET: async ({ names: [topic = ""] }) => (await topicCalled(topic)).partitions,
    },
    {
      path: /^\/topics\/([^/]+)\/partitions\/(\d+)$/,
      consumes: [V2, ...EMBEDDED, ANY],
      GET: ({ names }) => partitionCalled(names),
      POST: ({ names: [topic = "", partition], body, type }) => {
        const records = newRecords(body, type);
        return produced(
          cluster,
          topic,
          records.map((record) => ({ ...record, partition: Number(partition) })),
        );
      },
    },
    {
      path: /^\/topics\/([^/]+)\/partitions\/(\d+)\/offsets$/,
      GET: async ({ names }) => {
        await partitionCalled(names);
        const offsets = await cluster.offsets(names[0] ?? "", Number(names[1]));
        if (offsets === undefined) throw topicNotFound();
        return { beginning_offset: offsets.beginning, end_offset: offsets.end };
      },
    },
    {
      path: /^\/brokers$/,
      GET: async () => ({ brokers: (await cluster.info()).brokers.map(({ id }) => id) }),
    },
    {
      path: /^\/consumers\/([^/]+)$/,
      ...ofConsumers,
      POST: async ({ names: [group = ""], body, path, host }) => {
        const name = await consumers.create(group, body ?? {});
        const base = `http://${instanceHost(settings, host)}${path}`;
        return {
          instance_id: name,
          base_uri: `${base}/instances/${encodeURIComponent(name)}`,
        };
      },
    },
    {
      path: new RegExp(`${instance}$`),
      ...ofConsumers,
      DELETE: ({ names: [group = "", name = ""] }) => consumers.delete(group, name),
    },
    {
      path: new RegExp(String.raw`${instance}\/subscription$`),
      ...ofConsumers,
      GET: async ({ names: [group = "", name = ""] }) => ({
        topics: await consumers.subscription(group, name),
      }),
      POST: ({ names: [group = "", name = ""], body }) =>
        consumers.subscribe(group, name, body?.["topics"]),
    },
    {
      path: new RegExp(String.raw`${instance}\/assignments$`),
      ...ofConsumers,
      GET: async ({ names: [group = "", name = ""] }) => ({
        partitions: await consumers.assignment(group, name),
      }),
      POST: ({ names: [group = "", name = ""] }) => consumers.assign(group, name),
    },
    {
      path: new RegExp(String.raw`${instance}\/records$`),
      offers: FETCHED,
      GET: ({ names: [group = "", name = ""], query, accepted }) =>
        consumers.records(group, name, {
          format: FORMATS[EMBEDDED.indexOf(accepted)] ?? "binary",
          timeoutMs: positive(query, "timeout"),
          maxBytes: positive(query, "max_bytes"),
        }),
    },
    {
      path: new RegExp(String.raw`${instance}\/offsets$`),
      ...ofConsumers,
      GET: async ({ names: [group = "", name = ""], body }) => ({
        offsets: await consumers.committed(group, name, body?.["partitions"]),
      }),
      POST: async ({ names: [group = "", name = ""], body }) => {
        await consumers.commit(group, name, body?.["offsets"]);
        return [];
      },
    },
    {
      path: new RegExp(String.raw`${instance}\/positions\/beginning$`),
      ...ofConsumers,
      POST: ({ names: [group = "", name = ""], body }) =>
        consumers.rewind(group, name, body?.["partitions"]),
    },
  ];
}

/**
 * @param {{ readonly cluster: Cluster, readonly settings: Settings }} parts
 * @returns {readonly Route[]}
 */
function routesOfV3({ cluster, settings }) {
  const { hostName, listeners } = settings;
  // Without a name of its own it has its listener's, even if that is 0.0.0.0.
  const authority =
    hostName === undefined ? `${listeners[0]?.host}:${listeners[0]?.port}` : `${hostName}:8082`;
  const root = `http://${authority}/v3/clusters`;
  /** @param {string | undefined} id */
  const clusterCalled = async (id) => {
    const info = await cluster.info();
    if (id !== undefined && id !== info.id) throw new ApiError(404, 404, "HTTP 404 Not Found");
    return info;
  };
  /** @param {{ readonly id: string, readonly controller: number }} info */
  const shownCluster = ({ id, controller }) => {
    const self = `${root}/${id}`;
    return {
      kind: "KafkaCluster",
      metadata: { self, resource_name: `crn:///kafka=${id}` },
      cluster_id: id,
      controller: { related: `${self}/brokers/${controller}` },
      acls: { related: `${self}/acls` },
      brokers: { related: `${self}/brokers` },
      broker_configs: { related: `${self}/broker-configs` },
      consumer_groups: { related: `${self}/consumer-groups` },
      topics: { related: `${self}/topics` },
      partition_reassignments: { related: `${self}/topics/-/partitions/-/reassignment` },
    };
  };
  /**
   * @param {string} id
   * @param {{ readonly name: string, readonly replicas: number, readonly partitions: number }} topic
   */
  const shownTopic = (id, { name, replicas, partitions }) => {
    const self = `${root}/${id}/topics/${name}`;
    return {
      kind: "KafkaTopic",
      metadata: { self, resource_name: `crn:///kafka=${id}/topic=${name}` },
      cluster_id: id,
      topic_name: name,
      is_internal: false,
      replication_factor: replicas,
      partitions_count: partitions,
      partitions: { related: `${self}/partitions` },
      configs: { related: `${self}/configs` },
      partition_reassignments: { related: `${self}/partitions/-/reassignment` },
    };
  };
  /**
   * @param {string} id
   * @param {string} name
   */
  const topicCalled = async (id, name) => {
    const topic = await cluster.topic(name);
    if (topic === undefined) throw topicNotFound();
    const { partitions } = topic;
    const replicas = partitions[0]?.replicas.length ?? 0;
    return shownTopic(id, { name, replicas, partitions: partitions.length });
  };
  const json = { offers: [V3], consumes: [V3, ANY] };
  return [
    {
      path: /^\/v3\/clusters$/,
      ...json,
      GET: async () => ({
        kind: "KafkaClusterList",
        metadata: { self: root, next: null },
        data: [shownCluster(await cluster.info())],
      }),
    },
    {
      path: /^\/v3\/clusters\/([^/]+)$/,
      ...json,
      GET: async ({ names: [id] }) => shownCluster(await clusterCalled(id)),
    },
    {
      path: /^\/v3\/clusters\/([^/]+)\/topics$/,
      ...json,
      GET: async ({ names }) => {
        const { id } = await clusterCalled(names[0]);
        const topics = [];
        for (const name of [...(await cluster.topics())].sort()) {
          topics.push(await topicCalled(id, name));
        }
        const metadata = { self: `${root}/${id}/topics`, next: null };
        return { kind: "KafkaTopicList", metadata, data: topics };
      },
      POST: async ({ names, body = {} }) => {
        const { id } = await clusterCalled(names[0]);
        const name = String(body["topic_name"]);
        const [partitions, replicas] = ["partitions_count", "replication_factor"].map((field) =>
          body[field] === undefined ? undefined : Number(body[field]),
        );
        const fault = await cluster.createTopic(name, partitions, replicas);
        if (fault !== undefined) throw new ApiError(400, 40002, fault);
        if (replicas === undefined) throw notKnown("a new topic's default replication factor");
        // How many partitions there are it does not say yet.
        const topic = shownTopic(id, { name, replicas, partitions: 0 });
        return new Reply(topic, { status: 201, headers: { Location: topic.metadata.self } });
      },
    },
    {
      path: /^\/v3\/clusters\/([^/]+)\/topics\/([^/]+)$/,
      ...json,
      GET: async ({ names: [id, topic = ""] }) => topicCalled((await clusterCalled(id)).id, topic),
      DELETE: async ({ names: [id, topic = ""] }) => {
        await clusterCalled(id);
        if (!(await cluster.deleteTopic(topic))) throw topicNotFound();
      },
    },
    {
      path: /^\/v3\/clusters\/([^/]+)\/topics\/([^/]+)\/records$/,
      ...json,
      POST: async ({ names, body }) => {
        const { id } = await clusterCalled(names[0]);
        const { type, data } = object(body?.["value"]);
        if (type !== "JSON" || Object.keys(body ?? {}).length !== 1) {
          throw notKnown("v3 records of more than a JSON value");
        }
        const value = encoded("json", data);
        const topic = names[1] ?? "";
        const [written] = await cluster.produce(topic, [
          { partition: undefined, key: null, value },
        ]);
        if (written === undefined || written instanceof NotWritten) {
          throw notKnown("a v3 record that is not written");
        }
        const record = {
          ...{ cluster_id: id, topic_name: topic },
          ...{ partition_id: written.partition, offset: written.offset },
          timestamp: new Date().toISOString(),
          value: { type, size: value?.length ?? 0 },
        };
        return new Reply(record, { end: "\r\n" });
      },
    },
    {
      path: /^\/v3\/clusters\/([^/]+)\/brokers$/,
      ...json,
      GET: async ({ names }) => {
        const { id, brokers } = await clusterCalled(names[0]);
        const own = `${root}/${id}/brokers`;
        const data = brokers.map((broker) => ({
          kind: "KafkaBroker",
          metadata: {
            self: `${own}/${broker.id}`,
            resource_name: `crn:///kafka=${id}/broker=${broker.id}`,
          },
          cluster_id: id,
          broker_id: broker.id,
          host: broker.host,
          port: broker.port,
          rack: null,
          configs: { related: `${own}/${broker.id}/configs` },
          partition_replicas: { related: `${own}/${broker.id}/partition-replicas` },
        }));
        return { kind: "KafkaBrokerList", metadata: { self: own, next: null }, data };
      },
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
  let type = V2;
  try {
    const { route, names, query, path } = find(request, routes);
    const offers = route.offers ?? [V2];
    type = offers[0] ?? V2;
    const method = request.method === "HEAD" ? "GET" : request.method;
    const handler = isMethod(method) ? route[method] : undefined;
    if (handler === undefined) throw new BareError(405, "Method Not Allowed");
    const sentType = method === "POST" ? typeOf(request, route) : "";
    const accepted = chosenType(request.headers.accept, offers);
    if (accepted === undefined) throw new BareError(406, "Not Acceptable");
    type = accepted;
    const result = await handler({
      ...{ names, query, path, accepted, type: sentType },
      body: sent === "" ? undefined : parsed(sent),
      host: request.headers.host ?? "",
    });
    if (result === undefined) return { status: 204, headers: {}, body: "" };
    if (request.method === "HEAD") {
      return { status: 200, headers: { "Content-Type": type, "Content-Length": "0" }, body: "" };
    }
    return (result instanceof Reply ? result : new Reply(result, {})).as(type);
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
  if (error instanceof ClusterSilent) {
    const message = "Timed out waiting for a node assignment. Call: listNodes";
    return failure(new ApiError(500, 50003, message), type);
  }
  if (!(error instanceof ApiError)) throw error;
  return {
    status: error.status,
    headers: error instanceof BareError ? {} : { "Content-Type": error.status === 415 ? V3 : type },
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
      return { route, names, path, query: new URLSearchParams(query) };
    }
  }
  if (/^\/(?:v3|topics|consumers|brokers)\//.test(path))
    throw notKnown(`${request.method} ${path}`);
  throw new BareError(404, "Not Found");
}

/**
 * What a body is sent as; one that does not say is taken for anything.
 *
 * @param {IncomingMessage} request
 * @param {Route} route
 */
function typeOf(request, { consumes = [] }) {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? ANY;
  if (!consumes.includes(type)) throw new ApiError(415, 415, "HTTP 415 Unsupported Media Type");
  return type;
}

/**
 * @param {string} text
 * @returns {Record<string, unknown>}
 */
function parsed(text) {
  let body;
  try {
    body = /** @type {unknown} */ (JSON.parse(text));
  } catch {
    throw new MalformedBody(complaint(text));
  }
  const foreign = foreignNumber(text);
  if (foreign !== undefined) throw notKnown(`the number ${foreign} in a body`);
  return object(body);
}

/**
 * In Jackson's words where they are recorded: when the text ends in a record that has just begun.
 *
 * @param {string} body
 */
function complaint(body) {
  if (!/^\{"records":\[\{$/.test(body)) {
    return "malformed JSON (this stand-in for REST Proxy does not know what Jackson says of it)";
  }
  const source =
    "[Source: (org.glassfish.jersey.message.internal.ReaderInterceptorExecutor$UnCloseableInputStream); line: 1, column: ";
  const chain = `io.confluent.kafkarest.entities.v2.ProduceRequest["records"]->java.util.ArrayList[0]`;
  return `Unexpected end-of-input: expected close marker for Object (start marker at ${source}${body.length}])\n at ${source}${body.length + 1}] (through reference chain: ${chain})`;
}

/**
 * @param {Record<string, unknown> | undefined} body
 * @param {string} type
 */
function newRecords(body, type) {
  const format = FORMATS[EMBEDDED.indexOf(type)] ?? "binary";
  if (!isKnown(format)) throw notKnown(`records of ${format}`);
  /** @param {string} fault */
  const invalid = (fault) => {
    if (format !== "json") throw notKnown(`${format} records that are not there`);
    return new ApiError(422, 422, `produceJson.arg2${fault}`);
  };
  if (body === undefined) throw invalid(" must not be null (was null)");
  refuseFields(body, ["records", "key_schema", "key_schema_id", "value_schema", "value_schema_id"]);
  const records = body["records"] ?? [];
  if (!Array.isArray(records)) throw notKnown("records that are not a list");
  if (records.length === 0) throw invalid(".records must not be empty (was [])");
  return records.map((record) => {
    const { key, value, partition } = object(record);
    refuseFields(record, ["key", "value", "partition"]);
    return {
      key: encoded(format, key),
      value: encoded(format, value),
      partition: typeof partition === "number" ? partition : undefined,
    };
  });
}

/**
 * @param {Cluster} cluster
 * @param {string} topic
 * @param {ReturnType<typeof newRecords>} records
 */
async function produced(cluster, topic, records) {
  const written = /^[\w.-]{1,249}$/.test(topic)
    ? await cluster.produce(topic, records)
    : records.map(() => invalidTopic(topic));
  const offsets = written.map((one) =>
    one instanceof NotWritten
      ? { partition: null, offset: null, error_code: one.code, error: one.message }
      : { partition: one.partition, offset: one.offset, error_code: null, error: null },
  );
  return { offsets, key_schema_id: null, value_schema_id: null };
}

/**
 * The address of a consumer instance: by the proxy's own name where it has one, else as the client called it.
 *
 * @param {Settings} settings
 * @param {string} host that the client named
 */
function instanceHost({ hostName, listeners }, host) {
  if (hostName === undefined) return host;
  return /:\d+$/.test(host) ? `${hostName}:${listeners[0]?.port}` : hostName;
}

/**
 * @param {Record<string, unknown>} body
 * @param {readonly string[]} known
 */
function refuseFields(body, known) {
  const other = Object.keys(body).find((field) => !known.includes(field));
  if (other !== undefined) throw new ApiError(422, 422, `Unrecognized field: ${other}`);
}

/**
 * @param {URLSearchParams} query
 * @param {string} name
 */
function positive(query, name) {
  const value = Number(query.get(name) ?? -1);
  return value > 0 ? value : Infinity;
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
  return method === "GET" || method === "POST" || method === "DELETE";
}
