/**
 * Asks one address, and no other, what a client learns there.
 *
 * Kafka clients hide this step: they follow the advertised addresses by themselves, and hang where
 * one is wrong. So the two requests that show what is advertised are written out here, over a
 * connection that the vantage provides. The shapes are those of Kafka's protocol guide, in
 * versions that brokers from 0.11 to 4.x take.
 */
import type { Duplex } from "node:stream";
import type { Address } from "./address.ts";
import { formatAddress } from "./address.ts";
import { messageOf } from "./deadline.ts";
import type { Dial, SilenceKind } from "./dial.ts";
import { NoAnswer, silenceOf } from "./dial.ts";

/** A broker as it is advertised. */
interface AdvertisedBroker {
  readonly id: number;
  /** `host:port` */
  readonly address: string;
}

/** What the metadata says to a client that came through one address. */
export interface ClusterMetadata {
  readonly clusterId: string | null;
  readonly brokers: readonly AdvertisedBroker[];
  /**
   * Error code by topic, for the topics that were asked about: its own, or that of a partition which
   * has no leader yet; 0 is none.
   */
  readonly topics: Readonly<Record<string, number>>;
}

/** Kafka's error code for a topic that is not there. */
export const UNKNOWN_TOPIC = 3;

const METADATA = { key: 3, version: 4 };
const DESCRIBE_CONFIGS = { key: 32, version: 1 };
const BROKER_RESOURCE = 4;
const CORRELATION_ID = 7;
const CLIENT_ID = "kafka-platform-kit-smoke";
/** No answer to the requests made here comes near it; what claims more is not Kafka. */
const LARGEST_ANSWER = 16 * 1024 * 1024;

/**
 * The brokers that this address names to clients.
 *
 * @param topics names whose error codes are wanted; they are not created by asking
 * @throws NoAnswer
 */
export async function askMetadata(
  dial: Dial,
  address: Address,
  { seconds = 5, topics = [] }: { seconds?: number; topics?: readonly string[] } = {},
): Promise<ClusterMetadata> {
  const body = Buffer.concat([int32(topics.length), ...topics.map(string), int8(0)]);
  return exchange(dial, address, seconds, METADATA, body, (answer) => {
    answer.int32(); // throttle time
    const brokers = answer.array(() => {
      const id = answer.int32();
      const host = answer.string() ?? "";
      const port = answer.int32();
      answer.string(); // rack
      return { id, address: formatAddress({ host, port }) };
    });
    const clusterId = answer.string();
    answer.int32(); // controller
    const codes = answer.array((): [string, number] => {
      const code = answer.int16();
      const topic = answer.string() ?? "";
      answer.int8(); // internal or not
      const partitions = answer.array(() => {
        const partitionCode = answer.int16();
        answer.int32(); // partition
        answer.int32(); // leader
        answer.array(() => answer.int32()); // replicas
        answer.array(() => answer.int32()); // of them in sync
        return partitionCode;
      });
      return [topic, [code, ...partitions].find((each) => each !== 0) ?? 0];
    });
    return { clusterId, brokers, topics: Object.fromEntries(codes) };
  });
}

/** What a broker says when it is asked for the settings of a broker id. */
export interface BrokerSettings {
  /** Why it would not say, in its own words: it has another id, or the client may not ask. */
  readonly refusal?: string;
  /** The id that it has, when that is not the one asked for. */
  readonly otherId?: number;
  readonly settings: Readonly<Record<string, string | null>>;
}

/**
 * Asks whoever listens at an address for settings of broker `id`. Only that broker answers;
 * another one names itself. So this also tells who is behind an address.
 *
 * @throws NoAnswer
 */
