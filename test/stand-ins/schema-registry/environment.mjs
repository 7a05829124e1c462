import { brokersIn, Environment, listenersIn, StartError } from "../shared/environment.mjs";
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

const PREFIX = "SCHEMA_REGISTRY_";

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Settings}
 * @throws {StartError} where the image would end
 */
export function settingsFrom(env) {
  const own = new Environment(env, PREFIX);
  const stores = ["CONNECTION_URL", "BOOTSTRAP_SERVERS"].map(
    (name) => `${PREFIX}KAFKASTORE_${name}`,
  );
  const brokers = own.demand(
    "KAFKASTORE_BOOTSTRAP_SERVERS",
    `ensure-atleast-one ${stores.join(" ")}`,
  );
  const hostName = own.demand("HOST_NAME");
  if (own.find("PORT") !== undefined) {
    throw new StartError("PORT is deprecated. Please use SCHEMA_REGISTRY_LISTENERS instead.");
  }
  const settings = {
    hostName,
    brokers: brokersIn(brokers),
    listeners: listenersIn(own.find("LISTENERS") ?? "http://0.0.0.0:8081"),
    topic: own.find("KAFKASTORE_TOPIC") ?? "_schemas",
    replicationFactor: own.count("KAFKASTORE_TOPIC_REPLICATION_FACTOR", 3),
    level: level(
      own.find("SCHEMA_COMPATIBILITY_LEVEL") ?? own.find("AVRO_COMPATIBILITY_LEVEL") ?? "backward",
    ),
    group: own.find("SCHEMA_REGISTRY_GROUP_ID") ?? "schema-registry",
    minBrokers: own.count("CUB_KAFKA_MIN_BROKERS", 1),
    brokerTimeoutMs: 1000 * own.count("CUB_KAFKA_TIMEOUT", 40),
    initTimeoutMs: own.count("KAFKASTORE_INIT_TIMEOUT_MS", 60_000),
    writeTimeoutMs: own.count("KAFKASTORE_TIMEOUT_MS", 500),
  };
  own.refuseOthers("Schema Registry");
  return settings;
}

/** @param {string} text */
function level(text) {
  const known = LEVELS.find((name) => name === text.toUpperCase());
  if (known === undefined) throw new StartError(`Unknown compatibility level: ${text}`);
  return known;
}
