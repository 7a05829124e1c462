import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import { POLL_MS } from "../shared/brokers.mjs";
import { StartError } from "../shared/environment.mjs";
import { StoreTimeout } from "./errors.mjs";

/**
 * The registry's records in Kafka: a compacted topic of one partition.
 *
 * @typedef {import("./registry.mjs").LogRecord} LogRecord
 * @typedef {import("./environment.mjs").Settings} Settings
 */

const READER_PAUSE_MS = 300;
const CLEANUP_POLICY = "cleanup.policy";

/** The topic, read from its beginning. It has one writer: a record of somebody else's ends the stand-in. */
export class KafkaLog {
  #read = -1n;
  #readEnough = () => {};
  /** @type {Set<string>} */
  #sent = new Set();
  /** @type {Promise<unknown>} */
  #attempt = Promise.resolve();
  #started = false;
  #lastLoss = "";

  /**
   * @param {kafkajs.Kafka} kafka
   * @param {Settings} settings
   * @param {{ readonly apply: (record: LogRecord) => void, readonly fail: (error: unknown) => void }} reader
   */
  constructor(kafka, settings, { apply, fail }) {
    this.kafka = kafka;
    this.settings = settings;
    this.apply = apply;
    this.fail = fail;
    this.producer = kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
    });
  }

  /**
   * Makes the topic if there is none, and ends when all its records were applied.
   *
   * @returns {Promise<string>} the cluster's id
   * @throws {StartError} when the topic can't be had, or can't be read in time
   */
  async open() {
    const { initTimeoutMs, topic } = this.settings;
    const abort = new AbortController();
    const late = sleep(initTimeoutMs, undefined, { signal: abort.signal }).then(() => {
      throw new StartError(
        `Timed out waiting for join group to complete: the topic ${topic} could not be read within ${initTimeoutMs} ms; ${this.#lastLoss}`,
      );
    });
    try {
      return await Promise.race([this.#open(), late]);
    } finally {
      abort.abort();
    }
  }

  async #open() {
    const clusterId = await this.#insist(() => this.#ensureTopic());
    await this.#insist(() => this.producer.connect());
    // What the real one does to learn where the log ends.
    const noop = { key: { keytype: "NOOP", magic: 0 }, value: null };
    const end = await this.#insist(() => this.#send(noop));
    const read = new Promise((resolve) => {
      this.#readEnough = () => {
        if (this.#read >= end) resolve(undefined);
      };
    });
    this.#keepReading();
    await read;
    this.#started = true;
    return clusterId;
  }

  /**
   * A broker that has just started takes a while to do what it is asked; the timeout of the start bounds it.
   *
   * @template T
   * @param {() => Promise<T>} step
   * @returns {Promise<T>}
   */
  async #insist(step) {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (error instanceof StartError) throw error;
        this.#lost(error instanceof Error ? error.message : String(error));
        await sleep(POLL_MS);
      }
    }
  }

  /** @param {string} message why Kafka does not do what it should */
  #lost(message) {
    if (message !== this.#lastLoss) console.warn(`WARN ${message}`);
    this.#lastLoss = message;
  }

  /** @returns {Promise<string>} the cluster's id */
  async #ensureTopic() {
    const { topic, replicationFactor } = this.settings;
    const admin = this.kafka.admin({ retry: { retries: 10, initialRetryTime: POLL_MS } });
    await admin.connect();
    try {
      const { brokers, clusterId } = await admin.describeCluster();
      if (!(await admin.listTopics()).includes(topic)) {
        if (brokers.length < replicationFactor) {
          const factors = `${brokers.length}, which is less than the desired one of ${replicationFactor}`;
          console.warn(
            `WARN Creating the schema topic ${topic} using a replication factor of ${factors}.`,
          );
        }
        await admin.createTopics({
          topics: [
            {
              topic,
              numPartitions: 1,
              replicationFactor: Math.min(brokers.length, replicationFactor),
              configEntries: [{ name: CLEANUP_POLICY, value: "compact" }],
            },
          ],
        });
      }
      await this.#checkTopic(admin);
      return clusterId;
    } finally {
      await admin.disconnect();
    }
  }

  /** @param {kafkajs.Admin} admin */
  async #checkTopic(admin) {
    const { topic } = this.settings;
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions.length;
    if (partitions !== 1) {
      throw new StartError(
        `The schema topic ${topic} should have only 1 partition but has ${partitions}`,
      );
    }
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name: topic, configNames: [CLEANUP_POLICY] }],
    });
    const policy = resources[0]?.configEntries.find(
      ({ configName }) => configName === CLEANUP_POLICY,
    );
    if (policy?.configValue !== "compact") {
      throw new StartError(
        `The retention policy of the schema topic ${topic} is incorrect. You must configure the topic to 'compact' cleanup policy to avoid Kafka deleting your schemas after a week. It is ${policy?.configValue}`,
      );
    }
  }

  #keepReading() {
    this.#startReader().catch((error) => this.#readAgain(error));
  }

  /** @param {Error} lost why there is no reader any more */
  #readAgain({ message }) {
    this.#lost(`the reader has lost Kafka: ${message}`);
    setTimeout(() => this.#keepReading(), READER_PAUSE_MS);
  }

  async #startReader() {
    // A group of its own each time: Kafka would wait for a member that is gone.
    const groupId = `${this.settings.group}-${this.settings.hostName}-${randomUUID()}`;
    const consumer = this.kafka.consumer({
      groupId,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 500,
      retry: { restartOnFailure: async () => false },
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#readAgain(payload.error));
    await consumer.subscribe({ topic: this.settings.topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        try {
          this.#take(BigInt(message.offset), message.key, message.value);
        } catch (error) {
          this.fail(error);
        }
      },
    });
  }

  /**
   * @param {bigint} offset
   * @param {Buffer | null} key
   * @param {Buffer | null} value
   */
  #take(offset, key, value) {
    // The reader starts over whenever it has lost its broker, and then meets what an earlier run wrote, too.
    if (offset <= this.#read) return;
    const [name, content] = [key?.toString() ?? "", value?.toString() ?? null];
    if (this.#started && !this.#sent.has(`${name} ${content}`)) {
      throw new Error(
        `somebody else wrote ${name} to ${this.settings.topic}: this stand-in for Schema Registry works alone only`,
      );
    }
    this.#advance(offset, {
      key: JSON.parse(name),
      value: content === null ? null : JSON.parse(content),
    });
  }

  /**
   * @param {bigint} offset
   * @param {LogRecord} record
   */
  #advance(offset, record) {
    if (offset <= this.#read) return;
    this.#read = offset;
    this.apply(record);
    this.#readEnough();
  }

  /** @returns {Promise<void>} */
  async settled() {
    await this.#within(this.#attempt);
  }

  /**
   * @param {LogRecord} record
   * @throws {StoreTimeout}
   */
  async append(record) {
    await this.#within(this.#sendUntilItIsThere(record));
  }

  /** @param {LogRecord} record */
  async #sendUntilItIsThere(record) {
    const deadline = Date.now() + this.settings.writeTimeoutMs;
    for (;;) {
      const attempt = this.#send(record);
      this.#attempt = attempt.catch(() => undefined);
      try {
        this.#advance(await attempt, record);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw new StoreTimeout(String(error));
        await sleep(POLL_MS);
      }
    }
  }

  /**
   * @param {LogRecord} record
   * @returns {Promise<bigint>} its offset
   */
  async #send({ key, value }) {
    const message = {
      key: JSON.stringify(key),
      value: value === null ? null : JSON.stringify(value),
    };
    this.#sent.add(`${message.key} ${message.value}`);
    const [written] = await this.producer.send({ topic: this.settings.topic, messages: [message] });
    return BigInt(written?.baseOffset ?? -1);
  }

  /** @param {Promise<unknown>} write */
  async #within(write) {
    const abort = new AbortController();
    const late = sleep(this.settings.writeTimeoutMs, undefined, { signal: abort.signal }).then(
      () => {
        throw new StoreTimeout("no answer");
      },
    );
    try {
      await Promise.race([write, late]);
    } finally {
      abort.abort();
    }
  }
}
