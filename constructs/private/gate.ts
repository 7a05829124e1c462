// Terraform runs this file by itself, from a checkout and from the published package, which brings no other modules.
// Its argument: '{"containers":["dev-kafka-1"],"needs":{"dev-kafka-1":["dev-zookeeper-1"]},"listeners":[…],"timeoutSeconds":300}'
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "./docker-command.ts";
import { ListenerTrial, type GateListener } from "./listener-trial.ts";

/** What the gate is asked. */
export interface GateQuestion {
  /** Containers that must be ready, each with a healthcheck. */
  readonly containers: readonly string[];
  /** By container, those that it restarts without. */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
  /** Listeners that must then be usable from where their clients stand. */
  readonly listeners?: readonly GateListener[];
  readonly timeoutSeconds: number;
}

/**
 * Restarts in front of the gate after which a container is given up: it crashes, it does not wait. The engine
 * doubles its pause from 0.1 s on, so these take 25 s at the least: a broker that was killed may be restarted for
 * 18 s, until ZooKeeper has forgotten it.
 */
const CRASH_LOOP = 8;
const POLL_MS = 250;
/** Seconds for which a container asks itself, before it is looked at again. */
const PATIENCE_SECONDS = 2;
/**
 * Asks a question, the arguments after the first, again and again for so many seconds; prints the last answer. In the
 * container, since to get in there takes longer than to ask.
 */
const PATIENTLY =
  'end=$((SECONDS + $1)); shift; until said=$("$@" 2>&1); do ((SECONDS < end)) || { printf %s "$said"; exit 1; }; sleep 0.1; done';
/** An engine whose answer takes longer hangs; within this, a container asks itself. */
const ANSWER_MS = 15_000;
const LOG_LINES = 30;
/** Brokers that serve know each other within this time; an address that still leads nowhere is wrong. */
const LISTENER_SECONDS = 60;

interface Look {
  readonly ready: boolean;
  readonly why: string;
  readonly restarts?: number;
  readonly hopeless?: boolean;
}

interface State {
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Restarting: boolean;
    readonly ExitCode: number;
    readonly Health?: { readonly Status: string };
  };
  readonly RestartCount: number;
  readonly Config: { readonly Healthcheck: { readonly Test: readonly string[] } };
}

async function look(container: string, seconds: number): Promise<Look> {
  const { ok, output, stdout, missing } = await docker([
    "inspect",
    "--type",
    "container",
    container,
  ]);
  if (!ok) return { ready: false, why: output, hopeless: missing === true };
  const [inspected] = JSON.parse(stdout) as readonly State[];
  if (inspected === undefined) return { ready: false, why: output };
  const { State: state, RestartCount: restarts, Config: config } = inspected;
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
  const question = questionOf(config.Healthcheck.Test, Math.min(seconds, PATIENCE_SECONDS));
  const probe = await docker(["exec", container, ...question], ANSWER_MS);
  return { ready: probe.ok, why: `${state.Health.Status}: ${probe.output}`, restarts };
}

/** What a healthcheck runs; for so many seconds, where the container has the means for that. */
function questionOf([form, ...test]: readonly string[], seconds: number): string[] {
  if (form === "CMD-SHELL") return ["/bin/sh", "-c", ...test];
  if (test[0] !== "bash") return test;
  return ["bash", "-c", PATIENTLY, "bash", String(seconds), ...test];
}

/** Waits for the containers; says what is not ready where it gives up. */
async function awaitContainers({
  containers,
  needs = {},
  timeoutSeconds,
}: GateQuestion): Promise<boolean> {
  const started = Date.now();
  const deadline = started + timeoutSeconds * 1000;
  /** Restarts of each container when all that it needs was ready: until then it may end and be started again. */
  const restartsBefore = new Map<string, number>();
  let waiting = containers;
  for (;;) {
    const begun = Date.now();
    const left = Math.max(0, Math.ceil((deadline - begun) / 1000));
    const looks = new Map(
      await Promise.all(
        waiting.map(async (container) => [container, await look(container, left)] as const),
      ),
    );
    for (const [container, { ready }] of looks) {
      if (ready) console.log(`${container} is ready`);
    }
    waiting = waiting.filter((container) => looks.get(container)?.ready === false);
    if (waiting.length === 0) return true;
    for (const container of waiting) {
      const restarts = looks.get(container)?.restarts;
      const isHeld = (needs[container] ?? []).some((other) => waiting.includes(other));
      if (restarts === undefined || isHeld || restartsBefore.has(container)) continue;
      restartsBefore.set(container, restarts);
    }
    const isCrashing = (container: string): boolean =>
      (looks.get(container)?.restarts ?? 0) - (restartsBefore.get(container) ?? Infinity) >=
      CRASH_LOOP;
    const lost = waiting.filter(
      (container) => isCrashing(container) || looks.get(container)?.hopeless === true,
    );
    if (lost.length > 0 || Date.now() >= deadline) {
      const seconds = Math.round((Date.now() - started) / 1000);
      for (const container of lost.length > 0 ? lost : waiting) {
        const verb = isCrashing(container) ? "keeps crashing" : "is not ready";
        const { output } = await docker(["logs", "--tail", String(LOG_LINES), container]);
        console.error(
          `\n${container} ${verb} after ${seconds} s (${looks.get(container)?.why})\nthe end of its log:\n${output}`,
        );
      }
      return false;
    }
    await sleep(Math.max(0, begun + POLL_MS - Date.now()));
  }
}

/** Waits until each listener can be used from where its clients stand; says what is wrong where it gives up. */
async function awaitListeners({ listeners = [], timeoutSeconds }: GateQuestion): Promise<boolean> {
  const started = Date.now();
  const seconds = Math.min(timeoutSeconds, LISTENER_SECONDS);
  const judged = await Promise.all(
    listeners.map(async (listener) => {
      const trial = new ListenerTrial(listener);
      for (;;) {
        const faults = await trial.faults();
        if (faults.length === 0) return true;
        if (Date.now() - started >= seconds * 1000) {
          for (const fault of faults) console.error(`\nlistener "${listener.name}": ${fault}`);
          return false;
        }
        await sleep(POLL_MS);
      }
    }),
  );
  return judged.every(Boolean);
}

const question = JSON.parse(process.argv[2] ?? "{}") as GateQuestion;
process.exitCode = (await awaitContainers(question)) && (await awaitListeners(question)) ? 0 : 1;
