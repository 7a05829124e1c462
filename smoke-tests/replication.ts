/** Who leads and who follows: how a topic is laid out over the brokers, and what is wrong with how it is kept. */
import type { PartitionState } from "../doctor/metadata.ts";
import type { ExpectedBroker } from "./diagnosis.ts";
import { placeOf } from "./diagnosis.ts";
import type { PlatformOutputs, ReplicationOutput } from "./outputs.ts";
import type { ReceivedRecord } from "./records.ts";

/** What the kit's own platforms have of everything: as many as there are brokers, three at the most. */
export function replicasOn(brokers: number): number {
  return Math.min(3, brokers);
}

/** What a platform promises of new topics: what it says, else what follows from its size. */
export function promisedBy({ brokers, replication }: PlatformOutputs["kafka"]): ReplicationOutput {
  const replicas = replicasOn(brokers.length);
  return replication ?? { replicas, minInSync: minInSync(replicas), offsetsReplicas: replicas };
}

/** How many replicas must have a record before it is acknowledged: one may be lost, where there are several. */
export function minInSync(replicas: number): number {
  return Math.max(1, replicas - 1);
}

/**
 * Lays a topic out so that each broker leads as many partitions as every other one, three in all at the least.
 *
 * @returns the brokers of each partition's replicas, its leader first
 */
export function spread(brokers: readonly number[]): number[][] {
  const partitions = brokers.length * Math.ceil(3 / brokers.length);
  const all = [...brokers, ...brokers];
  return Array.from({ length: partitions }, (_, partition) => {
    const first = partition % brokers.length;
    return all.slice(first, first + replicasOn(brokers.length));
  });
}

/** The brokers through which no record went, and why; empty when each has led a partition and taken some. */
export function explainIdleBrokers(
  brokers: readonly ExpectedBroker[],
  assignment: readonly (readonly number[])[],
  states: readonly PartitionState[],
  received: readonly ReceivedRecord[],
): string[] {
  return brokers.flatMap((broker) => {
    const { id } = broker;
    const led = states.filter(({ leader }) => leader === id).map(({ partition }) => partition);
    const took = received.some(({ partition }) => led.includes(partition));
    if (took) return [];
    if (led.length > 0) {
      return [`broker ${id} leads ${partitionsInWords(led)}, but took none of the records`];
    }
    const own = assignment.findIndex(([first]) => first === id);
    const leader = states.find(({ partition }) => partition === own)?.leader ?? -1;
    return [
      `broker ${id} took none of the records: partition ${own}, which was made for it to lead, has ${
        leader < 0 ? "no leader" : `broker ${leader} as its leader`
      }; see in the log of ${placeOf(broker)} why it left the cluster`,
    ];
  });
}

/** The partitions that lack replicas; empty when all are in sync. */
export function explainReplicas(
  states: readonly PartitionState[],
  brokers: readonly ExpectedBroker[],
): string[] {
  return states.flatMap(({ topic, partition, replicas, inSync, leader }) => {
    const missing = replicas.filter((id) => !inSync.includes(id));
    if (missing.length === 0) return [];
    const places = missing.map((id) => {
      const broker = brokers.find((each) => each.id === id);
      return broker === undefined ? `broker ${id}` : placeOf(broker);
    });
    return [
      `partition ${partition} of topic "${topic}" has replicas on ${brokersInWords(replicas)}, but only ${brokersInWords(inSync)} in sync; see in the log of ${places.join(" and ")} why ${missing.length === 1 ? "it does" : "they do"} not follow ${leader < 0 ? "" : `broker ${leader}, `}and whether the brokers reach each other at the listener that inter.broker.listener.name (KAFKA_INTER_BROKER_LISTENER_NAME) says`,
    ];
  });
}

/** Where a setting stands that new topics follow: with KRaft the controllers make them, and ask no broker. */
const PLACE = {
  kraft: "on all nodes, controllers too",
  zookeeper: "on all brokers",
} as const;

/** What to say of a topic that has fewer replicas than its platform promises; undefined when it has enough. */
export function explainFewReplicas(
  kind: "topic" | "offsets",
  states: readonly PartitionState[],
  promised: number,
  metadata: keyof typeof PLACE,
): string | undefined {
  const fewest = Math.min(...states.map(({ replicas }) => replicas.length));
  if (states.length > 0 && fewest >= promised) return undefined;
  const has =
    states.length === 0
      ? "has no partition"
      : `has ${fewest} ${fewest === 1 ? "replica" : "replicas"} instead of ${promised}`;
  return kind === "topic"
    ? `a topic made without a number of replicas ${has}; default.replication.factor (KAFKA_DEFAULT_REPLICATION_FACTOR) must say ${promised} ${PLACE[metadata]}`
    : `__consumer_offsets, which holds the groups' positions, ${has}; offsets.topic.replication.factor (KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR) must say ${promised} on all brokers before the first group comes, and a topic that is there gets more with kafka-reassign-partitions`;
}

/** What to say of the number of replicas that must have a record; undefined when it is as promised. */
export function explainMinInSync(
  found: string | undefined,
  promised: number,
  metadata: keyof typeof PLACE,
): string | undefined {
  if (found === String(promised)) return undefined;
  const so =
    Number(found) > promised
      ? "writing stands still when fewer brokers are down"
      : "fewer brokers have a record when it is acknowledged";
  return `min.insync.replicas of a new topic is ${found ?? "not told"} instead of ${promised}: ${so}; min.insync.replicas (KAFKA_MIN_INSYNC_REPLICAS) must say ${promised} ${PLACE[metadata]}`;
}

/** Such as `brokers 1, 2 and 3`. */
export function brokersInWords(ids: readonly number[]): string {
  if (ids.length === 0) return "no broker";
  return `${ids.length === 1 ? "broker" : "brokers"} ${inWords(ids)}`;
}

function partitionsInWords(ids: readonly number[]): string {
  return `${ids.length === 1 ? "partition" : "partitions"} ${inWords(ids)}`;
}

function inWords(ids: readonly number[]): string {
  const last = ids.at(-1) ?? "";
  return ids.length < 2 ? String(last) : `${ids.slice(0, -1).join(", ")} and ${last}`;
}
