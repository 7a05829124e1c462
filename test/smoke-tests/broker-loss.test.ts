import { describe, expect, test } from "vitest";
import type { PartitionState } from "../../doctor/metadata.ts";
import {
  busiestLeader,
  explainAbsence,
  explainRisk,
  explainStandstill,
  judgeLoss,
  layOut,
} from "../../smoke-tests/broker-loss.ts";
import type { Acknowledged } from "../../smoke-tests/clients/verifiable-producer.ts";

/** Of numbers, each in the partition of its remainder. */
function acknowledgements(count: number): Acknowledged[] {
  return Array.from({ length: count }, (_, i) => ({
    value: String(i),
    partition: i % 3,
    offset: Math.floor(i / 3),
  }));
}

function state(partition: number, changes: Partial<PartitionState> = {}): PartitionState {
  return {
    topic: "t",
    partition,
    leader: partition + 1,
    replicas: [1, 2, 3],
    inSync: [1, 2, 3],
    ...changes,
  };
}

const lost = { id: 2, container: "c-kafka-2", address: "localhost:9093" };

describe("layOut", () => {
  const brokers = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      ...lost,
      id: 7 * i + 1,
    }));

  test("has each broker lead", () => {
    expect(layOut(brokers(3)).map(([leader]) => leader)).toEqual([1, 8, 15]);
    expect(layOut(brokers(5)).map(([leader]) => leader)).toEqual([1, 8, 15, 22, 29]);
  });

  test("has no more partitions than the writer's keys reach, however many brokers there are", () => {
    expect(layOut(brokers(20))).toEqual(layOut(brokers(5)));
  });
});

describe("judgeLoss", () => {
  const acknowledged = acknowledgements(30);

  test("has nothing to say where each acknowledged record is where it was promised", () => {
    const more = [{ value: "30", partition: 0, offset: 10 }];
    expect(judgeLoss(acknowledged, [...acknowledged.toReversed(), ...more])).toEqual([]);
  });

  test("names acknowledged records that are not there", () => {
    const received = acknowledged.filter(({ value }) => !["4", "7"].includes(value));
    expect(judgeLoss(acknowledged, received)).toEqual([
      "lost 2 of 30 acknowledged records: 4 (partition 1 offset 1), 7 (partition 1 offset 2); unclean.leader.election.enable (KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE) must be false on all nodes, and each broker must have a log directory of its own",
    ]);
  });

  test("counts all that are lost, and names some", () => {
    expect(judgeLoss(acknowledged, [])[0]).toMatch(
      /^lost 30 of 30 acknowledged records: 0 \(.*\), 4 \(partition 1 offset 1\) and 25 more; /,
    );
  });

  test("names a record that another one's offset was given to", () => {
    const received = acknowledged.map((record) =>
      record.value === "4" ? { ...record, offset: 99 } : record,
    );
    expect(judgeLoss(acknowledged, received)).toEqual([
      "1 of 30 acknowledged records are not where their acknowledgement says: 4 (partition 1 offset 1, found at partition 1 offset 99)",
    ]);
  });

  test("does not mind a record that is there twice, if once where it was promised", () => {
    expect(
      judgeLoss(acknowledged, [...acknowledged, { value: "4", partition: 1, offset: 99 }]),
    ).toEqual([]);
  });
});

describe("busiestLeader", () => {
  test("leads the partition that has most of the records", () => {
    const acknowledged = acknowledgements(4).concat(
      { value: "x", partition: 1, offset: 9 },
      { value: "y", partition: 1, offset: 10 },
    );
    expect(busiestLeader([state(0), state(1), state(2)], acknowledged)).toBe(2);
  });

  test("is nobody where no partition has a leader", () => {
    expect(busiestLeader([state(0, { leader: -1 })], acknowledgements(3))).toBeUndefined();
  });
});

describe("explainRisk", () => {
  test("sees none where all replicas are in sync", () => {
    expect(explainRisk([state(0), state(1, { replicas: [2], inSync: [2] })])).toBeUndefined();
  });

  test("names the partitions of anybody's topics that have lost a replica already", () => {
    expect(explainRisk([state(0), state(4, { topic: "orders", inSync: [3] })])).toBe(
      "no broker was killed: not all replicas are in sync of orders-4 (1 of 3); see which broker is down or behind, and try again when it has caught up",
    );
  });
});

describe("explainStandstill", () => {
  test("has nothing to say of partitions that have another leader, and replicas enough", () => {
    expect(explainStandstill(lost, [state(0, { inSync: [1, 3] })], 2)).toEqual([]);
  });

  test("names partitions that nobody leads", () => {
    expect(explainStandstill(lost, [state(1), state(2, { leader: -1, replicas: [2] })], 2)).toEqual(
      [
        'partition 1 still has broker 2 as its leader, of replicas on brokers 1, 2 and 3; a majority of the controllers must run without container "c-kafka-2" to choose another',
        'partition 2 has no leader, of replicas on broker 2; a majority of the controllers must run without container "c-kafka-2" to choose another',
      ],
    );
  });

  test("names partitions with too few replicas in sync", () => {
    expect(explainStandstill(lost, [state(0, { inSync: [1] })], 2)).toEqual([
      "partition 0 has only broker 1 in sync, and min.insync.replicas asks for 2; see in the logs of the others why they do not follow",
    ]);
  });
});

describe("explainAbsence", () => {
  const before = [state(0), state(1, { inSync: [1, 3] }), state(2)];

  test("has nothing to say where a broker is in sync again, but was not before, or the topic is gone", () => {
    expect(explainAbsence(2, before, [state(0), state(1, { inSync: [1] })])).toBeUndefined();
  });

  test("names the partitions that a broker has not caught up with", () => {
    expect(explainAbsence(2, before, [state(0, { inSync: [1, 3] }), state(2)])).toBe(
      "broker 2 is not in sync with 1 partitions: t-0",
    );
  });
});
