import type { Distribution } from "../distribution.ts";
import type { Properties } from "./properties.ts";

/** Replicas of a topic, and how many of them must have a record before it is acknowledged. */
export interface Replication {
  readonly replicas: number;
  readonly minInSync: number;
}

/**
 * What a cluster of some size can have: three replicas at the most, and one of them may be lost without a stop
 * to writing.
 */
export function replicationFor(brokers: number): Replication {
  const replicas = Math.min(3, brokers);
  return { replicas, minInSync: Math.max(1, replicas - 1) };
}

/** What a cluster's properties come to, for new topics and for consumers' offsets. */
export interface PromisedReplication extends Replication {
  readonly offsetsReplicas: number;
}

/**
 * What a cluster of some size promises with properties of its own.
 *
 * @returns undefined where that is what its size alone comes to
 */
export function ownReplication(brokers: number, own: Properties): PromisedReplication | undefined {
  const { replicas, minInSync } = replicationFor(brokers);
  const promised = {
    replicas: Number(own["default.replication.factor"] ?? replicas),
    minInSync: Number(own["min.insync.replicas"] ?? minInSync),
    offsetsReplicas: Number(own["offsets.topic.replication.factor"] ?? replicas),
  };
  const isUsual =
    promised.replicas === replicas &&
    promised.minInSync === minInSync &&
    promised.offsetsReplicas === replicas;
  return isUsual ? undefined : promised;
}

/** Topics by the properties that say how they are replicated. */
const TOPICS = [
  {
    topics: "new topics",
    replicas: "default.replication.factor",
    minInSync: "min.insync.replicas",
  },
  {
    topics: "the topic of consumers' offsets",
    replicas: "offsets.topic.replication.factor",
    minInSync: "min.insync.replicas",
  },
  {
    topics: "the topic of transactions",
    replicas: "transaction.state.log.replication.factor",
    minInSync: "transaction.state.log.min.isr",
  },
  {
    topics: "the topic of share groups",
    replicas: "share.coordinator.state.topic.replication.factor",
    minInSync: "share.coordinator.state.topic.min.isr",
  },
] as const;

/** The properties that a cluster of some size has by itself, for internal and for new topics alike. */
export function replicationSettings(brokers: number, distribution: Distribution): Properties {
  const { replicas, minInSync } = replicationFor(brokers);
  // Share groups (KIP-932) keep their state in a topic of their own.
  const known = distribution.hasKafka(4, 1) ? TOPICS : TOPICS.slice(0, -1);
  return Object.fromEntries(
    known.flatMap((topic) => [
      [topic.replicas, String(replicas)],
      [topic.minInSync, String(minInSync)],
    ]),
  );
}

/** What the settings of a cluster ask for that so many brokers cannot give. */
export function replicationConflicts(settings: Properties, brokers: number): string[] {
  const conflicts = TOPICS.flatMap(({ topics, replicas: factor, minInSync }) => {
    const [replicas, least] = [settings[factor], settings[minInSync]];
    if (replicas === undefined || least === undefined) return [];
    const wrong = [
      [factor, replicas],
      [minInSync, least],
    ].find(([, value]) => !/^[1-9]\d*$/.test(value ?? ""));
    if (wrong !== undefined) {
      return [`the setting ${wrong[0]} is "${wrong[1]}"; give a whole number from 1 on`];
    }
    if (Number(replicas) > brokers) {
      return [
        `${factor} ${replicas} is more than the ${brokers === 1 ? "one broker" : `${brokers} brokers`} there ${brokers === 1 ? "is" : "are"}, and ${topics} could not be made; lower it, or give the cluster ${replicas} brokers`,
      ];
    }
    return Number(least) > Number(replicas)
      ? [
          `${minInSync} ${least} is more than ${factor} ${replicas}, and nothing could be written to ${topics} with acks=all; lower it, or raise the replication factor`,
        ]
      : [];
  });
  return [...new Set(conflicts)];
}
