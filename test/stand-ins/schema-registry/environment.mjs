import { LEVELS } from "./registry.mjs";

/**
 * What the image's environment asks for.
 *
 * @typedef {object} Settings
 * @property {string} hostName
 * @property {readonly string[]} brokers `host:port`
 * @property {readonly { readonly host: string, readonly port: number }[]} listeners
 * @property {string} topic
 * @property {number} replicationFactor at most; fewer where there are fewer brokers
 * @property {string} level
 * @property {string} group
 * @property {number} minBrokers
 * @property {number} brokerTimeoutMs for the first broker that answers
 * @property {number} initTimeoutMs for the topic to be read
 * @property {number} writeTimeoutMs
 */

/** The container must end: its environment, or what it found, does not do. */
export class StartError extends Error {}

const PREFIX = "SCHEMA_REGISTRY_";
/** What is for the image, the JVM or the log, and makes no difference here. */
const WITHOUT_EFFECT = [
  ...[/^HEAP_OPTS$/, /^OPTS$/, /^JVM_PERFORMANCE_OPTS$/, /^GC_LOG_OPTS$/, /^JMX_/, /^LOG4J_/],
  /^DEBUG$/,
];

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Settings}
 * @throws {StartError} where the image would end
 */
export function settingsFrom(env) {
  /** @type {Set<string>} */
  const read = new Set();
  /** @param {string} name */
  const find = (name) => {
    read.add(name);
    const value = env[`${PREFIX}${name}`];
    return value === "" ? undefined : value;
  };
  /**
   * @param {string} name
   * @param {string} check the image's own, which fails
   */
  const demand = (name, check) => {
    const value = find(name);
    if (value !== undefined) return value;
    throw new StartError(
      `${PREFIX}${name} is required.\nCommand [/usr/local/bin/dub ${check}] FAILED !`,
    );
  };
  /**
   * @param {string} name
   * @param {number} otherwise
   */
  const count = (name, otherwise) => {
    const value = find(name) ?? String(otherwise);
    if (/^[1-9]\d*$/.test(value)) return Number(value);
    throw new StartError(`${PREFIX}${name} is "${value}", which is not a number above 0`);
  };
  const stores = ["CONNECTION_URL", "BOOTSTRAP_SERVERS"].map(
    (name) => `${PREFIX}KAFKASTORE_${name}`,
  );
  const brokers = demand("KAFKASTORE_BOOTSTRAP_SERVERS", `ensure-atleast-one ${stores.join(" ")}`);
  const hostName = demand("HOST_NAME", `ensure ${PREFIX}HOST_NAME`);
  if (find("PORT") !== undefined) {
    throw new StartError("PORT is deprecated. Please use SCHEMA_REGISTRY_LISTENERS instead.");
  }
  const settings = {
    hostName,
    brokers: brokers.split(",").map(broker),
    listeners: (find("LISTENERS") ?? "http://0.0.0.0:8081").split(",").map(listener),
    topic: find("KAFKASTORE_TOPIC") ?? "_schemas",
    replicationFactor: count("KAFKASTORE_TOPIC_REPLICATION_FACTOR", 3),
    level: level(
      find("SCHEMA_COMPATIBILITY_LEVEL") ?? find("AVRO_COMPATIBILITY_LEVEL") ?? "backward",
    ),
    group: find("SCHEMA_REGISTRY_GROUP_ID") ?? "schema-registry",
    minBrokers: count("CUB_KAFKA_MIN_BROKERS", 1),
    brokerTimeoutMs: 1000 * count("CUB_KAFKA_TIMEOUT", 40),
    initTimeoutMs: count("KAFKASTORE_INIT_TIMEOUT_MS", 60_000),
    writeTimeoutMs: count("KAFKASTORE_TIMEOUT_MS", 500),
  };
  const others = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length))
    .filter((name) => !read.has(name) && !WITHOUT_EFFECT.some((known) => known.test(name)));
  if (others.length > 0) {
    const names = others.map((name) => `${PREFIX}${name}`).join(", ");
    throw new StartError(
      `this stand-in does not know what ${names} would do to the real Schema Registry`,
    );
  }
  return settings;
}

/** @param {string} text */
function broker(text) {
  const match = /^(?:([A-Z_]+):\/\/)?([^:/]+:\d+)$/.exec(text.trim());
  if (match?.[2] !== undefined && (match[1] ?? "PLAINTEXT") === "PLAINTEXT") return match[2];
  throw new StartError(`"${text}" is not a PLAINTEXT broker that this stand-in could reach`);
}

/** @param {string} text */
function listener(text) {
  const match = /^http:\/\/([^:/]*):(\d+)$/.exec(text.trim());
  if (match === null) throw new StartError(`"${text}" is not a listener; write http://host:port`);
  return { host: match[1] || "0.0.0.0", port: Number(match[2]) };
}

/** @param {string} text */
function level(text) {
  const known = LEVELS.find((name) => name === text.toUpperCase());
  if (known === undefined) throw new StartError(`Unknown compatibility level: ${text}`);
  return known;
}
