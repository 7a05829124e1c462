import { describe, expect, test } from "vitest";
import type { PartitionState } from "../../doctor/metadata.ts";
import {
  brokersInWords,
  explainFewReplicas,
  explainIdleBrokers,
  explainMinInSync,
  explainReplicas,
  minInSync,
  promisedBy,
  replicasOn,
  spread,
} from "../../smoke-tests/replication.ts";
import { CLUSTER } from "./report/platforms.ts";

const brokers = [1, 2, 3].map((id) => ({
  id,
  container: `c-kafka-${id}`,
  address: `c-kafka-${id}:19092`,
}));
const assignment = spread([1, 2, 3]);

/** The topic as it was made, changed here and there. */
function states(changes: Record<number, Partial<PartitionState>> = {}): PartitionState[] {
  return assignment.map((replicas, partition) => ({
    topic: "t",
    partition,
    leader: replicas[0] ?? -1,
    replicas,
    inSync: replicas,
    ...changes[partition],
  }));
}

function received(...partitions: number[]) {
  return partitions.map((partition, i) => ({
    partition,
    offset: i,
    key: "k",
    value: "v",
    headers: {},
  }));
}

describe("spread", () => {
  test.each([
    [[1], [[1], [1], [1]]],
    [
      [1, 2],
      [
        [1, 2],
        [2, 1],
        [1, 2],
        [2, 1],
      ],
    ],
    [
      [1, 2, 3],
      [
        [1, 2, 3],
        [2, 3, 1],
        [3, 1, 2],
      ],
    ],
    [
      [4, 7, 8, 9],
      [
        [4, 7, 8],
        [7, 8, 9],
        [8, 9, 4],
        [9, 4, 7],
      ],
    ],
  ])("lets each of brokers %j lead as many partitions", (ids, partitions) => {
    expect(spread(ids)).toEqual(partitions);
  });
});

test("a record is on three brokers at the most, and one of them may be lost", () => {
  expect([1, 2, 3, 5].map(replicasOn)).toEqual([1, 2, 3, 3]);
  expect([1, 2, 3].map(minInSync)).toEqual([1, 1, 2]);
});

describe("explainIdleBrokers", () => {
  test("has nothing to say where each broker led a partition and took records", () => {
    expect(explainIdleBrokers(brokers, assignment, states(), received(0, 1, 2))).toEqual([]);
  });

  test("names a broker that leads and took nothing", () => {
    expect(explainIdleBrokers(brokers, assignment, states(), received(0, 2))).toEqual([
      "broker 2 leads partition 1, but took none of the records",
    ]);
  });

  test("names who leads in a broker's place", () => {
    const moved = states({ 1: { leader: 3 } });
    expect(explainIdleBrokers(brokers, assignment, moved, received(0, 1, 2))).toEqual([
      'broker 2 took none of the records: partition 1, which was made for it to lead, has broker 3 as its leader; see in the log of container "c-kafka-2" why it left the cluster',
    ]);
    const gone = states({ 1: { leader: -1 } });
    expect(explainIdleBrokers(brokers, assignment, gone, received(0, 2))[0]).toContain(
      "has no leader;",
    );
  });
});

describe("explainReplicas", () => {
  test("has nothing to say where all are in sync", () => {
    expect(explainReplicas(states(), brokers)).toEqual([]);
  });

  test("names the replicas that are behind, and where they run", () => {
    expect(explainReplicas(states({ 0: { inSync: [1, 3] } }), brokers)).toEqual([
      'partition 0 of topic "t" has replicas on brokers 1, 2 and 3, but only brokers 1 and 3 in sync; see in the log of container "c-kafka-2" why it does not follow broker 1, and whether the brokers reach each other at the listener that inter.broker.listener.name (KAFKA_INTER_BROKER_LISTENER_NAME) says',
    ]);
  });
});

describe("what a platform promises of new topics", () => {
  test("follows from its size, unless it says otherwise", () => {
    expect(promisedBy(CLUSTER.kafka)).toEqual({ replicas: 3, minInSync: 2, offsetsReplicas: 3 });
    const replication = { replicas: 2, minInSync: 1, offsetsReplicas: 3 };
    expect(promisedBy({ ...CLUSTER.kafka, replication })).toEqual(replication);
  });

  test("is kept", () => {
    expect(explainFewReplicas("topic", states(), 3, "kraft")).toBeUndefined();
    expect(explainFewReplicas("offsets", states(), 3, "kraft")).toBeUndefined();
    expect(explainMinInSync("2", 2, "kraft")).toBeUndefined();
    expect(explainMinInSync("1", 1, "zookeeper")).toBeUndefined();
  });

  test("is not kept where one partition has fewer replicas", () => {
    const few = states({ 2: { replicas: [3], inSync: [3] } });
    expect(explainFewReplicas("topic", few, 3, "kraft")).toBe(
      "a topic made without a number of replicas has 1 replica instead of 3; default.replication.factor (KAFKA_DEFAULT_REPLICATION_FACTOR) must say 3 on all nodes, controllers too",
    );
    expect(explainFewReplicas("topic", few, 3, "zookeeper")).toMatch(/must say 3 on all brokers$/);
    expect(explainFewReplicas("offsets", few, 3, "kraft")).toBe(
      "__consumer_offsets, which holds the groups' positions, has 1 replica instead of 3; offsets.topic.replication.factor (KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR) must say 3 on all brokers before the first group comes, and a topic that is there gets more with kafka-reassign-partitions",
    );
    expect(explainFewReplicas("offsets", [], 3, "kraft")).toContain("has no partition");
  });

  test("is not kept where too few, or too many, replicas must have a record", () => {
    expect(explainMinInSync("1", 2, "kraft")).toBe(
      "min.insync.replicas of a new topic is 1 instead of 2: fewer brokers have a record when it is acknowledged; min.insync.replicas (KAFKA_MIN_INSYNC_REPLICAS) must say 2 on all nodes, controllers too",
    );
    expect(explainMinInSync("3", 2, "kraft")).toContain(
      "writing stands still when fewer brokers are down",
    );
    expect(explainMinInSync(undefined, 2, "kraft")).toContain("is not told instead of 2");
  });
});

test("brokers are named as people name them", () => {
  expect([[], [1], [1, 2], [1, 2, 3]].map(brokersInWords)).toEqual([
    "no broker",
    "broker 1",
    "brokers 1 and 2",
    "brokers 1, 2 and 3",
  ]);
});
