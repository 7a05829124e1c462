import { setTimeout as sleep } from "node:timers/promises";
import kafkajs from "kafkajs";
import { POLL_MS } from "../shared/brokers.mjs";
import { ClusterSilent, expired, notInMetadata, notKnown } from "./errors.mjs";

/**
 * The cluster, through kafkajs.
 *
 * @typedef {import("./consumers.mjs").Member} Member
 * @typedef {import("./consumers.mjs").TopicPartition} TopicPartition
 * @typedef {import("./consumers.mjs").Position} Position
 * @typedef {import("./consumers.mjs").RawRecord} RawRecord
 * @typedef {import("./environment.mjs").Settings} Settings
 * @typedef {import("./errors.mjs").NotWritten} NotWritten
 *
 * @typedef {object} ClusterInfo
 * @property {string} id
 * @property {number} controller
 * @property {readonly { readonly id: number, readonly host: string, readonly port: number }[]} brokers
 *
 * @typedef {object} TopicInfo
 * @property {string} name
 * @property {Readonly<Record<string, string>>} configs
 * @property {readonly { readonly partition: number, readonly leader: number, readonly replicas: readonly { readonly broker: number, readonly leader: boolean, readonly in_sync: boolean }[] }[]} partitions
 *
 * @typedef {{ readonly partition: number | undefined, readonly key: Buffer | null, readonly value: Buffer | null }} NewRecord
 * @typedef {{ readonly partition: number, readonly offset: number } | NotWritten} Written
 *
 * @typedef {object} Cluster what REST Proxy needs of Kafka; its questions throw `ClusterSilent`
 * @property {() => Promise<ClusterInfo>} info
 * @property {() => Promise<readonly string[]>} topics without Kafka's own
 * @property {(topic: string) => Promise<TopicInfo | undefined>} topic
 * @property {(topic: string, partition: number) => Promise<{ readonly beginning: number, readonly end: number } | undefined>} offsets
 * @property {(topic: string, partitions: number | undefined, replicas: number | undefined) => Promise<string | undefined>} createTopic why not, if so
 * @property {(topic: string) => Promise<boolean>} deleteTopic whether it was there
 * @property {(topic: string, records: readonly NewRecord[]) => Promise<readonly Written[]>} produce
 * @property {(group: string, fromBeginning: boolean) => Member} member
 */

const OWN_TOPICS = ["__consumer_offsets", "__transaction_state"];

/** @implements {Cluster} */
export class KafkaCluster {
  /** @type {Map<string, number>} topics that were seen, with their partitions */
  #known = new Map();
  /** @type {WeakMap<kafkajs.Message, number>} */
  #chosen = new WeakMap();

  /**
   * @param {kafkajs.Kafka} kafka
   * @param {Settings} settings
   */
  constructor(kafka, settings) {
    this.kafka = kafka;
    this.settings = settings;
  }

