import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import { POLL_MS } from "../shared/brokers.mjs";
import { StartError } from "../shared/environment.mjs";
import { CommandTimeout, TooFewBrokers } from "./engine.mjs";

/**
 * The engine's Kafka: real topics and records, and statements in a command topic, written in transactions as the
 * real server does.
 *
 * @typedef {import("./engine.mjs").Cluster} ICluster
 * @typedef {import("./engine.mjs").Command} Command
 * @typedef {import("./engine.mjs").Follow} Follow
 * @typedef {import("./engine.mjs").Following} Following
 * @typedef {import("./engine.mjs").Topic} Topic
 * @typedef {import("./rows.mjs").KafkaRecord} KafkaRecord
 * @typedef {import("./environment.mjs").Settings} Settings
 * @typedef {{ readonly offset: number, readonly command: Command }} Kept
 */

const READER_PAUSE_MS = 300;

/** @implements {ICluster} */
export class Cluster {
  /**
   * By topic: one that is gone would keep the same producer from all others.
   *
   * @type {Map<string, Promise<kafkajs.Producer>>}
   */
  #producers = new Map();

  /**
   * @param {kafkajs.Kafka} kafka that tries each request once
   * @param {Settings} settings
   * @param {(line: string) => void} log
   */
  constructor(kafka, settings, log) {
    this.kafka = kafka;
    this.settings = settings;
    this.log = log;
    this.commandTopic = `_confluent-ksql-${settings.serviceId}_command_topic`;
  }

  /**
   * Makes the server's own topics where they are missing.
   *
   * @param {string | undefined} processingLog a topic that is wanted, too
   * @returns {Promise<{ readonly clusterId: string, readonly commands: readonly Kept[] }>} what was stated before
   * @throws {StartError}
   */
  async open(processingLog) {
    const clusterId = await this.#insist(() =>
      this.#administered(async (admin) => (await admin.describeCluster()).clusterId),
    );
    const there = (await this.topics()).map(({ name }) => name);
    const { internalReplicas, processingLogReplicas } = this.settings;
    try {
      if (!there.includes(this.commandTopic)) {
        await this.createTopic(this.commandTopic, 1, internalReplicas);
      }
      if (processingLog !== undefined && !there.includes(processingLog)) {
        await this.createTopic(processingLog, 1, processingLogReplicas);
      }
    } catch (error) {
      throw error instanceof TooFewBrokers ? new StartError(error.message) : error;
    }
    return { clusterId, commands: await this.#commands() };
  }

