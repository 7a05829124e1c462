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
/** Seconds for which a container asks itself, before it is looked at again. One that ends ends its asking, too. */
const PATIENCE_SECONDS = 10;
/**
 * Asks a question, a script, again and again for so many seconds; prints the last answer. In the container, since to get
 * in there takes longer than to ask, and without a process for each pause, since what starts there needs the processors.
 */
const PATIENTLY =
  'exec {idle}<> <(:); end=$((SECONDS + $1)); until said=$(eval "$2" 2>&1); do ((SECONDS < end)) || { printf %s "$said"; exit 1; }; read -t 0.1 -u "$idle" || (($? > 128)) || sleep 0.1; done';
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

async function look(container: string, seconds: number, signal: AbortSignal): Promise<Look> {
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
  const probe = await docker(["exec", container, ...question], { milliseconds: ANSWER_MS, signal });
  return { ready: probe.ok, why: `${state.Health.Status}: ${probe.output}`, restarts };
}

/** What a healthcheck runs; for so many seconds, where the container has the means for that. */
function questionOf([form, ...test]: readonly string[], seconds: number): string[] {
  if (form === "CMD-SHELL") return ["/bin/sh", "-c", ...test];
  const [shell, option, script, ...more] = test;
  if (shell !== "bash" || option !== "-c" || script === undefined || more.length > 0) return test;
  return [shell, option, PATIENTLY, shell, String(seconds), script];
}

/** Waits for the containers, each by itself; says what is not ready where it gives up. */
async function awaitContainers({
  containers,
  needs = {},
  timeoutSeconds,
}: GateQuestion): Promise<boolean> {
  const started = Date.now();
  const deadline = started + timeoutSeconds * 1000;
  const looks = new Map<string, Look>();
  const isReady = (container: string): boolean => looks.get(container)?.ready === true;
  /** What is wrong with those that need not be waited for. */
  const lost = new Map<string, string>();
  const over = new AbortController();

  async function awaitContainer(container: string): Promise<void> {
    /** Restarts when all that it needs was ready: until then it may end and be started again. */
    let restartsBefore: number | undefined;
    while (!over.signal.aborted) {
      const begun = Date.now();
      const left = Math.max(0, Math.ceil((deadline - begun) / 1000));
      const seen = await look(container, left, over.signal);
      if (over.signal.aborted) return;
      looks.set(container, seen);
      if (seen.ready) {
        console.log(`${container} is ready`);
        return;
      }
      const { restarts = 0 } = seen;
      const isHeld = (needs[container] ?? []).some(
        (other) => containers.includes(other) && !isReady(other),
      );
      if (seen.restarts !== undefined && !isHeld) restartsBefore ??= restarts;
      const isCrashing = restarts - (restartsBefore ?? Infinity) >= CRASH_LOOP;
      if (isCrashing || seen.hopeless === true) {
        lost.set(container, isCrashing ? "keeps crashing" : "is not ready");
        over.abort();
        return;
      }
      if (Date.now() >= deadline) return;
      await sleep(Math.max(0, begun + POLL_MS - Date.now()));
    }
  }

  await Promise.all(containers.map(awaitContainer));
  const waiting = containers.filter((container) => !isReady(container));
  const seconds = Math.round((Date.now() - started) / 1000);
  for (const container of lost.size > 0 ? lost.keys() : waiting) {
    const verb = lost.get(container) ?? "is not ready";
    const { output } = await docker(["logs", "--tail", String(LOG_LINES), container]);
    console.error(
      `\n${container} ${verb} after ${seconds} s (${looks.get(container)?.why})\nthe end of its log:\n${output}`,
    );
  }
  return waiting.length === 0;
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
