import { ApiError, notKnownTo } from "../shared/http.mjs";

/** The write did not reach Kafka in time. */
export class StoreTimeout extends Error {}

/**
 * The answer to what no recording of the real service shows, instead of a guess.
 *
 * @param {string} what
 */
export function notKnown(what) {
  return notKnownTo("Schema Registry", what);
}

/** @param {string} message */
export function invalidSchema(message) {
  return new ApiError(422, 42201, message);
}

/** @param {string} subject */
export function subjectNotFound(subject) {
  return new ApiError(404, 40401, `Subject '${subject}' not found.`);
}
