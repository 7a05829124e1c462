/** The dialect of `kafka-console-producer` and `kafka-console-consumer`. */
import type { ReceivedRecord, SmokeRecord } from "../records.ts";

/** Unit and record separator: control characters made for this, and in no record. */
const FIELD = "\x1f";
const HEADER = "\x1e";

/** Kafka 3.2 (KIP-798) taught the console producer to send headers; one of unknown age is not asked to. */
export function producerSendsHeaders(kafkaVersion = ""): boolean {
  const [major = 0, minor = 0] = kafkaVersion.split(".").map(Number);
  return major > 3 || (major === 3 && minor >= 2);
}

/**
 * Arguments that make the producer read what `producerLines` writes. Without `--sync` it swallows
 * what it could not send, and ends as if it had.
 */
export function producerArguments(bootstrapServers: string, topic: string): string[] {
  return [
    "--bootstrap-server",
    bootstrapServers,
    "--topic",
    topic,
    "--sync",
    ...properties("--producer-property", {
      acks: "all",
      "enable.idempotence": "true",
      // The command's own default is a second for each record.
      "linger.ms": "0",
      "max.block.ms": "15000",
      "request.timeout.ms": "10000",
      "delivery.timeout.ms": "20000",
    }),
    ...properties("--property", {
      "parse.key": "true",
      "key.separator": FIELD,
      "parse.headers": "true",
      "headers.delimiter": FIELD,
      "headers.separator": HEADER,
      "headers.key.separator": ":",
    }),
  ];
}

/** The records as the producer's input, one a line. */
export function producerLines(records: readonly SmokeRecord[]): string {
  return records
    .map(({ key, value, headers }) => {
      const pairs = Object.entries(headers).map(([name, text]) => `${name}:${text}`);
      return `${pairs.join(HEADER)}${FIELD}${key}${FIELD}${value}\n`;
    })
    .join("");
}

/** Arguments that make the consumer print what `parseConsumed` reads, and stop after `count`. */
export function consumerArguments(
  bootstrapServers: string,
  topic: string,
  group: string,
  count: number,
): string[] {
  return [
    "--bootstrap-server",
    bootstrapServers,
    "--topic",
    topic,
    "--group",
    group,
    "--from-beginning",
    "--max-messages",
    String(count),
    "--timeout-ms",
    "20000",
    ...properties("--property", {
      "print.partition": "true",
      "print.offset": "true",
      "print.headers": "true",
      "print.key": "true",
      "key.separator": FIELD,
      "headers.separator": HEADER,
    }),
  ];
}

/**
 * Reads the consumer's output.
 *
 * @returns the records in the order in which they were read, and the lines that are none
 */
export function parseConsumed(output: string): {
  readonly records: readonly ReceivedRecord[];
  readonly rest: readonly string[];
} {
  const records: ReceivedRecord[] = [];
  const rest: string[] = [];
  for (const line of output.split("\n")) {
    const [partition, offset, headers, key, value, ...more] = line.split(FIELD);
    const at = /^Partition:(\d+)$/.exec(partition ?? "")?.[1];
    const from = /^Offset:(\d+)$/.exec(offset ?? "")?.[1];
    if (
      at === undefined ||
      from === undefined ||
      headers === undefined ||
      key === undefined ||
      value === undefined ||
      more.length > 0
    ) {
      if (line.trim() !== "") rest.push(line);
      continue;
    }
    records.push({
      partition: Number(at),
      offset: Number(from),
      key: key === "null" ? null : key,
      value: value === "null" ? null : value,
      headers: parseHeaders(headers),
    });
  }
  return { records, rest };
}

/** The errors among what a command wrote to its log, each once and without stack traces. */
export function toolComplaints(log: string): string[] {
  const errors = log
    .split("\n")
    .filter((line) => /\b(ERROR|FATAL)\b|^(Caused by: )?\S*(Exception|Error):/.test(line))
    .map((line) => line.replace(/^\[[^\]]*\]\s*/, ""));
  return [...new Set(errors)].slice(0, 5);
}

function parseHeaders(text: string): Record<string, string> {
  if (text === "NO_HEADERS") return {};
  return Object.fromEntries(
    text.split(HEADER).map((pair): [string, string] => {
      const colon = pair.indexOf(":");
      return colon < 0 ? [pair, ""] : [pair.slice(0, colon), pair.slice(colon + 1)];
    }),
  );
}

function properties(option: string, settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [option, `${name}=${value}`]);
}
