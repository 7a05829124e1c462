/**
 * What Jersey does for every service of the platform.
 *
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 */

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
