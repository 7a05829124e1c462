// Preloaded into a program of which it is to be known what it loads: each script that the engine parses, ES module or
// CommonJS, goes to the file that BENCH_SCRIPTS names.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";

const file = process.env["BENCH_SCRIPTS"];
/** @type {string[]} */
const urls = [];
const session = new Session();
session.connect();
session.on("Debugger.scriptParsed", ({ params }) => {
  urls.push(params.url);
});
session.post("Debugger.enable");
process.on("exit", () => {
  if (file !== undefined) writeFileSync(file, JSON.stringify(urls));
});
