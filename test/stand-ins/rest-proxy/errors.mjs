import { ApiError, notKnownTo } from "../shared/http.mjs";

/** The cluster did not answer in time. */
export class ClusterSilent extends Error {}

/** A record that was not written; the answer holds it beside those that were. */
export class NotWritten extends Error {
  /**
   * @param {number} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * The answer to what no recording of the real service shows, instead of a guess.
 *
 * @param {string} what
 */
export function notKnown(what) {
  return notKnownTo("REST Proxy", what);
}

/**
 * @param {string} topic
 * @param {number} waitedMs
 */
export function notInMetadata(topic, waitedMs) {
  return new NotWritten(50003, `Topic ${topic} not present in metadata after ${waitedMs} ms.`);
}

/**
 * @param {number} records of one batch
 * @param {string} partition such as `jsontest-0`
 * @param {number} waitedMs
 */
export function expired(records, partition, waitedMs) {
  const message = `Expiring ${records} record(s) for ${partition}:${waitedMs} ms has passed since batch creation`;
  return new NotWritten(50003, message);
}

/** @param {string} topic */
export function invalidTopic(topic) {
  return new NotWritten(50002, `Invalid topics: [${topic}]`);
}

export function topicNotFound() {
  return new ApiError(404, 40403, "This server does not host this topic-partition.");
}

export function partitionNotFound() {
  return new ApiError(404, 40402, "Partition not found.");
}

/** @param {string} message */
export function badRequest(message) {
  return new ApiError(400, 400, `Bad Request: ${message}`);
}