  info() {
    return this.#ask(async (admin) => {
      const { clusterId, controller, brokers } = await admin.describeCluster();
      return {
        id: clusterId,
        controller: controller ?? -1,
        brokers: brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
      };
    });
  }

  topics() {
    return this.#ask(async (admin) =>
      (await admin.listTopics()).filter((topic) => !OWN_TOPICS.includes(topic)),
    );
  }

  /** @param {string} topic */
  topic(topic) {
    return this.#ask(async (admin) => {
      if (!(await admin.listTopics()).includes(topic)) return undefined;
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = (topics[0]?.partitions ?? []).map((found) => ({
        partition: found.partitionId,
        leader: found.leader,
        replicas: found.replicas.map((broker) => ({
          broker,
          leader: broker === found.leader,
          in_sync: found.isr.includes(broker),
        })),
      }));
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
      });
      const configs = resources.flatMap(({ configEntries }) =>
        configEntries.map(({ configName, configValue }) => [configName, configValue]),
      );
      return {
        name: topic,
        configs: Object.fromEntries(configs),
        partitions: partitions.sort((a, b) => a.partition - b.partition),
      };
    });
  }

  /**
   * @param {string} topic
   * @param {number} partition
   */
  offsets(topic, partition) {
    return this.#ask((admin) => offsetsOf(admin, { topic, partition }));
  }

  /**
   * @param {string} topic
   * @param {number | undefined} partitions
   * @param {number | undefined} replicas
   */
  createTopic(topic, partitions, replicas) {
    return this.#ask(async (admin) => {
      const { brokers } = await admin.describeCluster();
      if ((await admin.listTopics()).includes(topic)) return `Topic '${topic}' already exists.`;
      if (replicas !== undefined && replicas > brokers.length) {
        return `Replication factor: ${replicas} larger than available brokers: ${brokers.length}.`;
      }
      await admin.createTopics({
        topics: [{ topic, numPartitions: partitions ?? -1, replicationFactor: replicas ?? -1 }],
      });
      return undefined;
    });
  }

  /** @param {string} topic */
  deleteTopic(topic) {
    return this.#ask(async (admin) => {
      if (!(await admin.listTopics()).includes(topic)) return false;
      await admin.deleteTopics({ topics: [topic] });
      this.#known.delete(topic);
      return true;
    });
  }

  /**
   * @param {string} topic
   * @param {readonly NewRecord[]} records
   */
  async produce(topic, records) {
    const waitedMs = this.settings.metadataTimeoutMs;
    const end = Date.now() + waitedMs;
    const partitions = await this.#partitionsOf(topic);
    const isThere = ({ partition = 0 }) => partitions === undefined || partition < partitions;
    const sent = [...(await this.#send(topic, records.filter(isThere)))];
    if (!records.every(isThere)) await sleep(Math.max(0, end - Date.now()));
    return records.map(
      (record) => (isThere(record) ? sent.shift() : undefined) ?? notInMetadata(topic, waitedMs),
    );
  }

  /**
   * @param {string} group
   * @param {boolean} fromBeginning
   * @returns {Member}
   */
  member(group, fromBeginning) {
    return new KafkaMember(this.kafka, { group, fromBeginning });
  }

  /**
   * Asks until there is an answer: a cluster that is gone, or just starts, gives none.
   *
   * @template T
   * @param {(admin: kafkajs.Admin) => Promise<T>} question
   * @returns {Promise<T>}
   */
  async #ask(question) {
    const end = Date.now() + this.settings.adminTimeoutMs;
    for (;;) {
      try {
        return await asked(this.kafka, question);
      } catch (error) {
        if (Date.now() > end) throw new ClusterSilent(String(error));
        await sleep(POLL_MS);
      }
    }
  }

  /**
   * @param {string} topic
   * @returns {Promise<number | undefined>} undefined for a topic that was never seen
   */
  async #partitionsOf(topic) {
    try {
      const found = await asked(this.kafka, async (admin) => {
        if (!(await admin.listTopics()).includes(topic)) return undefined;
        return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0];
      });
      if (found !== undefined) this.#known.set(topic, found.partitions.length);
    } catch {
      // The cluster is gone: what was known of it is known still.
    }
    return this.#known.get(topic);
  }

  /**
   * @param {string} topic
   * @param {readonly NewRecord[]} records
   * @returns {Promise<readonly Written[]>}
   */
  async #send(topic, records) {
    if (records.length === 0) return [];
    const { deliveryTimeoutMs, metadataTimeoutMs } = this.settings;
    const isKnown = this.#known.has(topic);
    const end = Date.now() + (isKnown ? deliveryTimeoutMs : metadataTimeoutMs);
    const messages = records.map(({ partition, key, value }) => ({
      ...{ key, value },
      ...(partition === undefined ? {} : { partition }),
    }));
    // One of its own: kafkajs would go on asking for topics of earlier records, even of those that are gone.
    const producer = this.kafka.producer({ createPartitioner: () => this.#partitioner() });
    try {
      for (;;) {
        try {
          // It does nothing where there is a connection.
          await producer.connect();
          return this.#places(messages, await producer.send({ topic, messages }));
        } catch (error) {
          if (Date.now() > end) break;
          if (isFinal(error)) {
            throw notKnown(`what becomes of a record that Kafka refuses: ${error}`);
          }
          await sleep(POLL_MS);
        }
      }
    } finally {
      await producer.disconnect();
    }
    if (!isKnown) return messages.map(() => notInMetadata(topic, metadataTimeoutMs));
    const places = messages.map((message) => this.#chosen.get(message) ?? 0);
    return places.map((place) => {
      const batch = places.filter((other) => other === place).length;
      return expired(batch, `${topic}-${place}`, deliveryTimeoutMs);
    });
  }

  /** Java's own, which notes what it has chosen. */
  #partitioner() {
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    /** @param {kafkajs.PartitionerArgs} question */
    return (question) => {
      const partition = choose(question);
      this.#chosen.set(question.message, partition);
      return partition;
    };
  }

  /**
   * @param {readonly kafkajs.Message[]} messages
   * @param {readonly kafkajs.RecordMetadata[]} batches
   */
  #places(messages, batches) {
    const next = new Map(
      batches.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]),
    );
    return messages.map((message) => {
      const partition = this.#chosen.get(message) ?? 0;
      const offset = next.get(partition) ?? -1;
      next.set(partition, offset + 1);
      return { partition, offset };
    });
  }
}

