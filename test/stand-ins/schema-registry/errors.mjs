/** An answer that says what is wrong. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {number} code that Schema Registry gives it
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The write did not reach Kafka in time. */
export class StoreTimeout extends Error {}

/**
 * The answer to what no recording of the real service shows, instead of a guess.
 *
 * @param {string} what
 */
export function notKnown(what) {
  const message = `this stand-in for Schema Registry does not know ${what}; it answers only what was recorded of the real one`;
  return new ApiError(501, 501, message);
}

/** @param {string} message */
export function invalidSchema(message) {
  return new ApiError(422, 42201, message);
}

/** @param {string} subject */
export function subjectNotFound(subject) {
  return new ApiError(404, 40401, `Subject '${subject}' not found.`);
}
