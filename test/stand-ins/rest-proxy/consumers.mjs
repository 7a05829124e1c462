import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../shared/http.mjs";
import { notKnown } from "./errors.mjs";
import { decoded, FORMATS, isKnown } from "./formats.mjs";

/**
 * The consumer instances of one proxy. As in the real one, an instance joins its group when it first fetches,
 * nothing else is answered meanwhile, and it goes on with its group only when it is asked to.
 *
 * @typedef {import("./environment.mjs").Settings} Settings
 * @typedef {import("./formats.mjs").Format} Format
 *
 * @typedef {{ readonly topic: string, readonly partition: number }} TopicPartition
 * @typedef {TopicPartition & { readonly offset: number }} Position
 * @typedef {Position & { readonly key: Buffer | null, readonly value: Buffer | null }} RawRecord
 *
 * @typedef {object} Member of a group, as the cluster gives it
 * @property {(topics: readonly string[], push: (record: RawRecord) => void) => Promise<boolean>} join
 * false where there is no such topic yet
 * @property {() => readonly TopicPartition[]} assignment
 * @property {(partition: TopicPartition) => Promise<void>} rewind to the partition's beginning
 * @property {(positions: readonly Position[]) => Promise<void>} commit
 * @property {(partition: TopicPartition) => Promise<number | undefined>} committed
 * @property {() => Promise<void>} leave
 *
 * @typedef {object} Instance
 * @property {string} group
 * @property {string} name
 * @property {Format} format
 * @property {number} fetchMs
 * @property {boolean} commits by itself
 * @property {Member} member
 * @property {boolean} joined
 * @property {readonly string[] | undefined} topics
 * @property {RawRecord[]} waiting what has come and was not fetched
 * @property {Map<string, Position>} next by partition: what comes next from Kafka
 * @property {Map<string, Position>} fetched by partition: what comes after the last one that was fetched
 * @property {number} committedAt
 * @property {NodeJS.Timeout | undefined} timer
 */

const COMMIT_MS = 5000;
const POLL_MS = 10;
const RESETS = ["latest", "earliest", "none"];
const FIELDS = ["id", "name", "format", "auto.offset.reset", "auto.commit.enable"].concat([
  ...["fetch.min.bytes", "consumer.request.timeout.ms"],
]);

export class Consumers {
  /** @type {Map<string, Instance>} */
  #instances = new Map();
  /** @type {Set<Promise<void>>} */
  #joins = new Set();
  #closed = new AbortController();

  /**
   * @param {Settings} settings
   * @param {(group: string, fromBeginning: boolean) => Member} memberOf
   */
  constructor(settings, memberOf) {
    this.settings = settings;
    this.memberOf = memberOf;
  }

  /**
   * @param {string} group
   * @param {Readonly<Record<string, unknown>>} config
   * @returns {Promise<string>} the instance's name
   */
  async create(group, config) {
    for (const field of Object.keys(config)) {
      if (!FIELDS.includes(field)) throw new ApiError(422, 422, `Unrecognized field: ${field}`);
      if (field === "id" || field === "fetch.min.bytes") throw notKnown(`a consumer's ${field}`);
    }
    const format = String(config["format"] ?? "binary").toLowerCase();
    if (!FORMATS.includes(format)) throw new ApiError(422, 422, "Invalid format type.");
    if (!isKnown(format)) throw notKnown(`consumers of ${format}`);
    const reset = String(config["auto.offset.reset"] ?? "latest");
    if (!RESETS.includes(reset)) {
      const value = `Invalid value ${reset} for configuration auto.offset.reset`;
      const message = `Invalid consumer configuration: ${value}: String must be one of: ${RESETS.join(", ")}`;
      throw new ApiError(422, 42204, message);
    }
    if (reset === "none") throw notKnown("consumers without an offset to begin at");
    await this.#quiet();
    const name = String(config["name"] ?? `rest-consumer-${randomUUID()}`);
    if (this.#instances.has(keyOf(group, name))) {
      const message =
        "Consumer with specified consumer ID already exists in the specified consumer group.";
      throw new ApiError(409, 40902, message);
    }
    const fetchMs = Number(config["consumer.request.timeout.ms"] ?? this.settings.fetchMs);
    const instance = {
      ...{ group, name, format, fetchMs },
      commits: String(config["auto.commit.enable"] ?? "true") === "true",
      member: this.memberOf(group, reset === "earliest"),
      joined: false,
      topics: undefined,
      waiting: [],
      next: new Map(),
      fetched: new Map(),
      committedAt: Date.now(),
      timer: undefined,
    };
    this.#instances.set(keyOf(group, name), instance);
    this.#touch(instance);
    return name;
  }

