import { describe, expect, test } from "vitest";
import { decodeAvro, encodeAvro, schemaIdOf } from "../../smoke-tests/clients/wire-format.ts";

const schema = {
  type: "record",
  name: "User",
  fields: [
    { name: "name", type: "string" },
    { name: "age", type: "int" },
    { name: "email", type: ["null", "string"], default: null },
  ],
};
const value = { name: "größe", age: -2, email: null };
// A zero byte, the id, then by Avro's specification: length and UTF-8, zigzag, branch of the union.
const bytes = Buffer.from([0, 0, 1, 0, 2, 14, ...Buffer.from("größe"), 3, 0]);

describe("the wire format", () => {
  test("is a zero byte, the id in four bytes, and Avro", () => {
    expect(encodeAvro(0x10002, schema, value)).toEqual(bytes);
  });

  test("is read back by the schema that the id stands for", () => {
    expect(schemaIdOf(bytes)).toBe(0x10002);
    expect(decodeAvro(schema, bytes)).toEqual(value);
  });

  test("holds ids that do not fit a signed integer", () => {
    expect(schemaIdOf(encodeAvro(0xfedcba98, { type: "record", name: "N", fields: [] }, {}))).toBe(
      0xfedcba98,
    );
  });

  test.for([
    ["nothing", Buffer.alloc(0), "not a zero byte and a schema's id, but nothing"],
    ["a start that is cut off", bytes.subarray(0, 4), "but 00000100"],
    ["JSON", Buffer.from('{"name":"x"}'), "but 7b226e616d65223a"],
  ] as const)("is not %s", ([, other, message]) => {
    expect(() => decodeAvro(schema, other)).toThrow(message);
  });

  test.for([
    ["too few bytes", bytes.subarray(0, -1), "truncated buffer"],
    ["too many", Buffer.concat([bytes, Buffer.from([0])]), "trailing data"],
  ] as const)("refuses %s for the schema", ([, other, message]) => {
    expect(() => decodeAvro(schema, other)).toThrow(message);
  });

  test("refuses a value that does not fit the schema", () => {
    expect(() => encodeAvro(1, schema, { ...value, age: "two" })).toThrow('invalid "int": "two"');
  });
});
