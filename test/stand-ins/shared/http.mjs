/**
 * What Jersey does for every service of the platform.
 *
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 */

/** An answer that says what is wrong. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {number} code that the service gives it
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An answer of the server itself, from before a resource has the request: without a type. */
export class BareError extends ApiError {
  /**
   * @param {number} status
   * @param {string} reason
   */
  constructor(status, reason) {
    super(status, status, `HTTP ${status} ${reason}`);
  }
}

/** A body that is not JSON: answered in plain text, in Jackson's words. */
export class MalformedBody extends Error {}

/**
 * The answer to what no recording of the real service shows, instead of a guess.
 *
 * @param {string} service
 * @param {string} what
 */
export function notKnownTo(service, what) {
  const message = `this stand-in for ${service} does not know ${what}; it answers only what was recorded of the real one`;
  return new ApiError(501, 501, message);
}

/**
 * @param {IncomingMessage} request
 * @returns {Promise<string>}
 */
export async function bodyOf(request) {
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * The best of what is offered, the first where several are equally wanted; none where none is.
 *
 * @param {string | undefined} accept the request's header
 * @param {readonly string[]} offered types
 */
export function chosenType(accept = "*/*", offered) {
  const wanted = accept.split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) };
  });
  /** @param {string} name */
  const weigh = (name) => {
    const exact = wanted.find(({ type }) => type === name);
    const range = wanted.find(({ type }) => type === "*/*" || type === "application/*");
    return (exact ?? range)?.weight ?? 0;
  };
  const best = Math.max(...offered.map(weigh));
  return best > 0 ? offered.find((name) => weigh(name) === best) : undefined;
}

/**
 * A number in a JSON text that JavaScript would write otherwise: Java keeps 1.0, and large ones.
 *
 * @param {string} text
 */
export function foreignNumber(text) {
  for (const [number] of text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').matchAll(/-?\d[\d.eE+-]*/g)) {
    if (String(Number(number)) !== number) return number;
  }
  return undefined;
}
