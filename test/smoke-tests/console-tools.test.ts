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

  test("has its errors told apart from its log", () => {
    const error =
      "ERROR Error when sending message to topic t with key: 5 bytes, value: 30 bytes with error: (org.apache.kafka.clients.producer.internals.ErrorLoggingCallback)";
    const log = [
      "[2026-01-01 00:00:00,000] WARN [Producer clientId=console-producer] Got error produce response",
      `[2026-01-01 00:00:00,001] ${error}`,
      "org.apache.kafka.common.errors.TimeoutException: Topic t not present in metadata after 15000 ms.",
      `[2026-01-01 00:00:00,002] ${error.replace("30", "31")}`,
      "org.apache.kafka.common.errors.TimeoutException: Topic t not present in metadata after 15000 ms.",
    ].join("\n");
    expect(toolComplaints(log)).toEqual([
      "ERROR Error when sending message to topic t: (org.apache.kafka.clients.producer.internals.ErrorLoggingCallback)",
      "org.apache.kafka.common.errors.TimeoutException: Topic t not present in metadata after 15000 ms.",
    ]);
    expect(toolComplaints("[…] WARN no error here\nProcessed a total of 100 messages\n")).toEqual(
      [],
    );
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