/** @implements {Member} */
class KafkaMember {
  /** @type {kafkajs.Consumer | undefined} */
  #consumer;
  /** @type {readonly TopicPartition[]} */
  #assignment = [];

  /**
   * @param {kafkajs.Kafka} kafka
   * @param {{ readonly group: string, readonly fromBeginning: boolean }} options
   */
  constructor(kafka, { group, fromBeginning }) {
    this.kafka = kafka;
    this.group = group;
    this.fromBeginning = fromBeginning;
  }

  /**
   * @param {readonly string[]} topics
   * @param {(record: RawRecord) => void} push
   */
  async join(topics, push) {
    const isThere = await this.#makeTopics(topics);
    if (!isThere) return false;
    // Without a coordinator it takes for ever, as it does for the real one.
    await new Promise((resolve) => this.#read(topics, push, resolve));
    return true;
  }

  /**
   * The brokers create a topic that a consumer asks for, where they do.
   *
   * @param {readonly string[]} topics
   */
  async #makeTopics(topics) {
    const consumer = this.kafka.consumer({ groupId: this.group, retry: { retries: 5 } });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics] });
      return true;
    } catch (error) {
      if (isUnknownTopic(error)) return false;
      throw error;
    } finally {
      await consumer.disconnect();
    }
  }

  /**
   * Reads until it is told to leave; kafkajs itself gives up where there is no coordinator yet.
   *
   * @param {readonly string[]} topics
   * @param {(record: RawRecord) => void} push
   * @param {(value: undefined) => void} joined
   */
  #read(topics, push, joined) {
    const consumer = this.kafka.consumer({
      groupId: this.group,
      maxWaitTimeInMs: 100,
      // A broker that was gone waits so long for who was a member before.
      sessionTimeout: 6000,
      heartbeatInterval: 1000,
      retry: { initialRetryTime: POLL_MS, retries: 5, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#assignment = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      joined(undefined);
    });
    const again = async () => {
      await consumer.disconnect();
      await sleep(POLL_MS);
      if (this.#consumer === consumer) this.#read(topics, push, joined);
    };
    consumer.on(consumer.events.CRASH, again);
    const start = async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: this.fromBeginning });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ topic, partition, message: { offset, key, value } }) => {
          push({ topic, partition, offset: Number(offset), key, value });
        },
      });
    };
    start().catch(again);
  }

  assignment() {
    return this.#assignment;
  }

  /** @param {TopicPartition} place */
  async rewind(place) {
    const offsets = await asked(this.kafka, (admin) => offsetsOf(admin, place));
    this.#consumer?.seek({ ...place, offset: String(offsets?.beginning ?? 0) });
  }

  /** @param {readonly Position[]} positions */
  async commit(positions) {
    await this.#consumer?.commitOffsets(
      positions.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset: String(offset),
      })),
    );
  }

  /** @param {TopicPartition} place */
  async committed({ topic, partition }) {
    const [found] = await asked(this.kafka, (admin) =>
      admin.fetchOffsets({ groupId: this.group, topics: [topic] }),
    );
    const offset = Number(found?.partitions.find((one) => one.partition === partition)?.offset);
    return offset >= 0 ? offset : undefined;
  }

  async leave() {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.#assignment = [];
    await consumer?.disconnect();
  }
}

/**
 * @template T
 * @param {kafkajs.Kafka} kafka
 * @param {(admin: kafkajs.Admin) => Promise<T>} question
 * @returns {Promise<T>}
 */
async function asked(kafka, question) {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await question(admin);
  } finally {
    await admin.disconnect();
  }
}

/**
 * @param {kafkajs.Admin} admin
 * @param {TopicPartition} place
 */
async function offsetsOf(admin, { topic, partition }) {
  if (!(await admin.listTopics()).includes(topic)) return undefined;
  const found = (await admin.fetchTopicOffsets(topic)).find((one) => one.partition === partition);
  return found && { beginning: Number(found.low), end: Number(found.high) };
}

/**
 * @param {unknown} error
 * @returns {boolean}
 */
function isUnknownTopic(error) {
  const { type, cause } = /** @type {{ type?: string, cause?: unknown }} */ (error);
  return type === "UNKNOWN_TOPIC_OR_PARTITION" || (cause !== undefined && isUnknownTopic(cause));
}

/** @param {unknown} error */
function isFinal(error) {
  return error instanceof kafkajs.KafkaJSProtocolError && !error.retriable;
}
