import avsc from "avsc";
import { foreignNumber } from "../shared/http.mjs";
import { notKnown } from "./errors.mjs";

/**
 * @typedef {Readonly<Record<string, unknown>>} Properties what a schema says beyond its grammar, `logicalType` included
 * @typedef {{ readonly kind: "primitive", readonly type: string, readonly properties: Properties }} Primitive
 * @typedef {{ readonly kind: "array" | "map", items: AvroType, readonly properties: Properties }} Collection
 * @typedef {{ readonly kind: "union", readonly branches: readonly AvroType[] }} Union
 * @typedef {object} Named
 * @property {"record" | "error" | "enum" | "fixed"} kind
 * @property {string} name
 * @property {string} namespace
 * @property {string | undefined} doc
 * @property {readonly string[]} aliases in full
 * @property {readonly Field[]} fields of a record
 * @property {readonly string[]} symbols of an enum
 * @property {unknown} default of an enum
 * @property {number} size of a fixed
 * @property {Properties} properties
 * @typedef {object} Field
 * @property {string} name
 * @property {AvroType} type
 * @property {string | undefined} doc
 * @property {readonly string[]} aliases
 * @property {{ readonly value: unknown } | undefined} default
 * @property {string | undefined} order
 * @property {Properties} properties
 * @typedef {Primitive | Collection | Union | Named} AvroType
 *
 * @typedef {object} AvroSchema
 * @property {AvroType} type
 * @property {string} text as Java's Avro prints it, which is what the registry keeps
 */

/** What Java's Avro would refuse. */
export class AvroError extends Error {}

const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SCHEMA_WORDS = ["type", "name", "namespace", "doc", "aliases", "fields", "items"].concat([
  ...["values", "symbols", "size"],
]);
const FIELD_WORDS = ["name", "type", "doc", "default", "order", "aliases"];

/**
 * Reads a schema as the registry does, after those that it refers to.
 *
 * @param {string} text
 * @param {readonly string[]} [references]
 * @returns {AvroSchema}
 * @throws {AvroError} when it is none
 */
export function parseAvro(text, references = []) {
  /** @type {Map<string, Named>} */
  const names = new Map();
  for (const reference of references) read(json(reference), names, "");
  const known = [...names.keys()];
  const type = read(json(text), names, "");
  askSecondParser(text, references);
  return { type, text: print(type, known) };
}

/**
 * How Java's Avro prints a type.
 *
 * @param {AvroType} type
 * @param {readonly string[]} [known] names that are referred to only
 */
export function print(type, known = []) {
  return JSON.stringify(printed(type, new Set(known), ""));
}

/**
 * @param {AvroType} type
 * @returns {type is Collection}
 */
export function isCollection(type) {
  return type.kind === "array" || type.kind === "map";
}

/** @param {Named} type */
export function fullName({ name, namespace }) {
  return namespace === "" ? name : `${namespace}.${name}`;
}

/** @param {string} text */
function json(text) {
  let value;
  try {
    value = /** @type {unknown} */ (JSON.parse(text));
  } catch {
    throw new AvroError("it is not JSON");
  }
  const foreign = foreignNumber(text);
  if (foreign !== undefined) throw notKnown(`the number ${foreign} in a schema`);
  return value;
}

/**
 * avsc checks defaults, which the registry does not: where the two differ, nothing recorded decides.
 *
 * @param {string} text
 * @param {readonly string[]} references
 */
function askSecondParser(text, references) {
  const options = { registry: {}, noAnonymousTypes: true };
  try {
    for (const schema of [...references, text]) {
      avsc.Type.forSchema(/** @type {avsc.Schema} */ (JSON.parse(schema)), options);
    }
  } catch (error) {
    throw notKnown(`a schema that avsc refuses: ${String(error)}`);
  }
}

/**
 * @param {unknown} schema
 * @param {Map<string, Named>} names
 * @param {string} space the namespace that encloses it
 * @returns {AvroType}
 */
