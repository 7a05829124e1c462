import { lookup } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import { StartError } from "./environment.mjs";

/** The pause between two questions to a Kafka that does not do yet what it should. */
export const POLL_MS = 100;

/**
 * Waits for the first brokers that answer, as the images do before they start their service.
 *
 * @param {object} wanted
 * @param {string} wanted.clientId
 * @param {readonly string[]} wanted.brokers `host:port`
 * @param {number} wanted.minBrokers
 * @param {number} wanted.brokerTimeoutMs
 * @returns {Promise<kafkajs.Kafka>}
 * @throws {StartError} when no name of a broker resolves, or none answers in time
 */
export async function waitForBrokers({ clientId, brokers, minBrokers, brokerTimeoutMs }) {
  const known = await Promise.allSettled(
    brokers.map((broker) => lookup(broker.slice(0, broker.lastIndexOf(":")))),
  );
  if (known.every(({ status }) => status === "rejected")) {
    throw new StartError(
      `No resolvable bootstrap urls given in bootstrap.servers: ${brokers.join(",")}`,
    );
  }
  const kafka = new kafkajs.Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 1000,
    requestTimeout: 5000,
    retry: { initialRetryTime: POLL_MS, maxRetryTime: 1000, retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const deadline = Date.now() + brokerTimeoutMs;
  for (;;) {
    const found = await countBrokers(kafka);
    if (found >= minBrokers) return kafka;
    if (Date.now() > deadline) {
      throw new StartError(`Expected ${minBrokers} brokers but found only ${found}.`);
    }
    await sleep(POLL_MS);
  }
}

/** @param {kafkajs.Kafka} kafka */
async function countBrokers(kafka) {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length;
  } catch {
    // None yet, whatever it was: the deadline tells.
    return 0;
  } finally {
    await admin.disconnect();
  }
}
