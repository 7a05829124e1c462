// Terraform runs this file by itself. Plain JavaScript: it is waited for, and a loader takes longer than the work.
// Its arguments: create '{"name":"dev-network","labels":{"kafka-platform-kit.environment":"dev"}}', or remove dev-network.
import { spawnSync } from "node:child_process";

/** @param {string[]} args */
function docker(...args) {
  const { status, stdout, stderr, error } = spawnSync("docker", ["network", ...args], {
    encoding: "utf8",
  });
  if (error !== undefined) fail(`docker: ${error.message}`);
  return { ok: status === 0, stdout, said: stderr.trim() };
}

/**
 * @param {string} why
 * @returns {never}
 */
function fail(why) {
  console.error(why);
  process.exit(1);
}

/**
 * @param {string} name
 * @returns {Record<string, string> | undefined} undefined where there is no such network
 */
function labelsOf(name) {
  const { ok, stdout, said } = docker("inspect", "--format", "{{json .Labels}}", name);
  if (ok) return JSON.parse(stdout) ?? {};
  if (!/not found|no such network/i.test(said)) fail(said);
  return undefined;
}

/** @param {{ name: string, labels: Record<string, string> }} wanted */
function create({ name, labels }) {
  const pairs = Object.entries(labels);
  const flags = pairs.flatMap(([label, value]) => ["--label", `${label}=${value}`]);
  const made = docker("create", ...flags, name);
  if (made.ok) return;
  // Left by a deploy that was cut off, or one that a lost state knew of: it is the same.
  const there = labelsOf(name);
  const isOurs = there !== undefined && pairs.every(([label, value]) => there[label] === value);
  if (!isOurs) fail(made.said);
}

/** @param {string} name */
function remove(name) {
  const removed = docker("rm", name);
  if (!removed.ok && labelsOf(name) !== undefined) fail(removed.said);
}

const [verb, about = ""] = process.argv.slice(2);
if (verb === "create") create(JSON.parse(about));
else remove(about);