  /** @returns {Promise<Topic[]>} as soon as a broker says so */
  async topics() {
    return this.#insist(() =>
      this.#administered(async (admin) => {
        const { topics } = await admin.fetchTopicMetadata();
        return topics.map(({ name, partitions }) => ({
          name,
          replicas: partitions.map(({ replicas }) => replicas.length),
        }));
      }),
    );
  }

  /**
   * @param {string} topic
   * @param {number} numPartitions
   * @param {number} replicationFactor
   * @throws {TooFewBrokers}
   */
  async createTopic(topic, numPartitions, replicationFactor) {
    await this.#insist(() =>
      this.#administered(async (admin) => {
        const { length } = (await admin.describeCluster()).brokers;
        if (replicationFactor > length) {
          const factor = `Replication factor: ${replicationFactor}`;
          throw new TooFewBrokers(`${factor} larger than available brokers: ${length}.`);
        }
        const configEntries =
          topic === this.commandTopic
            ? [
                { name: "cleanup.policy", value: "delete" },
                { name: "retention.ms", value: "-1" },
              ]
            : [];
        // False where it is there already.
        await admin.createTopics({
          topics: [{ topic, numPartitions, replicationFactor, configEntries }],
          waitForLeaders: false,
        });
      }),
    );
  }

  /** @param {string} topic */
  async deleteTopic(topic) {
    await this.#administered((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  /**
   * @param {string} topic
   * @param {KafkaRecord} record
   */
  async produce(topic, { key, value }) {
    // A topic that is new has no leader for a moment.
    await this.#insist(async () => {
      const producer = await this.#producerFor(topic);
      await producer.send({ topic, messages: [{ key, value }] });
    });
  }

  /**
   * @param {string} topic
   * @param {Follow} follow
   * @returns {Following}
   */
  follow(topic, follow) {
    return new Follower(this, topic, follow);
  }

  /** @param {string} group */
  async forget(group) {
    try {
      await this.#administered((admin) => admin.deleteGroups([group]));
    } catch (error) {
      // One that has read nothing is gone by itself.
      this.log(`INFO consumer group ${group} was not deleted: ${error}`);
    }
  }

  /**
   * @param {Command} command
   * @returns {Promise<number>} its offset
   * @throws {CommandTimeout}
   */
  async append({ id, ...value }) {
    const { statementMs } = this.settings;
    const deadline = Date.now() + statementMs;
    for (;;) {
      const producer = this.kafka.producer({
        transactionalId: this.settings.serviceId,
        idempotent: true,
        // Fewer are refused, and the loop here goes on longer.
        retry: { retries: 1, initialRetryTime: POLL_MS },
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      try {
        await producer.connect();
        const transaction = await producer.transaction();
        const messages = [{ key: JSON.stringify(id), value: JSON.stringify(value) }];
        const [written] = await transaction.send({ topic: this.commandTopic, messages });
        await transaction.commit();
        return Number(written?.baseOffset);
      } catch (error) {
        if (Date.now() > deadline) {
          this.log(`ERROR ${error}`);
          throw new CommandTimeout(
            `Timeout expired after ${statementMs}milliseconds while awaiting InitProducerId`,
          );
        }
        await sleep(POLL_MS);
      } finally {
        await producer.disconnect();
      }
    }
  }

  async isHealthy() {
    const deadline = Date.now() + this.settings.healthMs;
    for (;;) {
      try {
        const topics = [this.commandTopic];
        await this.#administered((admin) => admin.fetchTopicMetadata({ topics }));
        return true;
      } catch (error) {
        if (Date.now() > deadline) {
          this.log(`WARN the brokers do not answer: ${error}`);
          return false;
        }
        await sleep(POLL_MS);
      }
    }
  }

  /** @param {string} topic */
  #producerFor(topic) {
    const known = this.#producers.get(topic);
    if (known !== undefined) return known;
    const producer = this.kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
      // Only between two attempts of its own does it look where a topic has gone.
      retry: { retries: 3, initialRetryTime: POLL_MS },
    });
    const connected = producer.connect().then(() => producer);
    this.#producers.set(topic, connected);
    connected.catch(() => this.#producers.delete(topic));
    return connected;
  }

  /** @returns {Promise<Kept[]>} */
  async #commands() {
    const offsets = await this.#insist(() =>
      this.#administered((admin) => admin.fetchTopicOffsets(this.commandTopic)),
    );
    // A transaction's own mark, which no consumer shows, follows each.
    const last = Number(offsets[0]?.high ?? 0) - 2;
    if (last < 0) return [];
    /** @type {Kept[]} */
    const commands = [];
    await new Promise((resolve) => {
      const following = new Follower(this, this.commandTopic, {
        group: `_confluent-ksql-${this.settings.serviceId}_${randomUUID()}`,
        fromBeginning: true,
        take: async ({ key, value }, offset) => {
          const stated = JSON.parse(String(value));
          commands.push({ offset, command: { id: JSON.parse(String(key)), ...stated } });
          if (offset >= last) resolve(following.stop());
        },
      });
    });
    return commands;
  }

  /**
   * A broker that has just started, or is gone, takes a while.
   *
   * @template T
   * @param {() => Promise<T>} step
   * @returns {Promise<T>}
   */
  async #insist(step) {
    let last = "";
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (error instanceof StartError || error instanceof TooFewBrokers) throw error;
        const message = String(error);
        if (message !== last) this.log(`WARN ${message}`);
        last = message;
        await sleep(POLL_MS);
      }
    }
  }

  /**
   * @template T
   * @param {(admin: kafkajs.Admin) => Promise<T>} ask
   * @returns {Promise<T>}
   */
  async #administered(ask) {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return await ask(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** A consumer that begins again whenever it has lost Kafka. */
class Follower {
  /** @type {Map<number, number>} */
  #taken = new Map();
  #ended = new AbortController();
  #running = Promise.resolve();

  /**
   * @param {Cluster} cluster
   * @param {string} topic
   * @param {Omit<Follow, "take"> & { readonly take: (record: KafkaRecord, offset: number) => Promise<void> }} follow
   */
  constructor(cluster, topic, follow) {
    this.cluster = cluster;
    this.topic = topic;
    this.follow = follow;
    // Not at once: what is restored may be terminated by the next statement.
    this.#running = sleep(0).then(() => this.#run());
  }

  async stop({ forGood } = { forGood: true }) {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    // Not awaited: a row that is being taken may be what stops it.
    const gone = this.#running.then(() =>
      forGood ? this.cluster.forget(this.follow.group) : undefined,
    );
    gone.catch((error) => this.cluster.log(`ERROR ${error}`));
  }

  async #run() {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await this.#consume();
      } catch (error) {
        this.cluster.log(`WARN a query on ${this.topic} has lost Kafka: ${error}`);
        await sleep(READER_PAUSE_MS);
      }
    }
  }

  async #consume() {
    const { group: groupId, fromBeginning, take } = this.follow;
    const { signal } = this.#ended;
    const consumer = this.cluster.kafka.consumer({
      groupId,
      allowAutoTopicCreation: false,
      readUncommitted: true,
      maxWaitTimeInMs: POLL_MS,
      // Soon enough for who comes after a reader that was lost.
      sessionTimeout: 6000,
      heartbeatInterval: 1000,
      retry: { retries: 3, initialRetryTime: POLL_MS, restartOnFailure: async () => false },
    });
    /** @type {Promise<void>} */
    const ended = new Promise((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      signal.addEventListener("abort", () => resolve());
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: this.topic, fromBeginning });
      await consumer.run({
        eachMessage: async ({ partition, message: { offset, key, value } }) => {
          const number = Number(offset);
          if (signal.aborted || number <= (this.#taken.get(partition) ?? -1)) return;
          await take({ key, value }, number);
          this.#taken.set(partition, number);
        },
      });
      await ended;
    } finally {
      await consumer.disconnect();
    }
  }
}
