// Plain JavaScript: Terraform runs this file by itself, from a checkout and from the published package.
// Usage: node gate.mjs '{"containers":["dev-kafka-1"],"needs":{"dev-kafka-1":["dev-zookeeper-1"]},"timeoutSeconds":300}'
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Restarts in front of the gate after which a container is given up: it crashes, it does not wait. The engine
 * doubles its pause from 0.1 s on, so these take 25 s at the least: a broker that was killed may be restarted for
 * 18 s, until ZooKeeper has forgotten it.
 */
const CRASH_LOOP = 8;
const POLL_MS = 250;
const LOG_LINES = 30;
/** The engine that takes longer for one answer hangs. */
const ANSWER_MS = 15_000;

/** @typedef {{ ready: boolean, why: string, restarts?: number, hopeless?: boolean }} Look */

/**
 * @param {string[]} args
 * @returns {{ ok: boolean, output: string, stdout: string, missing?: boolean }}
 */
function docker(args) {
  const options = /** @type {const} */ ({ encoding: "utf8", timeout: ANSWER_MS });
  const { status, stdout, stderr, error } = spawnSync("docker", args, options);
  if (error !== undefined) {
    const missing = "code" in error && error.code === "ENOENT";
    return { ok: false, output: `docker: ${error.message}`, stdout: "", missing };
  }
  return { ok: status === 0, output: `${stdout}${stderr}`.trim(), stdout };
}

/**
 * @param {string} container
 * @returns {Look}
 */
function look(container) {
  const { ok, output, stdout, missing } = docker(["inspect", "--type", "container", container]);
  if (!ok) return { ready: false, why: output, hopeless: missing === true };
  const [{ State: state, RestartCount: restarts, Config: config }] = JSON.parse(stdout);
  if (!state.Running || state.Restarting) {
    return {
      ready: false,
      why: `${state.Status}, exit code ${state.ExitCode}, ${restarts} restarts`,
      restarts,
    };
  }
  if (state.Health === undefined) {
    return { ready: false, why: "it has no healthcheck to wait for", restarts, hopeless: true };
  }
  if (state.Health.Status === "healthy") return { ready: true, why: "", restarts };
  // The engine looks every few seconds; the same question asked here sees readiness when it happens.
  const [form, ...test] = config.Healthcheck.Test;
  const probe = docker([
    "exec",
    container,
    ...(form === "CMD-SHELL" ? ["/bin/sh", "-c", ...test] : test),
  ]);
  return { ready: probe.ok, why: `${state.Health.Status}: ${probe.output}`, restarts };
}

/** @type {{ containers: string[], needs?: Record<string, string[]>, timeoutSeconds: number }} */
const { containers, needs = {}, timeoutSeconds } = JSON.parse(process.argv[2] ?? "{}");
const started = Date.now();
const deadline = started + timeoutSeconds * 1000;
/**
 * Restarts of each container when all that it needs was ready: until then it may end and be started again.
 *
 * @type {Map<string, number>}
 */
const restartsBefore = new Map();
let waiting = containers;
for (;;) {
  /** @type {Map<string, Look>} */
  const looks = new Map(waiting.map((container) => [container, look(container)]));
  for (const [container, { ready }] of looks) {
    if (ready) console.log(`${container} is ready`);
  }
  waiting = waiting.filter((container) => looks.get(container)?.ready === false);
  if (waiting.length === 0) break;
  for (const container of waiting) {
    const restarts = looks.get(container)?.restarts;
    const isHeld = (needs[container] ?? []).some((other) => waiting.includes(other));
    if (restarts === undefined || isHeld || restartsBefore.has(container)) continue;
    restartsBefore.set(container, restarts);
  }
  const isCrashing = (/** @type {string} */ container) =>
    (looks.get(container)?.restarts ?? 0) - (restartsBefore.get(container) ?? Infinity) >=
    CRASH_LOOP;
  const lost = waiting.filter(
    (container) => isCrashing(container) || looks.get(container)?.hopeless === true,
  );
  if (lost.length > 0 || Date.now() >= deadline) {
    const seconds = Math.round((Date.now() - started) / 1000);
    for (const container of lost.length > 0 ? lost : waiting) {
      const verb = isCrashing(container) ? "keeps crashing" : "is not ready";
      const { output } = docker(["logs", "--tail", String(LOG_LINES), container]);
      console.error(
        `\n${container} ${verb} after ${seconds} s (${looks.get(container)?.why})\nthe end of its log:\n${output}`,
      );
    }
    process.exit(1);
  }
  await sleep(POLL_MS);
}
