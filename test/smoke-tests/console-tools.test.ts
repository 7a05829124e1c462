import { describe, expect, test } from "vitest";
import {
  consumerArguments,
  parseConsumed,
  producerArguments,
  producerLines,
  producerSendsHeaders,
  toolComplaints,
} from "../../smoke-tests/clients/console-tools.ts";
import { makeRecords } from "../../smoke-tests/records.ts";

describe("producerSendsHeaders", () => {
  test.for([
    ["2.8.2", false],
    ["3.0.1", false],
    ["3.1.0", false],
    ["3.2.0", true],
    ["3.9.1", true],
    ["4.1.1", true],
  ] as const)("of Kafka %s is %s", ([version, expected]) => {
    expect(producerSendsHeaders(version)).toBe(expected);
  });
});

describe("the producer", () => {
  test("gets headers, key and value in the form that its arguments announce", () => {
    const [line] = producerLines(makeRecords("r", 1)).split("\n");
    expect(line).toBe(
      'smoke-id:r-000\x1esmoke-remark:record 0 of 1\x1fkey-0\x1fr-000\t"größe", 雪: 0',
    );
    expect(producerArguments("a:1,b:2", "t")).toEqual(
      expect.arrayContaining([
        "a:1,b:2",
        "acks=all",
        "headers.delimiter=\x1f",
        "headers.separator=\x1e",
        "headers.key.separator=:",
        "key.separator=\x1f",
      ]),
    );
  });

  test("is told to fail when it cannot send", () => {
    expect(producerArguments("a:1", "t")).toContain("--sync");
  });
});

describe("the consumer", () => {
  test("reads as a group, from the beginning, no more than asked for", () => {
    expect(consumerArguments("a:1", "t", "g", 100)).toEqual(
      expect.arrayContaining(["--group", "g", "--from-beginning", "--max-messages", "100"]),
    );
  });

  test("has its lines read back into records", () => {
    const output = [
      'Partition:2\x1fOffset:10\x1fsmoke-id:r-1\x1eremark:a:b\x1fkey-0\x1fr-1\t"größe", 雪: 1',
      "Partition:0\x1fOffset:0\x1fNO_HEADERS\x1fnull\x1fnull",
      "",
    ].join("\n");
    expect(parseConsumed(output)).toEqual({
      records: [
        {
          partition: 2,
          offset: 10,
          key: "key-0",
          value: 'r-1\t"größe", 雪: 1',
          headers: { "smoke-id": "r-1", remark: "a:b" },
        },
        { partition: 0, offset: 0, key: null, value: null, headers: {} },
      ],
      rest: [],
    });
  });

  test.for([
    "Processed a total of 3 messages",
    "Partition:0\x1fOffset:0\x1fNO_HEADERS\x1fk",
    "Partition:0\x1fOffset:0\x1fNO_HEADERS\x1fk\x1fv\x1fmore",
    "Partition:x\x1fOffset:0\x1fNO_HEADERS\x1fk\x1fv",
  ])("does not take %j for a record", (line) => {
    expect(parseConsumed(`${line}\n`)).toEqual({ records: [], rest: [line] });
  });

  test("gives back what the producer was given", () => {
    const records = makeRecords("r", 5);
    const output = producerLines(records)
      .trimEnd()
      .split("\n")
      .map((line, offset) => `Partition:0\x1fOffset:${offset}\x1f${line}\n`)
      .join("");
    expect(parseConsumed(output).records).toEqual(
      records.map((record, offset) => ({ ...record, partition: 0, offset })),
    );
  });
});

test("toolComplaints tells errors apart from the rest of a log", () => {
  const log = [
    "[2026-01-01 00:00:00,000] WARN [Consumer clientId=c] Offset commit failed (o.a.k.Consumer)",
    "[2026-01-01 00:00:00,001] ERROR Error processing message, terminating consumer process: (ConsoleConsumer)",
    "org.apache.kafka.common.errors.TimeoutException",
    "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.NotEnoughReplicasException: too few",
    "\tat org.apache.kafka.tools.ConsoleProducer.main(ConsoleProducer.java:60)",
    "Caused by: org.apache.kafka.common.errors.NotEnoughReplicasException: too few",
    "Caused by: org.apache.kafka.common.errors.NotEnoughReplicasException: too few",
    "Processed a total of 0 messages",
  ].join("\n");
  expect(toolComplaints(log)).toEqual([
    "ERROR Error processing message, terminating consumer process: (ConsoleConsumer)",
    "java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.NotEnoughReplicasException: too few",
    "Caused by: org.apache.kafka.common.errors.NotEnoughReplicasException: too few",
  ]);
});
