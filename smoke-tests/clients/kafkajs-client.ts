import type { Socket } from "node:net";
import type { Admin, Consumer, ISocketFactory, Producer } from "kafkajs";
import kafkajs from "kafkajs";
import { parseAddress } from "../../doctor/address.ts";
import { eventually, messageOf, within } from "../../doctor/deadline.ts";
import type { ExpectedBroker, ListenerUnderTest } from "../diagnosis.ts";
import type { Dial } from "../../doctor/dial.ts";
import {
  askMetadata,
  askPartitions,
  UNKNOWN_TOPIC,
  type PartitionState,
} from "../../doctor/metadata.ts";
import type {
  BinaryReceivedRecord,
  BinarySmokeRecord,
  ReceivedRecord,
  SmokeRecord,
} from "../records.ts";
import type { ListenerClient, TopicShape } from "./listener-client.ts";

/** How many lines of kafkajs's own log a failure may need. */
const LOG_LINES = 8;

/** kafkajs, over connections that the vantage provides. */
export class KafkaJsClient implements ListenerClient {
  readonly dial: Dial;
  readonly listener: ListenerUnderTest;
  readonly #kafka: kafkajs.Kafka;
  readonly #log: string[] = [];
  #admin: Promise<Admin> | undefined;

  constructor(listener: ListenerUnderTest, dial: Dial) {
    this.listener = listener;
    this.dial = dial;
    this.#kafka = this.#connecting(listener.brokers);
  }

  get log(): readonly string[] {
    return this.#log.slice(-LOG_LINES);
  }

  #connecting(brokers: readonly ExpectedBroker[]): kafkajs.Kafka {
    return new kafkajs.Kafka({
      clientId: "kafka-platform-kit-smoke",
      brokers: brokers.map(({ address }) => address),
      connectionTimeout: 5000,
      requestTimeout: 15_000,
      retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 2000 },
      socketFactory: socketFactory(this.dial),
      logLevel: kafkajs.logLevel.ERROR,
      // What kafkajs calls an error is often a retry that went well: kept, shown in failures only.
      logCreator:
        () =>
        ({ log: { message, error, broker } }) => {
          const about = [broker, error].filter((part) => typeof part === "string").join(": ");
          const line = about === "" ? message : `${message} (${about})`;
          if (line !== this.#log.at(-1)) this.#log.push(line);
        },
    });
  }

  async createTopic(topic: string, shape: TopicShape): Promise<void> {
    const doing = `creating topic "${topic}" with ${inWords(shape)}`;
    const create = async (): Promise<void> => {
      const admin = await this.#administer();
      await admin.createTopics({
        topics: [{ topic, ...requestOf(shape) }],
        timeout: 15_000,
        // kafkajs gives up where a broker has not heard of the topic yet.
        waitForLeaders: false,
      });
    };
    await within(30, doing, create()).catch((error: unknown) => {
      throw new Error(`topic "${topic}" cannot be created: ${reasonOf(error)}`);
    });
    await eventually(20, `every broker to have topic "${topic}"`, () =>
      this.#brokerWhere(topic, (code) => code !== 0),
    );
  }

  async partitions(topics?: readonly string[]): Promise<PartitionState[]> {
    const silent: string[] = [];
    for (const { address } of this.listener.brokers) {
      try {
        return await askPartitions(this.dial, parseAddress(address), topics);
      } catch (error) {
        silent.push(messageOf(error));
      }
    }
    throw new Error(`no broker says who leads which partition: ${silent.join("; ")}`);
  }

  async topicSetting(topic: string, name: string): Promise<string | undefined> {
    const admin = await this.#administer();
    const { resources } = await within(
      20,
      `asking for ${name} of topic "${topic}"`,
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }],
      }),
    );
    return resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue;
  }

  async awaitCoordinator(group: string): Promise<void> {
    await eventually(20, `a group coordinator for "${group}"`, async () => {
      const admin = await this.#administer();
      await within(20, "looking for the group coordinator", admin.describeGroups([group]));
      return undefined;
    });
  }

  async produce(
    topic: string,
    records: readonly SmokeRecord[],
    knowing?: ExpectedBroker,
  ): Promise<void> {
    const binary = records.map((record) => ({ ...record, value: Buffer.from(record.value) }));
    const kafka = knowing === undefined ? this.#kafka : this.#connecting([knowing]);
    await this.#produce(kafka, topic, binary);
  }

  async produceBinary(topic: string, records: readonly BinarySmokeRecord[]): Promise<void> {
    await this.#produce(this.#kafka, topic, records);
  }

  async #produce(
    kafka: kafkajs.Kafka,
    topic: string,
    records: readonly BinarySmokeRecord[],
  ): Promise<void> {
    const producer: Producer = kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // Else a retry may write twice or out of order, and the platform would be blamed.
      idempotent: true,
      maxInFlightRequests: 1,
    });
    try {
      await within(
        30,
        `writing ${records.length} records to topic "${topic}"`,
        (async () => {
          await producer.connect();
          await producer.send({
            topic,
            acks: -1,
            timeout: 15_000,
            messages: records.map(({ key, value, headers }) => ({
              key,
              value,
              headers: { ...headers },
            })),
          });
        })().catch((error: unknown) => {
          throw new Error(`records cannot be written to topic "${topic}": ${reasonOf(error)}`);
        }),
      );
    } finally {
      await letGo(producer);
    }
  }

  async recordCount(topic: string): Promise<number> {
    const admin = await this.#administer();
    const offsets = await within(
      20,
      `asking for the end of topic "${topic}"`,
      admin.fetchTopicOffsets(topic),
    );
    return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  }

  async consume(topic: string, group: string, count: number): Promise<ReceivedRecord[]> {
    const received = await this.consumeBinary(topic, group, count);
    return received.map((record) => ({ ...record, value: record.value?.toString("utf8") ?? null }));
  }

  async consumeBinary(
    topic: string,
    group: string,
    count: number,
  ): Promise<BinaryReceivedRecord[]> {
    const received: BinaryReceivedRecord[] = [];
    const consumer: Consumer = this.#kafka.consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: 200,
      retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
    try {
      await within(
        45,
        `reading ${count} records from topic "${topic}" as group "${group}"`,
        new Promise<void>((resolve, reject) => {
          consumer.on("consumer.crash", ({ payload }) => reject(payload.error));
          const start = async (): Promise<void> => {
            await consumer.connect();
            await consumer.subscribe({ topics: [topic], fromBeginning: true });
            await consumer.run({
              eachMessage: ({ partition, message: { offset, key, value, headers } }) => {
                received.push({
                  partition,
                  offset: Number(offset),
                  key: key?.toString("utf8") ?? null,
                  value,
                  headers: Object.fromEntries(
                    Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)]),
                  ),
                });
                if (received.length >= count) resolve();
                return Promise.resolve();
              },
            });
          };
          start().catch(reject);
        }),
      ).catch((error: unknown) => {
        throw new Error(`${messageOf(error)} (${received.length} of ${count} came)`);
      });
      return received;
    } finally {
      await letGo(consumer);
    }
  }

  async removeGroup(group: string): Promise<void> {
    // A group that still has its member, or an offset commit on its way, is refused for a moment.
    await eventually(20, `consumer group "${group}" to be gone`, async () => {
      const admin = await this.#administer();
      const state = async (): Promise<string> => {
        const { groups } = await within(10, "describing it", admin.describeGroups([group]));
        return groups[0]?.state ?? "Dead";
      };
      if ((await state()) === "Dead") return undefined;
      await within(10, "deleting it", admin.deleteGroups([group])).catch((error: unknown) => {
        throw new Error(reasonOf(error));
      });
      const after = await state();
      return after === "Dead" ? undefined : `its state is ${after}`;
    });
  }

  async removeTopic(topic: string): Promise<void> {
    const whoNamesIt = (): Promise<string | undefined> =>
      this.#brokerWhere(topic, (code) => code !== UNKNOWN_TOPIC);
    if ((await whoNamesIt()) === undefined) return;
    const admin = await this.#administer();
    await within(20, `deleting topic "${topic}"`, admin.deleteTopics({ topics: [topic] }));
    await eventually(20, `topic "${topic}" to be gone`, whoNamesIt);
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => undefined);
    if (admin !== undefined) await letGo(admin);
  }

  /** The first broker whose error code for a topic is so; asking creates no topic. */
  async #brokerWhere(
    topic: string,
    isSo: (code: number | undefined) => boolean,
  ): Promise<string | undefined> {
    for (const { address } of this.listener.brokers) {
      const { topics } = await askMetadata(this.dial, parseAddress(address), { topics: [topic] });
      const code = topics[topic];
      if (isSo(code)) return `${address} has it with error code ${code ?? "(none)"}`;
    }
    return undefined;
  }

  #administer(): Promise<Admin> {
    this.#admin ??= (async () => {
      const admin = this.#kafka.admin();
      await within(20, "connecting", admin.connect());
      return admin;
    })();
    return this.#admin;
  }
}

