import { brokersIn, Environment, listenersIn } from "../shared/environment.mjs";
import { isKnownProperty } from "./properties.mjs";

/**
 * What the image's environment asks for.
 *
 * @typedef {object} Settings
 * @property {readonly string[]} brokers `host:port`
 * @property {readonly { readonly host: string, readonly port: number }[]} listeners
 * @property {string} serviceId
 * @property {ReadonlyMap<string, string>} properties of the server that are set, `ksql.` and all
 * @property {number} internalReplicas of the command topic
 * @property {boolean} processingLogTopic whether its topic is made
 * @property {boolean} processingLogStream whether there is a stream over it
 * @property {number} processingLogReplicas
 * @property {number} minBrokers
 * @property {number} brokerTimeoutMs for the first broker that answers
 * @property {number} notReadyMs how long it answers 503 before it is ready
 * @property {number} statementMs for a statement to get into the command topic
 * @property {number} healthMs for the brokers to answer a health check
 * @property {number} runnerDiesMs a statement's wait for the brokers that ends the command runner
 * @property {number} stopMs that it takes to end
 */

const PREFIX = "KSQL_";
/** Of the image, of Kafka's clients inside, or of the log: no difference here. */
const WITHOUT_EFFECT = [
  ...["CONFIG_DIR", "HOST_NAME", "CACHE_MAX_BYTES_BUFFERING", "PRODUCER_INTERCEPTOR_CLASSES"],
  "CONSUMER_INTERCEPTOR_CLASSES",
];
const PROCESSING_LOG = [
  ...["topic.auto.create", "topic.replication.factor", "topic.partitions", "stream.auto.create"],
].map((name) => `ksql.logging.processing.${name}`);

/**
 * Times are the real server's unless the variable `STAND_IN_*` of that name, in seconds, says otherwise.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Settings}
 * @throws {StartError} where the image would end
 */
export function settingsFrom(env) {
  const own = new Environment(env, PREFIX);
  const times = new Environment(env, "STAND_IN_");
  /**
   * @param {string} name
   * @param {number} otherwise
   */
  const seconds = (name, otherwise) => 1000 * times.count(`${name}_SECONDS`, otherwise);
  const brokers = own.demand("BOOTSTRAP_SERVERS");
  const listeners = own.find("LISTENERS") ?? "http://0.0.0.0:8088";
  for (const name of WITHOUT_EFFECT) own.find(name);
  /** @type {Map<string, string>} */
  const properties = new Map([["ksql.streams.bootstrap.servers", brokers]]);
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(`${PREFIX}KSQL_`)) continue;
    const name = propertyOf(variable.slice(PREFIX.length));
    if (!isKnown(name)) continue;
    const value = own.find(variable.slice(PREFIX.length));
    if (value !== undefined) properties.set(name, value);
  }
  const settings = {
    brokers: brokersIn(brokers),
    listeners: listenersIn(listeners),
    serviceId: properties.get("ksql.service.id") ?? "default_",
    properties,
    internalReplicas: own.count("KSQL_INTERNAL_TOPIC_REPLICAS", 1),
    processingLogTopic: own.find("KSQL_LOGGING_PROCESSING_TOPIC_AUTO_CREATE") === "true",
    processingLogStream: own.find("KSQL_LOGGING_PROCESSING_STREAM_AUTO_CREATE") === "true",
    processingLogReplicas: own.count("KSQL_LOGGING_PROCESSING_TOPIC_REPLICATION_FACTOR", 1),
    minBrokers: 1,
    brokerTimeoutMs: seconds("BROKER_TIMEOUT", 184),
    notReadyMs: 1500,
    statementMs: seconds("STATEMENT_TIMEOUT", 60),
    healthMs: seconds("HEALTH_TIMEOUT", 30),
    runnerDiesMs: seconds("RUNNER_DIES", 600),
    // The real one takes up to 33; it ends sooner when it has little to do.
    stopMs: seconds("STOP", 3),
  };
  own.refuseOthers("ksqlDB server");
  return settings;
}

/** @param {string} variable such as `KSQL_SERVICE_ID` */
function propertyOf(variable) {
  return variable.toLowerCase().replaceAll("_", ".");
}

/** @param {string} name */
function isKnown(name) {
  return isKnownProperty(name) || PROCESSING_LOG.includes(name) || name.startsWith("ksql.streams.");
}
