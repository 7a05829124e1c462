/**
 * Asks one address, and no other, what a client learns there.
 *
 * Kafka clients hide this step: they follow the advertised addresses by themselves, and hang where
 * one is wrong. So the requests that show what is advertised are written out, over a connection
 * that the vantage provides.
 */
import type { Address } from "./address.ts";
import { formatAddress } from "./address.ts";
import { Connection } from "./connection.ts";
import type { Dial } from "./dial.ts";
import { array, int32, int8, string, type Question, type Reader } from "./protocol.ts";

/** A broker as it is advertised. */
interface AdvertisedBroker {
  readonly id: number;
  /** `host:port` */
  readonly address: string;
}

/** What the metadata says to a client that came through one address. */
export interface ClusterMetadata {
  readonly clusterId: string | null;
  /**
   * With ZooKeeper the broker that is controller, -1 where none is; with KRaft any broker, since
   * clients are not to talk to controllers.
   */
  readonly controllerId: number;
  readonly brokers: readonly AdvertisedBroker[];
  /**
   * Error code by topic, for the topics that were asked about: its own, or that of a partition which
   * has no leader yet; 0 is none.
   */
  readonly topics: Readonly<Record<string, number>>;
}

/** Kafka's error code for a topic that is not there. */
export const UNKNOWN_TOPIC = 3;

/** Kafka's number for the request that every client begins with, and no KRaft controller takes. */
export const METADATA = 3;
const DESCRIBE_CONFIGS = 32;
const BROKER_RESOURCE = 4;

/**
 * The brokers that this address names to clients.
 *
 * @param topics names whose error codes are wanted; they are not created by asking
 * @throws NoAnswer
 */
export async function askMetadata(
  dial: Dial,
  address: Address,
  { seconds = 5, topics = [] }: { seconds?: number; topics?: readonly string[] } = {},
): Promise<ClusterMetadata> {
  return askOnce(dial, address, metadata(topics), seconds);
}

/** What a client begins with: who is in the cluster, and how these topics are. */
export function metadata(topics: readonly string[]): Question<ClusterMetadata> {
  return {
    ...metadataRequest(topics),
    read(answer) {
      const { clusterId, controllerId, brokers, states } = readMetadata(answer);
      const codes = states.map(({ topic, code, partitions }): [string, number] => [
        topic,
        [code, ...partitions.map((partition) => partition.code)].find((each) => each !== 0) ?? 0,
      ]);
      return { clusterId, controllerId, brokers, topics: Object.fromEntries(codes) };
    },
  };
}

/** A partition as the cluster's metadata has it. */
export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** -1 where there is none. */
  readonly leader: number;
  readonly replicas: readonly number[];
  /** Those of the replicas that are in sync. */
  readonly inSync: readonly number[];
}

/**
 * Who leads and who follows, as the broker at this address knows it.
 *
 * @param topics names; those that are not there have no partition, and are not created by asking. All topics if undefined
 * @throws NoAnswer
 */
export async function askPartitions(
  dial: Dial,
  address: Address,
  topics: readonly string[] | undefined,
  seconds = 5,
): Promise<PartitionState[]> {
  const question: Question<PartitionState[]> = {
    ...metadataRequest(topics),
    read: (answer) =>
      readMetadata(answer).states.flatMap(({ topic, partitions }) =>
        partitions
          .map(({ partition, leader, replicas, inSync }) => ({
            ...{ topic, partition, leader, replicas, inSync },
          }))
          .toSorted((a, b) => a.partition - b.partition),
      ),
  };
  return askOnce(dial, address, question, seconds);
}

function metadataRequest(topics: readonly string[] | undefined) {
  const wanted = topics === undefined ? int32(-1) : array(topics.map(string));
  return { key: METADATA, version: 4, body: Buffer.concat([wanted, int8(0)]) } as const;
}

function readMetadata(answer: Reader) {
  answer.int32(); // throttle time
  const brokers = answer.array(() => {
    const id = answer.int32();
    const host = answer.string() ?? "";
    const port = answer.int32();
    answer.string(); // rack
    return { id, address: formatAddress({ host, port }) };
  });
  const clusterId = answer.string();
  const controllerId = answer.int32();
  const states = answer.array(() => {
    const code = answer.int16();
    const topic = answer.string() ?? "";
    answer.int8(); // internal or not
    const partitions = answer.array(() => {
      const partitionCode = answer.int16();
      const partition = answer.int32();
      const leader = answer.int32();
      const replicas = answer.array(() => answer.int32());
      const inSync = answer.array(() => answer.int32());
      return { code: partitionCode, partition, leader, replicas, inSync };
    });
    return { topic, code, partitions };
  });
  return { clusterId, controllerId, brokers, states };
}

/** What a broker says when it is asked for the settings of a broker id. */
export interface BrokerSettings {
  /** Why it would not say, in its own words: it has another id, or the client may not ask. */
  readonly refusal?: string;
  /** The id that it has, when that is not the one asked for. */
  readonly otherId?: number;
  readonly settings: Readonly<Record<string, string | null>>;
}

/**
 * Asks whoever listens at an address for settings of broker `id`. Only that broker answers;
 * another one names itself. So this also tells who is behind an address.
 *
 * @throws NoAnswer
 */
export async function askSettings(
  dial: Dial,
  address: Address,
  id: number,
  names: readonly string[],
  seconds = 5,
): Promise<BrokerSettings> {
  return askOnce(dial, address, settings(id, names), seconds);
}

/** What a broker with this id is set to. */
export function settings(id: number, names: readonly string[]): Question<BrokerSettings> {
  return {
    key: DESCRIBE_CONFIGS,
    version: 1,
    body: Buffer.concat([
      array([Buffer.concat([int8(BROKER_RESOURCE), string(String(id)), array(names.map(string))])]),
      int8(0), // no synonyms
    ]),
    read(answer) {
      answer.int32(); // throttle time
      const [result] = answer.array(() => {
        const code = answer.int16();
        const message = answer.string();
        answer.int8();
        answer.string();
        const found = answer.array((): [string, string | null] => {
          const setting: [string, string | null] = [answer.string() ?? "", answer.string()];
          answer.int8(); // read-only
          answer.int8(); // source
          answer.int8(); // sensitive
          answer.array(() => [answer.string(), answer.string(), answer.int8()]);
          return setting;
        });
        return { code, message, settings: Object.fromEntries(found) };
      });
      if (result === undefined) return { refusal: "no answer for this broker", settings: {} };
      if (result.code === 0) return { settings: result.settings };
      const refusal = result.message ?? `error code ${result.code}`;
      // "Unexpected broker id, expected 2 or empty string, but received 1": 2 is its own.
      const own = /Unexpected broker id, expected (\d+)/.exec(refusal)?.[1];
      return { refusal, settings: {}, ...(own === undefined ? {} : { otherId: Number(own) }) };
    },
  };
}

async function askOnce<T>(
  dial: Dial,
  address: Address,
  question: Question<T>,
  seconds: number,
): Promise<T> {
  const until = performance.now() + seconds * 1000;
  const connection = await Connection.open(dial, address, { until });
  try {
    return await connection.ask(question, until);
  } finally {
    connection.close();
  }
}
