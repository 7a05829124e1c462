// Plain JavaScript: it runs before node_modules exists.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`error: node ${process.versions.node} is too old; install 20.19 or later`);
  process.exit(1);
}

if (!modulesAreComplete()) {
  if (process.argv.includes("--no-install")) {
    console.error(
      "error: node_modules is missing or stale, and --no-install was given; run npm ci",
    );
    process.exit(1);
  }
  console.log("• installing node modules (npm ci)");
  // Nothing here needs the install scripts of its dependencies.
  const { status, signal } = spawnSync("npm", ["ci", "--ignore-scripts", "--loglevel=error"], {
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(
      `error: npm ci failed (${signal ?? `exit code ${status}`}); what it says is above`,
    );
    process.exit(1);
  }
}

// Whoever reads along may leave (`| head`); the work goes on, and its exit status tells how it ended.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== "EPIPE") throw error;
  });
}

// Like the packages of a synth: loaded before the loader, under which they take twice as long.
await import("execa");
await import("../stacks/typescript.mjs");
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
// A look at what does not answer leaves the system's own work behind, such as a name that is being resolved.
if (process.argv[2] === "doctor") setTimeout(() => process.exit(), 500).unref();

/**
 * npm writes its own copy of the lock as the last step of an installation, so one that was broken off, or
 * that belongs to an older lock, shows.
 */
function modulesAreComplete() {
  const installed = "node_modules/.package-lock.json";
  if (!existsSync(installed)) return false;
  /** @type {Record<string, { version?: string, optional?: boolean }>} */
  const wanted = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
  /** @type {typeof wanted} */
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" || optional === true || present[path]?.version === version,
  );
}
