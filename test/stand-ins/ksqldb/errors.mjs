/** An answer that says what is wrong, as the real server words it. */
export class KsqlError extends Error {
  /**
   * @param {number} status
   * @param {number} code that ksqlDB gives it
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** @returns {Readonly<Record<string, unknown>>} */
  get body() {
    return { "@type": "generic_error", error_code: this.code, message: this.message };
  }
}

/** One about a statement, which it shows. */
export class StatementError extends KsqlError {
  /**
   * @param {string} message
   * @param {string} statementText
   * @param {{ readonly status?: number, readonly code?: number, readonly entities?: readonly unknown[] }} [more]
   */
  constructor(message, statementText, { status = 400, code = 40001, entities = [] } = {}) {
    super(status, code, message);
    this.statementText = statementText;
    /** What the statements before it in the same request gave. */
    this.entities = entities;
  }

  /** @override */
  get body() {
    const { statementText, entities } = this;
    return { ...super.body, "@type": "statement_error", statementText, entities };
  }
}

/** One from before a resource has the request: the real server gives it no type. */
export class BareError extends KsqlError {}

/** @param {string} message of Jackson's */
export function invalidJson(message) {
  return new BareError(400, 40000, `Invalid JSON in request: ${message}`);
}

/**
 * The answer to a request that no recording of the real server shows, instead of a guess.
 *
 * @param {string} what
 */
export function notKnown(what) {
  return new BareError(501, 50100, beyond(what));
}

/** @param {string} what */
export function beyond(what) {
  return `this stand-in for ksqlDB does not know ${what}; it answers only what was recorded of the real one`;
}
