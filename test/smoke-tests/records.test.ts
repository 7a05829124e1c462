import kafkajs from "kafkajs";
import { describe, expect, test } from "vitest";
import type { ReceivedRecord, SmokeRecord } from "../../smoke-tests/records.ts";
import { judge, keysFor, makeRecords } from "../../smoke-tests/records.ts";

const sent = makeRecords("run", 24);

/** What a sound topic of two partitions gives back: each key in one of them, offsets from 0. */
function arrivals(records: readonly SmokeRecord[] = sent): ReceivedRecord[] {
  const ends = [0, 0];
  return records.map(({ key, value, headers }) => {
    const partition = Number(key.replace("key-", "")) % 2;
    const offset = ends[partition] ?? 0;
    ends[partition] = offset + 1;
    return { partition, offset, key, value, headers };
  });
}

function swap<T>(list: readonly T[], a: number, b: number): T[] {
  return list.map((element, index) => list[index === a ? b : index === b ? a : index] ?? element);
}

function change(index: number, changes: Partial<ReceivedRecord>): ReceivedRecord[] {
  return arrivals().map((record, at) => (at === index ? { ...record, ...changes } : record));
}

describe("makeRecords", () => {
  test("gives every record an id of its own", () => {
    const records = makeRecords("r");
    expect(new Set(records.map(({ headers }) => headers["smoke-id"])).size).toBe(100);
    expect(records[42]).toEqual({
      key: "key-6",
      value: 'r-042\t"größe", 雪: 1764',
      headers: { "smoke-id": "r-042", "smoke-remark": "record 42 of 100" },
    });
  });

  test("keeps every record on one line and free of the separators that the tools use", () => {
    for (const { key, value, headers } of makeRecords("r")) {
      for (const separator of ["\n", "\x1e", "\x1f"]) {
        expect([key, value, ...Object.values(headers)].join("")).not.toContain(separator);
      }
    }
  });
});

describe("keysFor", () => {
  test("gives keys that reach every partition, with the partitioner of the Java client, up to 40", () => {
    const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
    for (let partitions = 3; partitions <= 40; partitions += 1) {
      const keys = keysFor(partitions);
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        ...{ partitionId, leader: 1, replicas: [1], isr: [1], partitionErrorCode: 0 },
      }));
      const reached = makeRecords("r", keys, keys).map(({ key, value }) =>
        partitionOf({ topic: "t", partitionMetadata, message: { key, value } }),
      );
      expect([partitions, new Set(reached).size]).toEqual([partitions, partitions]);
    }
  });
});

describe("judge", () => {
  test("has nothing to say of records that came out as they went in", () => {
    expect(judge(sent, arrivals(), 2)).toEqual([]);
  });

  test("does not mind in which order partitions are read", () => {
    const byPartition = arrivals().toSorted((a, b) => b.partition - a.partition);
    expect(judge(sent, byPartition, 2)).toEqual([]);
  });

  test("does not mind in which order headers come", () => {
    const received = arrivals().map((record) => ({
      ...record,
      headers: Object.fromEntries(Object.entries(record.headers).toReversed()),
    }));
    expect(judge(sent, received, 2)).toEqual([]);
  });

  test.for<[string, ReceivedRecord[], string[]]>([
    [
      "lost records",
      arrivals().filter((_, index) => index !== 3 && index !== 7),
      ["lost 2 of 24 records: run-003, run-007"],
    ],
    [
      "all lost, without a list of all",
      [],
      [
        "lost 24 of 24 records: run-000, run-001, run-002, run-003, run-004, run-005, run-006, run-007, run-008, run-009 and 14 more",
      ],
    ],
    [
      "a record that came twice",
      [...arrivals(), { ...arrivals()[23], offset: 12 } as ReceivedRecord],
      ["came more than once: run-023 (partition 1 offset 11 and partition 1 offset 12)"],
    ],
    [
      "a stranger",
      [...arrivals(), { partition: 0, offset: 12, key: null, value: "?", headers: {} }],
      ["not from this run: partition 0 offset 12"],
    ],
    [
      "two records of a partition in the wrong order",
      swap(arrivals(), 2, 6),
      ["out of order: run-004 after run-006 in partition 0, run-002 after run-006 in partition 0"],
    ],
    [
      "a key that moved to another partition",
      change(2, { partition: 1 }),
      ["one key in several partitions: key-2 (0, 1)"],
    ],
    [
      "a changed key",
      change(2, { key: "other" }),
      ['key changed: run-002 ("key-2" became "other")'],
    ],
    ["a lost key", change(2, { key: null }), ['key changed: run-002 ("key-2" became null)']],
    [
      "a changed value",
      change(2, { value: "run-002" }),
      [`value changed: run-002 (${JSON.stringify(sent[2]?.value)} became "run-002")`],
    ],
    [
      "a value changed beyond recognition",
      change(2, { value: null }),
      [`value changed: run-002 (${JSON.stringify(sent[2]?.value)} became null)`],
    ],
    [
      "lost headers",
      change(2, { headers: {} }),
      [
        'headers changed: run-002 ({"smoke-id":"run-002","smoke-remark":"record 2 of 24"} became {})',
      ],
    ],
    [
      "a changed header",
      change(2, { headers: { "smoke-id": "run-002", "smoke-remark": "?" } }),
      [
        'headers changed: run-002 ({"smoke-id":"run-002","smoke-remark":"record 2 of 24"} became {"smoke-id":"run-002","smoke-remark":"?"})',
      ],
    ],
    [
      "keys that all went to one partition",
      arrivals().map((record, offset) => ({ ...record, partition: 0, offset })),
      ["the keys reached 1 of 2 partitions"],
    ],
  ])("finds %s", ([, received, findings]) => {
    expect(judge(sent, received, 2)).toEqual(findings);
  });

  test("tells several kinds of damage apart", () => {
    const received = change(5, { value: "run-005!" }).filter((_, index) => index !== 6);
    expect(judge(sent, received, 2)).toEqual([
      "lost 1 of 24 records: run-006",
      expect.stringMatching(/^value changed: run-005 /),
    ]);
  });
});