  /**
   * @param {string} group
   * @param {string} name
   * @param {unknown} topics
   */
  async subscribe(group, name, topics) {
    const instance = await this.#find(group, name);
    if (!Array.isArray(topics) || topics.length === 0)
      throw notKnown("a subscription without topics");
    if (instance.joined) throw notKnown("a subscription that changes");
    instance.topics = topics.map(String);
  }

  /**
   * @param {string} group
   * @param {string} name
   */
  async subscription(group, name) {
    return (await this.#find(group, name)).topics ?? [];
  }

  /**
   * @param {string} group
   * @param {string} name
   */
  async assign(group, name) {
    const instance = await this.#find(group, name);
    if (instance.topics === undefined) throw notKnown("an assignment by hand");
    const message = "Subscription to topics, partitions and pattern are mutually exclusive";
    throw new ApiError(409, 40903, `Illegal state: ${message}`);
  }

  /**
   * @param {string} group
   * @param {string} name
   */
  async assignment(group, name) {
    return (await this.#find(group, name)).member.assignment();
  }

  /**
   * @param {string} group
   * @param {string} name
   * @param {{ readonly format: string, readonly timeoutMs: number, readonly maxBytes: number }} wanted
   */
  async records(group, name, { format, timeoutMs, maxBytes }) {
    const instance = await this.#find(group, name);
    if (instance.format !== format) {
      const message =
        "The requested embedded data format does not match the deserializer for this consumer instance";
      throw new ApiError(406, 40601, message);
    }
    if (instance.topics === undefined) throw new ApiError(500, 500, "Internal Server Error");
    const end = Date.now() + Math.min(timeoutMs, instance.fetchMs);
    clearTimeout(instance.timer);
    try {
      await this.#join(instance, instance.topics);
      await this.#commitNow(instance, COMMIT_MS);
      return await this.#fetch(instance, end, maxBytes);
    } finally {
      this.#touch(instance);
    }
  }

  /**
   * @param {Instance} instance
   * @param {number} end
   * @param {number} maxBytes
   */
  async #fetch(instance, end, maxBytes) {
    const records = [];
    let bytes = 0;
    for (;;) {
      for (let raw = instance.waiting[0]; raw !== undefined; raw = instance.waiting[0]) {
        const { topic, partition, offset } = raw;
        const [key, value] = [
          decoded(instance.format, raw.key),
          decoded(instance.format, raw.value),
        ];
        bytes += (raw.key?.length ?? 0) + (raw.value?.length ?? 0);
        if (bytes >= maxBytes) return records;
        records.push({ topic, key, value, partition, offset });
        instance.waiting.shift();
        instance.fetched.set(partitionOf(raw), { topic, partition, offset: offset + 1 });
      }
      // As the real one, it uses all of its time, with records or without.
      if (Date.now() >= end) return records;
      await sleep(POLL_MS);
    }
  }

  /**
   * Joins the group, if that is not done. Members of the same proxy that joined before it are the trouble:
   * none of them is asked to poll meanwhile, so the group waits until it takes them for dead.
   *
   * @param {Instance} instance
   * @param {readonly string[]} topics
   */
  async #join(instance, topics) {
    if (instance.joined) return;
    const { group, member } = instance;
    const work = async () => {
      const others = [...this.#instances.values()].filter(
        (other) => other.group === group && other.joined,
      );
      if (others.length > 0) {
        await sleep(this.settings.rebalanceMs, undefined, { signal: this.#closed.signal });
        await Promise.all(others.map((other) => this.#leave(other)));
      }
      instance.joined = await member.join(topics, (record) => {
        const place = partitionOf(record);
        // Whoever joins again reads again from what was committed.
        if (record.offset < (instance.next.get(place)?.offset ?? 0)) return;
        instance.next.set(place, { ...record, offset: record.offset + 1 });
        instance.waiting.push(record);
      });
    };
    const join = work();
    const settled = join.catch(() => undefined);
    this.#joins.add(settled);
    try {
      await join;
    } finally {
      this.#joins.delete(settled);
    }
  }

  /**
   * @param {string} group
   * @param {string} name
   * @param {unknown} offsets all that was fetched, where there are none
   */
  async commit(group, name, offsets) {
    const instance = await this.#find(group, name);
    if (offsets === undefined) {
      await this.#commitNow(instance, 0, true);
      return;
    }
    const positions = positionsIn(offsets);
    // The real one's offset is the last that was read, Kafka's the next to be read.
    await instance.member.commit(
      positions.map((position) => ({ ...position, offset: position.offset + 1 })),
    );
  }

  /**
   * @param {string} group
   * @param {string} name
   * @param {unknown} partitions
   */
  async committed(group, name, partitions) {
    const instance = await this.#find(group, name);
    const found = [];
    for (const partition of partitionsIn(partitions)) {
      found.push(await instance.member.committed(partition));
    }
    if (found.some((offset) => offset !== undefined)) throw notKnown("offsets that are committed");
    return [];
  }

  /**
   * @param {string} group
   * @param {string} name
   * @param {unknown} partitions
   */
  async rewind(group, name, partitions) {
    const instance = await this.#find(group, name);
    for (const wanted of partitionsIn(partitions)) {
      const place = partitionOf(wanted);
      await instance.member.rewind(wanted);
      instance.waiting = instance.waiting.filter((record) => partitionOf(record) !== place);
      instance.next.delete(place);
      instance.fetched.delete(place);
    }
  }

  /**
   * @param {string} group
   * @param {string} name
   */
  async delete(group, name) {
    await this.#remove(await this.#find(group, name));
  }

  /** Lets go of all of them, whatever goes on. */
  async close() {
    this.#closed.abort();
    await Promise.all([...this.#instances.values()].map((instance) => this.#remove(instance)));
  }

  /** Nothing is answered while an instance joins its group. */
  async #quiet() {
    while (this.#joins.size > 0) await Promise.all(this.#joins);
  }

  /**
   * @param {string} group
   * @param {string} name
   */
  async #find(group, name) {
    await this.#quiet();
    const instance = this.#instances.get(keyOf(group, name));
    if (instance === undefined) throw new ApiError(404, 40403, "Consumer instance not found.");
    this.#touch(instance);
    return instance;
  }

  /** @param {Instance} instance */
  #touch(instance) {
    clearTimeout(instance.timer);
    if (this.#instances.get(keyOf(instance.group, instance.name)) !== instance) return;
    instance.timer = setTimeout(() => {
      this.#remove(instance).catch((error) => console.warn(`WARN ${error}`));
    }, this.settings.idleMs);
    instance.timer.unref();
  }

  /** @param {Instance} instance */
  async #remove(instance) {
    clearTimeout(instance.timer);
    this.#instances.delete(keyOf(instance.group, instance.name));
    await this.#leave(instance);
  }

  /** @param {Instance} instance */
  async #leave(instance) {
    await this.#commitNow(instance, 0);
    instance.joined = false;
    await instance.member.leave();
  }

  /**
   * @param {Instance} instance
   * @param {number} afterMs since it was done last
   * @param {boolean} [asked]
   */
  async #commitNow(instance, afterMs, asked = instance.commits) {
    const positions = [...instance.fetched.values()];
    if (!asked || !instance.joined || positions.length === 0) return;
    if (Date.now() - instance.committedAt < afterMs) return;
    instance.committedAt = Date.now();
    await instance.member.commit(positions);
  }
}

/**
 * @param {string} group
 * @param {string} name
 */
function keyOf(group, name) {
  return JSON.stringify([group, name]);
}

/** @param {TopicPartition} place */
function partitionOf({ topic, partition }) {
  return `${topic}-${partition}`;
}

/**
 * @param {unknown} value
 * @returns {readonly TopicPartition[]}
 */
function partitionsIn(value) {
  if (!Array.isArray(value)) throw notKnown("a body without partitions");
  return value.map(({ topic, partition }) => ({
    topic: String(topic),
    partition: Number(partition),
  }));
}

/**
 * @param {unknown} value
 * @returns {readonly Position[]}
 */
function positionsIn(value) {
  const partitions = partitionsIn(value);
  return partitions.map((place, at) => ({
    ...place,
    offset: Number(/** @type {readonly Position[]} */ (value)[at]?.offset),
  }));
}
