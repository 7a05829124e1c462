/** What the loss of a broker must not do to records, and what to say where it does. */
import type { PartitionState } from "../doctor/metadata.ts";
import type { Acknowledged } from "./clients/verifiable-producer.ts";
import type { ExpectedBroker } from "./diagnosis.ts";
import { placeOf } from "./diagnosis.ts";
import type { ReceivedRecord } from "./records.ts";
import { brokersInWords, spread } from "./replication.ts";

/** How many records a finding spells out. */
const NAMED = 5;

/** How many brokers have a part in it: the writer's keys reach as many partitions within its time, not those of dozens. */
const BROKERS = 5;

/** Lays the topic out that is written while a broker is lost, of whichever of these. */
export function layOut(brokers: readonly ExpectedBroker[]): number[][] {
  return spread(brokers.slice(0, BROKERS).map(({ id }) => id));
}

/** The broker that leads the partition with most of the records so far; undefined where none has a leader. */
export function busiestLeader(
  states: readonly PartitionState[],
  acknowledged: readonly Acknowledged[],
): number | undefined {
  const count = ({ partition }: PartitionState): number =>
    acknowledged.filter((record) => record.partition === partition).length;
  return states.filter(({ leader }) => leader >= 0).toSorted((a, b) => count(b) - count(a))[0]
    ?.leader;
}

/**
 * Compares what is read with what was promised: whatever was acknowledged must be where the acknowledgement said.
 *
 * @returns one finding per kind of damage, each naming records; empty when nothing is lost
 */
export function judgeLoss(
  acknowledged: readonly Acknowledged[],
  received: readonly Pick<ReceivedRecord, "value" | "partition" | "offset">[],
): string[] {
  const places = new Map<string, string[]>();
  for (const { value, ...place } of received) {
    if (value !== null) places.set(value, [...(places.get(value) ?? []), inWords(place)]);
  }
  const lost = acknowledged.filter(({ value }) => !places.has(value));
  const moved = acknowledged.filter((record) => {
    const found = places.get(record.value);
    return found !== undefined && !found.includes(inWords(record));
  });
  return [
    ...(lost.length === 0
      ? []
      : [
          `lost ${lost.length} of ${acknowledged.length} acknowledged records: ${named(lost, (record) => `${record.value} (${inWords(record)})`)}; unclean.leader.election.enable (KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE) must be false on all nodes, and each broker must have a log directory of its own`,
        ]),
    ...(moved.length === 0
      ? []
      : [
          `${moved.length} of ${acknowledged.length} acknowledged records are not where their acknowledgement says: ${named(moved, (record) => `${record.value} (${inWords(record)}, found at ${places.get(record.value)?.join(" and ")})`)}`,
        ]),
  ];
}

/**
 * Why no broker may be lost now: a partition that has lost one already could be left with too few.
 *
 * @param states of all topics
 * @returns undefined when all have what they should
 */
export function explainRisk(states: readonly PartitionState[]): string | undefined {
  const behind = states.filter(({ replicas, inSync }) => inSync.length < replicas.length);
  if (behind.length === 0) return undefined;
  const words = named(
    behind,
    ({ topic, partition, replicas, inSync }) =>
      `${topic}-${partition} (${inSync.length} of ${replicas.length})`,
  );
  return `no broker was killed: not all replicas are in sync of ${words}; see which broker is down or behind, and try again when it has caught up`;
}

/**
 * Why writing does not go on after the loss of a broker.
 *
 * @param minInSync how many replicas must have a record
 */
export function explainStandstill(
  lost: ExpectedBroker,
  states: readonly PartitionState[],
  minInSync: number,
): string[] {
  return states.flatMap(({ partition, leader, replicas, inSync }) => {
    if (leader < 0 || leader === lost.id) {
      const has = leader < 0 ? "has no leader" : `still has broker ${lost.id} as its leader`;
      return [
        `partition ${partition} ${has}, of replicas on ${brokersInWords(replicas)}; a majority of the controllers must run without ${placeOf(lost)} to choose another`,
      ];
    }
    return inSync.length < minInSync
      ? [
          `partition ${partition} has only ${brokersInWords(inSync)} in sync, and min.insync.replicas asks for ${minInSync}; see in the logs of the others why they do not follow`,
        ]
      : [];
  });
}

/** Where the broker is not in sync again; undefined when it is wherever it was before. */
export function explainAbsence(
  id: number,
  before: readonly PartitionState[],
  now: readonly PartitionState[],
): string | undefined {
  const behind = before
    .filter(({ inSync }) => inSync.includes(id))
    .flatMap(({ topic, partition }) => {
      const state = now.find((each) => each.topic === topic && each.partition === partition);
      // A topic that somebody has removed meanwhile is nobody's loss.
      return state === undefined || state.inSync.includes(id) ? [] : [`${topic}-${partition}`];
    });
  return behind.length === 0
    ? undefined
    : `broker ${id} is not in sync with ${behind.length} partitions: ${named(behind, (each) => each)}`;
}

function inWords({ partition, offset }: { partition: number; offset: number }): string {
  return `partition ${partition} offset ${offset}`;
}

function named<T>(all: readonly T[], name: (each: T) => string): string {
  const first = all.slice(0, NAMED).map(name).join(", ");
  return all.length > NAMED ? `${first} and ${all.length - NAMED} more` : first;
}