/** What kafkajs is told of a topic. */
function requestOf({ partitions, replicas, assignment, settings = {} }: TopicShape) {
  return {
    ...(partitions === undefined ? {} : { numPartitions: partitions }),
    ...(replicas === undefined ? {} : { replicationFactor: replicas }),
    ...(assignment === undefined
      ? {}
      : {
          replicaAssignment: assignment.map((brokers, partition) => ({
            partition,
            replicas: [...brokers],
          })),
        }),
    configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
  };
}

function inWords({ partitions, replicas, assignment }: TopicShape): string {
  const count = assignment?.length ?? partitions;
  const copies = assignment?.[0]?.length ?? replicas;
  return [
    count === undefined ? "the default number of partitions" : `${count} partitions`,
    copies === undefined ? "the default number of replicas" : `${copies} replicas`,
  ].join(" of ");
}

/** Parting is no part of the proof, and must not hide what went wrong before. */
async function letGo(client: { disconnect(): Promise<void> }): Promise<void> {
  await within(10, "disconnecting", client.disconnect()).catch(() => {});
}

/** For requests about several things, kafkajs keeps the reasons in a list beside the message. */
function reasonOf(error: unknown): string {
  const { errors, groups } = error as {
    errors?: readonly unknown[];
    groups?: readonly { error?: unknown }[];
  };
  const reasons = errors ?? groups?.map((group) => group.error) ?? [];
  return [...(reasons.length > 0 ? reasons : [error])].map(messageOf).join(", ");
}

/** kafkajs uses of a socket what every stream has, and `unref`. */
function socketFactory(dial: Dial): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const link = dial({ host, port });
    link.once("connect", onConnect);
    return link as Socket;
  };
}