function read(schema, names, space) {
  if (typeof schema === "string") {
    if (PRIMITIVES.includes(schema)) return { kind: "primitive", type: schema, properties: {} };
    const named = names.get(qualified(schema, space));
    if (named === undefined) throw new AvroError(`"${schema}" is not a type`);
    return named;
  }
  if (Array.isArray(schema)) return readUnion(schema, names, space);
  if (!isObject(schema)) throw new AvroError("it is neither a name, an object nor a list");
  const kind = textOf(schema, "type");
  if (kind === "array" || kind === "map") {
    const items = schema[kind === "array" ? "items" : "values"];
    if (items === undefined) throw new AvroError(`the ${kind} does not say of what`);
    return { kind, items: read(items, names, space), properties: beyond(schema, SCHEMA_WORDS) };
  }
  if (kind === "record" || kind === "error" || kind === "enum" || kind === "fixed") {
    return readNamed(kind, schema, names, space);
  }
  const type = read(kind, names, space);
  if (type.kind !== "primitive") return type;
  return { ...type, properties: beyond(schema, SCHEMA_WORDS) };
}

/**
 * @param {readonly unknown[]} schemas
 * @param {Map<string, Named>} names
 * @param {string} space
 * @returns {Union}
 */
function readUnion(schemas, names, space) {
  const branches = schemas.map((schema) => read(schema, names, space));
  const seen = new Set();
  for (const branch of branches) {
    if (branch.kind === "union") throw new AvroError("a union holds a union");
    const name = nameInUnion(branch);
    if (seen.has(name)) throw new AvroError(`a union holds "${name}" twice`);
    seen.add(name);
  }
  return { kind: "union", branches };
}

/** @param {Exclude<AvroType, Union>} type */
function nameInUnion(type) {
  if (type.kind === "primitive") return type.type;
  return isCollection(type) ? type.kind : fullName(type);
}

/**
 * @param {Named["kind"]} kind
 * @param {Record<string, unknown>} schema
 * @param {Map<string, Named>} names
 * @param {string} enclosing
 * @returns {Named}
 */
function readNamed(kind, schema, names, enclosing) {
  const full = qualified(textOf(schema, "name"), optionalText(schema, "namespace") ?? enclosing);
  const dot = full.lastIndexOf(".");
  const [name, namespace] = [full.slice(dot + 1), full.slice(0, Math.max(dot, 0))];
  if (!NAME.test(name) || PRIMITIVES.includes(full)) throw new AvroError(`"${full}" is no name`);
  if (names.has(full)) throw new AvroError(`"${full}" is defined twice`);
  /** @type {Field[]} */
  const fields = [];
  /** @type {Named} */
  const type = {
    ...{ kind, name, namespace, fields },
    doc: optionalText(schema, "doc"),
    aliases: texts(schema, "aliases").map((alias) => qualified(alias, namespace)),
    symbols: kind === "enum" ? texts(schema, "symbols", true) : [],
    default: kind === "enum" ? schema["default"] : undefined,
    size: kind === "fixed" ? size(schema) : 0,
    properties: beyond(schema, kind === "enum" ? [...SCHEMA_WORDS, "default"] : SCHEMA_WORDS),
  };
  names.set(full, type);
  checkSymbols(type);
  if (kind === "record" || kind === "error") {
    if (!Array.isArray(schema["fields"])) throw new AvroError(`"${full}" has no fields`);
    for (const field of schema["fields"]) fields.push(readField(field, names, namespace));
    if (new Set(fields.map((field) => field.name)).size < fields.length) {
      throw new AvroError(`"${full}" has a field twice`);
    }
  }
  return type;
}

/** @param {Named} type */
function checkSymbols({ symbols, default: chosen }) {
  if (!symbols.every((symbol) => NAME.test(symbol)) || new Set(symbols).size < symbols.length) {
    throw new AvroError("the symbols of an enum are not names, or not different");
  }
  if (chosen !== undefined && !symbols.some((symbol) => symbol === chosen)) {
    throw new AvroError("the default of an enum is none of its symbols");
  }
}

/**
 * @param {unknown} field
 * @param {Map<string, Named>} names
 * @param {string} space
 * @returns {Field}
 */
