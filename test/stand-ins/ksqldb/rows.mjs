/**
 * Records of Kafka as rows of a stream, and back: the key in the KAFKA format, the value in JSON.
 *
 * @typedef {import("./sql.mjs").Column} Column
 * @typedef {import("./sql.mjs").Condition} Condition
 * @typedef {import("./sql.mjs").Type} Type
 * @typedef {import("./sql.mjs").Value} Value
 * @typedef {readonly Value[]} Row in the order of the columns
 * @typedef {{ readonly key: Buffer | null, readonly value: Buffer | null }} KafkaRecord
 */

const INT_MAX = 2 ** 31 - 1;

/** A record, or a value, that does not fit its columns. */
export class Misfit extends Error {}

/**
 * @param {readonly Column[]} columns
 * @param {KafkaRecord} record
 * @returns {Row | undefined} undefined: a record without a value is no row of a stream
 * @throws {Misfit} where the real server skips the record, and says so in its processing log
 */
export function rowOf(columns, { key, value }) {
  if (value === null) return undefined;
  const text = value.toString();
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    throw new Misfit(`"${text.slice(0, 80)}" is not JSON`);
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new Misfit(`"${text.slice(0, 80)}" is not a JSON object`);
  }
  const byName = new Map(
    Object.entries(fields).map(([name, field]) => [name.toUpperCase(), field]),
  );
  return columns.map((column) =>
    column.key ? (key?.toString() ?? null) : coerced(column, byName.get(column.name) ?? null),
  );
}

/**
 * @param {readonly Column[]} columns
 * @param {Row} row
 * @returns {KafkaRecord}
 */
export function recordOf(columns, row) {
  const key = row[columns.findIndex((column) => column.key)] ?? null;
  const fields = columns.flatMap((column, index) =>
    column.key
      ? []
      : [`${JSON.stringify(column.name)}:${written(column.type, row[index] ?? null)}`],
  );
  return {
    key: key === null ? null : Buffer.from(String(key)),
    value: Buffer.from(`{${fields.join(",")}}`),
  };
}

/**
 * As the server's JSON has it: `[1.0,"a"]`.
 *
 * @param {readonly Column[]} columns
 * @param {Row} row
 */
export function writtenRow(columns, row) {
  return `[${columns.map(({ type }, index) => written(type, row[index] ?? null)).join(",")}]`;
}

/**
 * @param {Column} column
 * @param {unknown} value
 * @returns {Value}
 * @throws {Misfit}
 */
export function coerced({ name, type }, value) {
  if (value === null) return null;
  if (type === "STRING") return typeof value === "string" ? value : JSON.stringify(value);
  if (type === "BOOLEAN") {
    if (typeof value === "boolean") return value;
  } else if (typeof value === "number") {
    if (type === "DOUBLE") return value;
    if (Number.isSafeInteger(value) && (type === "BIGINT" || Math.abs(value) <= INT_MAX)) {
      return value;
    }
  }
  throw new Misfit(`${JSON.stringify(value)} is not a value of \`${name}\`, which is ${type}`);
}

/**
 * Whether a row passes; what is null passes nothing.
 *
 * @param {readonly Column[]} columns
 * @param {readonly Condition[]} conditions
 * @param {Row} row
 */
export function passes(columns, conditions, row) {
  return conditions.every(({ column, operator, value }) => {
    const found = row[columns.findIndex(({ name }) => name === column)] ?? null;
    if (found === null || value === null) return false;
    switch (operator) {
      case "=":
        return found === value;
      case "<>":
        return found !== value;
      case "<":
        return found < value;
      case "<=":
        return found <= value;
      case ">":
        return found > value;
      case ">=":
        return found >= value;
    }
  });
}

/**
 * @param {Type} type
 * @param {Value} value
 */
function written(type, value) {
  return type === "DOUBLE" && typeof value === "number" ? javaDouble(value) : JSON.stringify(value);
}

/** @param {number} value as Java's Double.toString writes it */
function javaDouble(value) {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7)) {
    return Number.isInteger(value) ? value.toFixed(1) : String(value);
  }
  const [digits = "", exponent] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}
