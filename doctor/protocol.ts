/**
 * Kafka's wire format, as far as the questions of this folder need it. The shapes are those of
 * Kafka's protocol guide, in versions that brokers from 0.11 to 4.x take.
 */

/** One request of Kafka's protocol, and how its answer is read. */
export interface Question<T> {
  readonly key: number;
  readonly version: number;
  /** Whether this version has tagged fields and compact lengths (KIP-482). */
  readonly flexible?: boolean;
  readonly body: Buffer;
  /** Takes the answer from behind its header; throws where it is not of this shape. */
  read(answer: Reader): T;
}

export const CORRELATION_ID = 7;
const CLIENT_ID = "kafka-platform-kit";

/** A question with its header, as it goes over the wire. */
export function frame({ key, version, flexible = false, body }: Question<unknown>): Buffer {
  const request = Buffer.concat([
    int16(key),
    int16(version),
    int32(CORRELATION_ID),
    string(CLIENT_ID),
    flexible ? NO_TAGS : Buffer.alloc(0),
    body,
  ]);
  return Buffer.concat([int32(request.length), request]);
}

/** The end of every flexible structure that has nothing to add. */
export const NO_TAGS = Buffer.from([0]);

export function int8(value: number): Buffer {
  return Buffer.from([value]);
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function string(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([int16(bytes.length), bytes]);
}

export function array(elements: readonly Buffer[]): Buffer {
  return Buffer.concat([int32(elements.length), ...elements]);
}

/** The length of a compact string or array, one more than what it has; below 127 it is one byte. */
function compactLength(length: number): Buffer {
  if (length > 126)
    throw new RangeError(`a compact length of ${length}; up to 126 is written here`);
  return int8(length + 1);
}

export function compactString(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([compactLength(bytes.length), bytes]);
}

export function compactArray(elements: readonly Buffer[]): Buffer {
  return Buffer.concat([compactLength(elements.length), ...elements]);
}

/** Reads the primitive types of Kafka's protocol, one after another. */
export class Reader {
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
    return length < 0 ? null : this.#text(length);
  }

  array<T>(element: () => T): T[] {
    const count = this.int32();
    // Every element takes a byte at least: more of them than bytes is not Kafka's doing.
    if (count > this.#bytes.length) throw new RangeError(`array of ${count} elements`);
    return Array.from({ length: Math.max(count, 0) }, element);
  }

  compactString(): string | null {
    const length = this.compactLength();
    return length < 0 ? null : this.#text(length);
  }

  /** Of a compact array, whose elements follow. */
  compactLength(): number {
    return this.#varint() - 1;
  }

  /** Passes over the tagged fields at the end of a flexible structure. */
  tags(): void {
    for (let left = this.#varint(); left > 0; left -= 1) {
      this.#varint();
      this.#advance(this.#varint());
    }
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number without end");
  }

  #text(length: number): string {
    const start = this.#advance(length);
    return this.#bytes.toString("utf8", start, this.#at);
  }

  #advance(size: number): number {
    const start = this.#at;
    if (start + size > this.#bytes.length) throw new RangeError("the answer ends early");
    this.#at += size;
    return start;
  }
}
