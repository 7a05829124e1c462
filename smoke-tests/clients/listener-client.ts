import { connect } from "node:net";
import type { ExpectedBroker, ListenerUnderTest } from "../diagnosis.ts";
import type { Docker } from "../../doctor/docker.ts";
import type { Dial } from "../../doctor/dial.ts";
import type { PartitionState } from "../../doctor/metadata.ts";
import type { PlatformOutputs, Vantage } from "../outputs.ts";
import type {
  BinaryReceivedRecord,
  BinarySmokeRecord,
  ReceivedRecord,
  SmokeRecord,
} from "../records.ts";
import { producerSendsHeaders } from "./console-tools.ts";
import { ContainerClient } from "./container-client.ts";
import { KafkaJsClient } from "./kafkajs-client.ts";

/** What a topic is to be like; what is left out is as the brokers have it by default. */
export interface TopicShape {
  readonly partitions?: number;
  readonly replicas?: number;
  /** Brokers of each partition's replicas, the first of them its leader; instead of both numbers. */
  readonly assignment?: readonly (readonly number[])[];
  /** Such as `min.insync.replicas`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A client that stands where the clients of one listener stand. */
export interface ListenerClient {
  /** Opens connections from there. */
  readonly dial: Dial;
  /** The last lines of the client's own log. */
  readonly log: readonly string[];
  createTopic(topic: string, shape: TopicShape): Promise<void>;
  /** Who leads and who follows, as the first broker says that answers; of all topics, if none is named. */
  partitions(topics?: readonly string[]): Promise<PartitionState[]>;
  /** What a topic's setting is, wherever it is set; undefined where it has none of this name. */
  topicSetting(topic: string, name: string): Promise<string | undefined>;
  /** Waits until the group has a coordinator, which the first group of a cluster must wait for. */
  awaitCoordinator(group: string): Promise<void>;
  /**
   * Writes the records, acknowledged by all replicas in sync, in their order.
   *
   * @param knowing the only broker whose address the writer is given
   */
  produce(topic: string, records: readonly SmokeRecord[], knowing?: ExpectedBroker): Promise<void>;
  /** How many records the topic holds, by its partitions' offsets. */
  recordCount(topic: string): Promise<number>;
  /** Reads `count` records from the beginning, as a consumer group of its own. */
  consume(topic: string, group: string, count: number): Promise<ReceivedRecord[]>;
  /** As `produce`, for values that are not text. */
  produceBinary(topic: string, records: readonly BinarySmokeRecord[]): Promise<void>;
  /** As `consume`, for values that are not text. */
  consumeBinary(topic: string, group: string, count: number): Promise<BinaryReceivedRecord[]>;
  /** Deletes the group if it is there, and sees it gone. */
  removeGroup(group: string): Promise<void>;
  /** Deletes the topic, and sees every broker without it. */
  removeTopic(topic: string): Promise<void>;
  /** Gives back what the client holds: connections, containers. */
  close(): Promise<void>;
}

/** Makes the client for a listener's vantage. */
export async function openClient(
  listener: ListenerUnderTest,
  outputs: PlatformOutputs,
  docker: Docker,
  runId: string,
): Promise<ListenerClient> {
  switch (listener.vantage) {
    case "network":
      return ContainerClient.start(listener, outputs, docker, runId);
    case "host":
    case "external":
      return new KafkaJsClient(listener, ({ host, port }) => connect({ host, port }));
  }
}

/** What {@link openClient} writes and reads records with, in words. */
export function clientFor(vantage: Vantage, kafkaVersion?: string): string {
  if (vantage !== "network") return "kafkajs";
  const writes = producerSendsHeaders(kafkaVersion) ? "kafka-console-producer" : "kafkajs";
  return `${writes}, kafka-console-consumer`;
}

/** The end of a client's own log, to follow a message; empty where it has logged nothing. */
export function logOf(client: ListenerClient | undefined): string {
  const lines = client?.log.map((line) => `\n  ${line}`).join("") ?? "";
  return lines === "" ? "" : `\nthe client's own log ends:${lines}`;
}