export async function askSettings(
  dial: Dial,
  address: Address,
  id: number,
  names: readonly string[],
  seconds = 5,
): Promise<BrokerSettings> {
  const body = Buffer.concat([
    int32(1),
    int8(BROKER_RESOURCE),
    string(String(id)),
    int32(names.length),
    ...names.map(string),
    int8(0), // no synonyms
  ]);
  return exchange(dial, address, seconds, DESCRIBE_CONFIGS, body, (answer) => {
    answer.int32(); // throttle time
    const [result] = answer.array(() => {
      const code = answer.int16();
      const message = answer.string();
      answer.int8();
      answer.string();
      const settings = answer.array((): [string, string | null] => {
        const setting: [string, string | null] = [answer.string() ?? "", answer.string()];
        answer.int8(); // read-only
        answer.int8(); // source
        answer.int8(); // sensitive
        answer.array(() => [answer.string(), answer.string(), answer.int8()]);
        return setting;
      });
      return { code, message, settings: Object.fromEntries(settings) };
    });
    if (result === undefined) return { refusal: "no answer for this broker", settings: {} };
    if (result.code === 0) return { settings: result.settings };
    const refusal = result.message ?? `error code ${result.code}`;
    // "Unexpected broker id, expected 2 or empty string, but received 1": 2 is its own.
    const own = /Unexpected broker id, expected (\d+)/.exec(refusal)?.[1];
    return { refusal, settings: {}, ...(own === undefined ? {} : { otherId: Number(own) }) };
  });
}

function exchange<T>(
  dial: Dial,
  to: Address,
  seconds: number,
  api: { key: number; version: number },
  body: Buffer,
  read: (answer: Reader) => T,
): Promise<T> {
  const address = formatAddress(to);
  const request = Buffer.concat([
    int16(api.key),
    int16(api.version),
    int32(CORRELATION_ID),
    string(CLIENT_ID),
    body,
  ]);

  return new Promise((resolve, reject) => {
    let connected = false;
    let received = Buffer.alloc(0);
    let link: Duplex | undefined;
    const fail = (kind: SilenceKind, detail: string): void => {
      settle(() => reject(new NoAnswer(kind, address, detail)));
    };
    const timer = setTimeout(() => {
      if (received.length > 0) fail("foreign", show(received));
      else fail(connected ? "silent" : "dropped", `${seconds} s`);
    }, seconds * 1000);
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      outcome();
      link?.destroy();
    };

    try {
      link = dial(to);
    } catch (error) {
      fail("unreachable", messageOf(error));
      return;
    }
    link.once("connect", () => {
      connected = true;
      link?.write(Buffer.concat([int32(request.length), request]));
    });
    link.on("error", (error: NodeJS.ErrnoException) => {
      fail(silenceOf(error), error.code ?? error.message);
    });
    link.on("end", () => {
      if (received.length > 0) fail("foreign", show(received));
      else fail("closed", "no answer before the end");
    });
    link.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received[0] === 0x15 && received[1] === 0x03) return fail("tls", show(received));
      if (received.length < 4) return;
      const length = received.readInt32BE(0);
      if (length < 4 || length > LARGEST_ANSWER) return fail("foreign", show(received));
      if (received.length < 4 + length) return;
      const answer = new Reader(received.subarray(4, 4 + length));
      try {
        if (answer.int32() !== CORRELATION_ID) return fail("foreign", show(received));
        const value = read(answer);
        settle(() => resolve(value));
      } catch {
        fail("foreign", show(received));
      }
    });
  });
}

/** The first line of an answer that is not Kafka's, as far as it can be shown. */
function show(bytes: Buffer): string {
  const text = bytes.subarray(0, 60).toString("latin1").split(/\r?\n/, 1)[0] ?? "";
  return JSON.stringify(text.replace(/[^\x20-\x7e]/g, "."));
}

function int8(value: number): Buffer {
  return Buffer.from([value]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([int16(bytes.length), bytes]);
}

/** Reads the primitive types of Kafka's protocol, one after another. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4));
  }

  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const start = this.#advance(length);
    return this.#bytes.toString("utf8", start, this.#at);
  }

  array<T>(element: () => T): T[] {
    const count = this.int32();
    // Every element takes a byte at least: more of them than bytes is not Kafka's doing.
    if (count > this.#bytes.length) throw new RangeError(`array of ${count} elements`);
    return Array.from({ length: Math.max(count, 0) }, element);
  }

  #advance(size: number): number {
    const start = this.#at;
    if (start + size > this.#bytes.length) throw new RangeError("the answer ends early");
    this.#at += size;
    return start;
  }
}