function readField(field, names, space) {
  if (!isObject(field)) throw new AvroError("a field is not an object");
  const name = textOf(field, "name");
  if (!NAME.test(name)) throw new AvroError(`"${name}" is no name`);
  if (field["type"] === undefined) throw new AvroError(`the field "${name}" has no type`);
  const order = optionalText(field, "order");
  if (order !== undefined && !["ascending", "descending", "ignore"].includes(order)) {
    throw notKnown(`the order "${order}" of a field`);
  }
  return {
    ...{ name, order },
    type: read(field["type"], names, space),
    doc: optionalText(field, "doc"),
    aliases: texts(field, "aliases"),
    default: "default" in field ? { value: field["default"] } : undefined,
    properties: beyond(field, FIELD_WORDS),
  };
}

/**
 * @param {AvroType} type
 * @param {Set<string>} known names that were printed
 * @param {string} space
 * @returns {unknown}
 */
function printed(type, known, space) {
  switch (type.kind) {
    case "primitive":
      if (Object.keys(type.properties).length === 0) return type.type;
      return { type: type.type, ...type.properties };
    case "array":
      return { type: "array", items: printed(type.items, known, space), ...type.properties };
    case "map":
      return { type: "map", values: printed(type.items, known, space), ...type.properties };
    case "union":
      return type.branches.map((branch) => printed(branch, known, space));
    default:
      return printedNamed(type, known, space);
  }
}

/**
 * @param {Named} type
 * @param {Set<string>} known
 * @param {string} space
 */
function printedNamed(type, known, space) {
  const { name, namespace } = type;
  if (known.has(fullName(type))) return namespace === space ? name : fullName(type);
  known.add(fullName(type));
  return {
    ...{ type: type.kind, name },
    ...(namespace === space ? {} : { namespace }),
    ...(type.doc === undefined ? {} : { doc: type.doc }),
    ...(type.kind === "record" || type.kind === "error"
      ? { fields: type.fields.map((field) => printedField(field, known, namespace)) }
      : {}),
    ...(type.kind === "enum" ? { symbols: type.symbols } : {}),
    ...(type.default === undefined ? {} : { default: type.default }),
    ...(type.kind === "fixed" ? { size: type.size } : {}),
    ...type.properties,
    ...(type.aliases.length === 0
      ? {}
      : { aliases: type.aliases.map((alias) => unqualified(alias, namespace)) }),
  };
}

/**
 * @param {Field} field
 * @param {Set<string>} known
 * @param {string} space
 */
function printedField(field, known, space) {
  return {
    name: field.name,
    type: printed(field.type, known, space),
    ...(field.doc === undefined ? {} : { doc: field.doc }),
    ...(field.default === undefined ? {} : { default: field.default.value }),
    ...(field.order === undefined || field.order === "ascending" ? {} : { order: field.order }),
    ...(field.aliases.length === 0 ? {} : { aliases: field.aliases }),
    ...field.properties,
  };
}

/**
 * @param {string} name
 * @param {string} space
 */
function qualified(name, space) {
  return name.includes(".") || space === "" ? name : `${space}.${name}`;
}

/**
 * @param {string} full
 * @param {string} space
 */
function unqualified(full, space) {
  return space !== "" && full.slice(0, full.lastIndexOf(".")) === space
    ? full.slice(space.length + 1)
    : full;
}

/**
 * @param {Record<string, unknown>} object
 * @param {readonly string[]} words
 * @returns {Properties}
 */
function beyond(object, words) {
  return Object.fromEntries(Object.entries(object).filter(([word]) => !words.includes(word)));
}

/** @param {Record<string, unknown>} schema */
function size(schema) {
  const value = schema["size"];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    throw new AvroError("a fixed has no size");
  }
  return value;
}

/**
 * @param {Record<string, unknown>} object
 * @param {string} word
 */
function textOf(object, word) {
  const value = optionalText(object, word);
  if (value === undefined) throw new AvroError(`there is no ${word}`);
  return value;
}

/**
 * @param {Record<string, unknown>} object
 * @param {string} word
 */
function optionalText(object, word) {
  const value = object[word];
  return typeof value === "string" ? value : undefined;
}

/**
 * @param {Record<string, unknown>} object
 * @param {string} word
 * @param {boolean} [demanded]
 * @returns {readonly string[]}
 */
function texts(object, word, demanded = false) {
  const value = object[word];
  if (value === undefined && !demanded) return [];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "string")) {
    throw new AvroError(`${word} is not a list of names`);
  }
  return value;
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
