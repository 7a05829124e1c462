import { brokersIn, Environment, listenersIn, StartError } from "../shared/environment.mjs";

/**
 * What the image's environment asks for.
 *
 * @typedef {object} Settings
 * @property {readonly string[]} brokers `host:port`
 * @property {readonly { readonly host: string, readonly port: number }[]} listeners
 * @property {string | undefined} hostName in the addresses that it gives to clients
 * @property {number} minBrokers
 * @property {number} brokerTimeoutMs for the first broker that answers
 * @property {number} adminTimeoutMs for what is asked about the cluster
 * @property {number} metadataTimeoutMs for a record's topic and partition to be found
 * @property {number} deliveryTimeoutMs for a record to be written
 * @property {number} fetchMs for which a fetch waits for records
 * @property {number} idleMs after which a consumer instance expires
 * @property {number} rebalanceMs for which a group waits for a member that does not poll
 */

const PREFIX = "KAFKA_REST_";

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Settings}
 * @throws {StartError} where the image would end
 */
export function settingsFrom(env) {
  const own = new Environment(env, PREFIX);
  const stores = ["ZOOKEEPER_CONNECT", "BOOTSTRAP_SERVERS"].map((name) => `${PREFIX}${name}`);
  const brokers = own.demand("BOOTSTRAP_SERVERS", `ensure-atleast-one ${stores.join(" ")}`);
  const hostName = own.demand("HOST_NAME");
  const listeners = own.find("LISTENERS");
  if (own.find("PORT") !== undefined && listeners === undefined) {
    throw new StartError("PORT is deprecated. Please use KAFKA_REST_LISTENERS instead.");
  }
  // It is for Avro, which is not known here.
  own.find("SCHEMA_REGISTRY_URL");
  const settings = {
    brokers: brokersIn(brokers),
    listeners: listenersIn(listeners ?? "http://0.0.0.0:8082"),
    // A blank does for the image, and is nothing in a properties file.
    hostName: hostName.trim() === "" ? undefined : hostName,
    minBrokers: own.count("CUB_KAFKA_MIN_BROKERS", 1),
    brokerTimeoutMs: 1000 * own.count("CUB_KAFKA_TIMEOUT", 40),
    adminTimeoutMs: own.count("CLIENT_DEFAULT_API_TIMEOUT_MS", 60_000),
    metadataTimeoutMs: own.count("PRODUCER_MAX_BLOCK_MS", 60_000),
    deliveryTimeoutMs: own.count("PRODUCER_DELIVERY_TIMEOUT_MS", 120_000),
    fetchMs: own.count("CONSUMER_REQUEST_TIMEOUT_MS", 1000),
    idleMs: own.count("CONSUMER_INSTANCE_TIMEOUT_MS", 300_000),
    rebalanceMs: own.count("CONSUMER_MAX_POLL_INTERVAL_MS", 300_000),
  };
  own.refuseOthers("REST Proxy");
  return settings;
}
