/**
 * Avro records as every serializer of the registry writes them: a zero byte, the schema's id in
 * four bytes, the highest first, then Avro's binary encoding.
 */
import avro from "avsc";

const MAGIC = 0;
const HEADER_LENGTH = 5;

/** An Avro schema as JSON. */
export type AvroSchema = Readonly<Record<string, unknown>>;

/**
 * Writes a value.
 *
 * @param id of the schema in the registry
 * @throws Error when the value does not fit the schema
 */
export function encodeAvro(id: number, schema: AvroSchema, value: unknown): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH, MAGIC);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, typeOf(schema).toBuffer(value)]);
}

/**
 * The id of the schema that a value was written with.
 *
 * @throws Error when these bytes are not in the wire format
 */
export function schemaIdOf(bytes: Buffer): number {
  if (bytes.length < HEADER_LENGTH || bytes[0] !== MAGIC) {
    throw new Error(`not a zero byte and a schema's id, but ${show(bytes)}`);
  }
  return bytes.readUInt32BE(1);
}

/**
 * Reads a value with the schema that it was written with.
 *
 * @throws Error when the bytes do not fit the schema, or not all of them are needed
 */
export function decodeAvro(schema: AvroSchema, bytes: Buffer): Readonly<Record<string, unknown>> {
  schemaIdOf(bytes);
  const value: unknown = typeOf(schema).fromBuffer(bytes.subarray(HEADER_LENGTH));
  return { ...(value as object) };
}

function typeOf(schema: AvroSchema): avro.Type {
  return avro.Type.forSchema(schema as unknown as avro.Schema);
}

function show(bytes: Buffer): string {
  return bytes.length === 0 ? "nothing" : bytes.subarray(0, 16).toString("hex");
}
