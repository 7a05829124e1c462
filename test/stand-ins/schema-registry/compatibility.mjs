import { fullName, isCollection, print } from "./avro.mjs";

/**
 * Java Avro's rules for "can this reader decode what that writer wrote", which are those of the registry.
 *
 * @typedef {import("./avro.mjs").AvroType} AvroType
 * @typedef {import("./avro.mjs").Named} Named
 * @typedef {import("./avro.mjs").Field} Field
 *
 * @typedef {object} Incompatibility
 * @property {string} type such as `TYPE_MISMATCH`
 * @property {string | undefined} message as Java's Avro words it, where a recording shows it
 */

/** What a value of the type on the right may be read as. */
const PROMOTIONS = new Map([
  ["long", ["int"]],
  ["float", ["int", "long"]],
  ["double", ["int", "long", "float"]],
  ["bytes", ["string"]],
  ["string", ["bytes"]],
]);

/**
 * What keeps the reader from decoding what the writer wrote; nothing when it can.
 *
 * @param {AvroType} reader
 * @param {AvroType} writer
 */
export function incompatibilities(reader, writer) {
  return new Comparison().compare(reader, writer, "");
}

class Comparison {
  /**
   * Pairs that are compared already, or just now: types may hold themselves.
   *
   * @type {Map<Named, Set<Named>>}
   */
  #seen = new Map();

  /**
   * @param {AvroType} reader
   * @param {AvroType} writer
   * @param {string} location
   * @returns {Incompatibility[]}
   */
  compare(reader, writer, location) {
    if (writer.kind === "union") {
      return writer.branches.flatMap((branch) => this.compare(reader, branch, location));
    }
    if (reader.kind === "union") {
      const fits = reader.branches.some(
        // What a branch has seen holds for that branch only.
        (branch) => new Comparison().#after(this).compare(branch, writer, location).length === 0,
      );
      return fits ? [] : [unworded("MISSING_UNION_BRANCH")];
    }
    if (reader.kind === "primitive") {
      const fits =
        writer.kind === "primitive" &&
        (reader.type === writer.type || PROMOTIONS.get(reader.type)?.includes(writer.type));
      return fits ? [] : [unworded("TYPE_MISMATCH")];
    }
    if (isCollection(reader)) {
      if (!isCollection(writer) || writer.kind !== reader.kind) {
        return [unworded("TYPE_MISMATCH")];
      }
      const part = reader.kind === "array" ? "items" : "values";
      return this.compare(reader.items, writer.items, `${location}/${part}`);
    }
    if (writer.kind === "primitive" || isCollection(writer)) return [unworded("TYPE_MISMATCH")];
    return this.#compareNamed(reader, writer, location);
  }

  /** @param {Comparison} before */
  #after(before) {
    for (const [reader, writers] of before.#seen) this.#seen.set(reader, new Set(writers));
    return this;
  }

  /**
   * @param {Named} reader
   * @param {Named} writer
   * @param {string} location
   */
  #compareNamed(reader, writer, location) {
    if (reader.kind !== writer.kind) return [unworded("TYPE_MISMATCH")];
    const seen = this.#seen.get(reader) ?? new Set();
    if (seen.has(writer)) return [];
    this.#seen.set(reader, seen.add(writer));
    const found = [];
    // Java compares names without their namespace, aliases with it.
    if (reader.name !== writer.name && !reader.aliases.includes(fullName(writer))) {
      found.push(unworded("NAME_MISMATCH"));
    }
    if (reader.kind === "fixed") {
      if (reader.size !== writer.size) found.push(unworded("FIXED_SIZE_MISMATCH"));
      return found;
    }
    if (reader.kind === "enum") {
      const covered = writer.symbols.every((symbol) => reader.symbols.includes(symbol));
      if (!covered && reader.default === undefined) found.push(unworded("MISSING_ENUM_SYMBOLS"));
      return found;
    }
    return [...found, ...this.#compareFields(reader, writer, location)];
  }

  /**
   * @param {Named} reader
   * @param {Named} writer
   * @param {string} location
   */
  #compareFields(reader, writer, location) {
    return reader.fields.flatMap((field, i) => {
      const at = `${location}/fields/${i}`;
      const written = writtenField(field, writer);
      if (written !== undefined) return this.compare(field.type, written.type, `${at}/type`);
      return hasDefault(field) ? [] : [missingDefault(at, field, reader, writer)];
    });
  }
}

/**
 * @param {Field} field
 * @param {Named} writer
 */
function writtenField(field, writer) {
  return [field.name, ...field.aliases]
    .map((name) => writer.fields.find((candidate) => candidate.name === name))
    .find((candidate) => candidate !== undefined);
}

/** @param {Field} field */
function hasDefault(field) {
  return (
    field.default !== undefined || (field.type.kind === "enum" && field.type.default !== undefined)
  );
}

/**
 * @param {string} location
 * @param {Field} field
 * @param {Named} reader
 * @param {Named} writer
 * @returns {Incompatibility}
 */
function missingDefault(location, field, reader, writer) {
  const type = "READER_FIELD_MISSING_DEFAULT_VALUE";
  const parts = [
    ...[`type:${type}`, `location:${location}`, `message:${field.name}`],
    ...[`reader:${print(reader)}`, `writer:${print(writer)}`],
  ];
  return { type, message: `Incompatibility{${parts.join(", ")}}` };
}

/**
 * @param {string} type
 * @returns {Incompatibility}
 */
function unworded(type) {
  return { type, message: undefined };
}
