import { setTimeout as sleep } from "node:timers/promises";
import kafkajs, { type Kafka } from "kafkajs";
import { connect } from "node:net";
import { parseAddress, type Address } from "../doctor/address.ts";
import { apiVersions } from "../doctor/api-versions.ts";
import { Connection } from "../doctor/connection.ts";
import { messageOf } from "../doctor/deadline.ts";
import type { Program } from "./compose.ts";

/** What a platform must do before it counts as there. */
export interface Readiness {
  /** Brokers of the listener for the host. */
  readonly brokers: readonly string[];
  /** What the healthcheck of each service beside the brokers asks, as the host asks it. */
  readonly urls: readonly string[];
}

/** How often is asked: seldom enough to leave the processors to what starts. */
const POLL_MS = 40;
/** Of one question. */
const PATIENCE_MS = 2000;
const DEADLINE_MS = 300_000;
/** Label of what holds the records, whose readiness is a record there and back. */
const SERVICE_LABEL = "kafka-platform-kit.service";
const KAFKA = new Set(["kafka", "kafka-controller", "zookeeper"]);

/**
 * What is to be asked of a program's platform.
 *
 * @throws Error when a service cannot be asked from the host
 */
export function readinessOf({ output, resource }: Program): Readiness {
  const listeners = Object.values(output.kafka.value.listeners);
  const host = listeners.find(({ vantage }) => vantage === "host");
  if (host === undefined) throw new Error("no listener for the host");
  const services = Object.values(resource.docker_container).filter(({ labels }) => {
    const service = labels.find(({ label }) => label === SERVICE_LABEL)?.value ?? "";
    return !KAFKA.has(service);
  });
  return {
    brokers: host.bootstrapServers.split(","),
    urls: services.map(({ name, ports = [], healthcheck }) => {
      const script = healthcheck.test.at(-1) ?? "";
      const internal = Number(/\/dev\/tcp\/[^/\s]+\/(\d+)/.exec(script)?.[1]);
      const path = /'GET (\S+) HTTP/.exec(script)?.[1];
      const port = ports.find((published) => published.internal === internal)?.external;
      if (path === undefined || port === undefined) {
        throw new Error(
          `${name}: what its healthcheck asks cannot be asked from the host: ${script}`,
        );
      }
      return `http://localhost:${port}${path}`;
    }),
  };
}

/**
 * Waits until a platform does its work: a record there and back by a client of its own, and every service answers
 * what its healthcheck asks.
 *
 * @returns when that was, in milliseconds since the epoch
 * @throws Error when it takes more than five minutes, with what was last in the way; or the reason of the signal
 */
export async function ready(readiness: Readiness, signal: AbortSignal): Promise<number> {
  const moments = await Promise.all([
    firstRecord(readiness.brokers, signal),
    ...readiness.urls.map((url) =>
      until(signal, async () => {
        const answer = await fetch(url, {
          headers: { connection: "close" },
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
      }),
    ),
  ]);
  return Math.max(...moments);
}

async function firstRecord(brokers: readonly string[], signal: AbortSignal): Promise<number> {
  // A client's own pauses between attempts are not what is measured: it begins when it is answered.
  await Promise.all(brokers.map((broker) => until(signal, () => askBroker(parseAddress(broker)))));
  const topic = `bench-${Date.now()}`;
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: "kafka-platform-kit-bench",
    logLevel: kafkajs.logLevel.NOTHING,
    requestTimeout: PATIENCE_MS * 5,
    retry: { initialRetryTime: POLL_MS, maxRetryTime: POLL_MS, factor: 0, retries: 50 },
  });
  await createTopic(kafka, topic, signal);
  await produce(kafka, topic, signal);
  return consume(kafka, topic, signal);
}

async function askBroker(to: Address): Promise<void> {
  const patience = performance.now() + PATIENCE_MS;
  const connection = await Connection.open(({ host, port }) => connect(port, host), to, {
    until: patience,
  });
  try {
    await connection.ask(apiVersions, patience);
  } finally {
    connection.close();
  }
}

async function createTopic(kafka: Kafka, topic: string, signal: AbortSignal): Promise<void> {
  const admin = kafka.admin();
  try {
    await until(signal, async () => {
      await admin.connect();
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
    });
  } finally {
    await admin.disconnect();
  }
}

async function produce(kafka: Kafka, topic: string, signal: AbortSignal): Promise<void> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  try {
    await until(signal, async () => {
      await producer.connect();
      await producer.send({ topic, acks: -1, messages: [{ value: topic }] });
    });
  } finally {
    await producer.disconnect();
  }
}

async function consume(kafka: Kafka, topic: string, signal: AbortSignal): Promise<number> {
  const consumer = kafka.consumer({
    groupId: topic,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: POLL_MS,
  });
  try {
    await until(signal, async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
    });
    return await new Promise<number>((resolve, reject) => {
      signal.throwIfAborted();
      const give = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", give, { once: true });
      const late = setTimeout(
        () => reject(new Error(`the record in topic ${topic} did not come back`)),
        DEADLINE_MS,
      );
      const settle = (): void => {
        clearTimeout(late);
        signal.removeEventListener("abort", give);
      };
      consumer
        .run({
          eachMessage: ({ message: { value } }) => {
            settle();
            if (String(value) === topic) resolve(Date.now());
            else reject(new Error(`topic ${topic} gave back ${String(value)}`));
            return Promise.resolve();
          },
        })
        .catch((error: unknown) => {
          settle();
          reject(error instanceof Error ? error : new Error(String(error)));
        });
    });
  } finally {
    await consumer.disconnect();
  }
}

/** Tries until it works; @returns when that was, in milliseconds since the epoch. */
async function until(signal: AbortSignal, attempt: () => Promise<void>): Promise<number> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      await attempt();
      return Date.now();
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`not ready after ${DEADLINE_MS / 1000} s: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    await sleep(POLL_MS);
  }
}
