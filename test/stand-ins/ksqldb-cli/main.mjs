import { request } from "node:http";
import { parseArgs } from "node:util";

/**
 * `ksql <url> --execute "<statements>"`: asks a ksqlDB server, prints tables, and ends with 0 or not. Nothing of
 * the real one's output is recorded: only the exit code and the names inside are to be relied on.
 */

/** @typedef {Readonly<Record<string, unknown>>} Entity */

const TYPE = "application/vnd.ksql.v1+json";
/** What the JVM makes of the real one's -1. */
const FAILED = 255;

console.log("a stand-in for Confluent's ksqlDB command line 7.0.1, for tests only");
try {
  const { url, statements } = argumentsFrom(process.argv.slice(2));
  for (const statement of statements.split(/(?<=;)/).map((text) => text.trim())) {
    if (statement !== "") await execute(url, statement);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = FAILED;
}

/** @param {string[]} args */
function argumentsFrom(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { execute: { type: "string", short: "e" } },
  });
  const [url = "http://localhost:8088", ...more] = positionals;
  if (values.execute === undefined || more.length > 0) {
    throw new Error(
      'this stand-in for ksqlDB\'s command line knows only: ksql <url> --execute "<statements>"',
    );
  }
  return { url, statements: values.execute };
}

/**
 * @param {string} url
 * @param {string} ksql
 */
async function execute(url, ksql) {
  if (!/^select\s/i.test(ksql)) {
    /** @type {Entity[]} */
    const entities = JSON.parse(await post(url, "/ksql", ksql));
    for (const entity of entities) print(entity);
    return;
  }
  const text = await post(url, "/query", ksql);
  for (const { header, row } of JSON.parse(text)) {
    if (header !== undefined) console.log(header.schema);
    if (row !== undefined) console.log(row.columns.join(" | "));
  }
}

/** @param {Entity} entity */
function print({ commandStatus, sourceDescription, ...entity }) {
  if (commandStatus !== undefined) {
    console.log(/** @type {{ message: string }} */ (commandStatus).message);
    return;
  }
  const described = /** @type {Entity | undefined} */ (sourceDescription);
  const rows = described?.fields ?? Object.values(entity).find(isTable) ?? [];
  if (described !== undefined) console.log(`Name: ${described.name}`);
  for (const row of /** @type {object[]} */ (rows)) {
    console.log(Object.values(row).map(cell).join(" | "));
  }
}

/** @param {unknown} value */
function isTable(value) {
  return Array.isArray(value) && value.length > 0;
}

/** @param {unknown} value */
function cell(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * @param {string} url
 * @param {string} path
 * @param {string} ksql
 * @returns {Promise<string>}
 */
function post(url, path, ksql) {
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL(path, url),
      { method: "POST", headers: { "Content-Type": TYPE }, agent: false },
      (response) => {
        let text = "";
        response.on("error", reject);
        response.on("data", (chunk) => (text += String(chunk)));
        response.on("end", () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${JSON.parse(text).message}`));
        });
      },
    );
    asked.on("error", ({ message }) =>
      reject(new Error(`the remote server at ${url} cannot be reached: ${message}`)),
    );
    asked.end(JSON.stringify({ ksql, streamsProperties: {} }));
  });
}
