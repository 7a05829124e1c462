import { gzipSync } from "node:zlib";

/** Where a batch's own size counts from, and where its checksum's bytes begin. */
const [BATCH, SIZED_FROM, CHECKED_FROM] = [61, 12, 21];
const GZIP = 1;

/**
 * The log of a partition of `__consumer_offsets`, in Kafka's message format 2: one commit removed again and
 * again. It packs small and takes long to read, since a coordinator reads every record.
 *
 * @param batches how many there are
 * @param records in each
 */
export function offsetsLog(batches: number, records: number): Buffer {
  const key = Buffer.from("\0\x01\0\x01g\0\x01t\0\0\0\0"); // version 1: group g, topic t, partition 0
  const body = Buffer.concat([
    Buffer.of(0), // attributes
    varint(0), // time since the first
    varint(0), // offset since the first: all alike, so that they pack well
    varint(key.length),
    key,
    varint(-1), // no value: removed
    varint(0), // headers
  ]);
  const record = Buffer.concat([varint(body.length), body]);
  const payload = gzipSync(Buffer.alloc(record.length * records, record), { level: 9 });

  const head = Buffer.alloc(BATCH);
  head.writeInt32BE(BATCH - SIZED_FROM + payload.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(GZIP, 21);
  head.writeInt32BE(records - 1, 23); // last offset since the first
  const now = BigInt(Date.now());
  head.writeBigInt64BE(now, 27);
  head.writeBigInt64BE(now, 35);
  head.writeBigInt64BE(-1n, 43); // no producer's id, epoch and sequence
  head.writeInt16BE(-1, 51);
  head.writeInt32BE(-1, 53);
  head.writeInt32BE(records, 57);
  const batch = Buffer.concat([head, payload]);
  batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), 17);

  const log = Buffer.alloc(batch.length * batches, batch);
  for (let index = 0; index < batches; index++) {
    log.writeBigInt64BE(BigInt(index * records), index * batch.length); // first offset, not checked
  }
  return log;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = (value << 1) ^ (value >> 31);
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.of(...bytes, rest);
}

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
