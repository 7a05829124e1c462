import { ApiError, foreignNumber } from "../shared/http.mjs";
import { badRequest, notKnown } from "./errors.mjs";

/**
 * How keys and values are written in requests and answers, and as bytes in Kafka.
 *
 * @typedef {"binary" | "json"} Format
 */

/** Formats of the real service; those with schemas are not known here. */
export const FORMATS = ["binary", "avro", "json", "jsonschema", "protobuf"];

/**
 * @param {string} format
 * @returns {format is Format}
 */
export function isKnown(format) {
  return format === "binary" || format === "json";
}

/**
 * @param {Format} format
 * @param {unknown} data as the request has it
 * @returns {Buffer | null}
 */
export function encoded(format, data) {
  if (data === undefined || data === null) return null;
  const text = JSON.stringify(data);
  if (format === "json") return Buffer.from(text);
  if (typeof data !== "string") throw badRequest(`data=${text} is not a base64 string.`);
  if (!/^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/.test(data)) {
    throw badRequest(`data=${text} is not a valid base64 string.`);
  }
  return Buffer.from(data, "base64");
}

/**
 * @param {Format} format
 * @param {Buffer | null} bytes
 * @returns {unknown} as the answer has it
 * @throws {ApiError} when the bytes are not of the format
 */
export function decoded(format, bytes) {
  if (bytes === null) return null;
  if (format === "binary") return bytes.toString("base64");
  const text = bytes.toString();
  let value;
  try {
    value = /** @type {unknown} */ (JSON.parse(text));
  } catch {
    throw new ApiError(408, 40801, complaint(text));
  }
  const foreign = foreignNumber(text);
  if (foreign !== undefined) throw notKnown(`the number ${foreign} in a record`);
  return value;
}

/**
 * In Jackson's words where they are recorded: for a bare word.
 *
 * @param {string} text
 */
function complaint(text) {
  const exception = "com.fasterxml.jackson.core.JsonParseException";
  const word = /^[A-Za-z_$][\w$]*/.exec(text)?.[0];
  if (word === undefined) {
    return `${exception}: (this stand-in for REST Proxy does not know what Jackson says of it)`;
  }
  const wanted = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
  const at = `[Source: (byte[])"${text}"; line: 1, column: ${word.length + 1}]`;
  return `${exception}: Unrecognized token '${word}': was expecting ${wanted}\n at ${at}`;
}
