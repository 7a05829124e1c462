import { existsSync } from "node:fs";
import { check, synth } from "../stacks/app.ts";
import {
  imagesWanted,
  lockedDistribution,
  lockUnseen,
  readLock,
  writeLock,
  type EnvironmentLock,
} from "../stacks/environment-lock.ts";
import { loadEnvironment, type Environment } from "../stacks/environment.ts";
import { workspace } from "../stacks/workspace.ts";
import {
  containersOf,
  networksOf,
  ONE_OFF_LABEL,
  removeContainer,
  volumesOf,
  type ContainerState,
} from "./engine-objects.ts";
import { refuseElsewhere } from "./deployed-engine.ts";
import { CommandError } from "./errors.ts";
import { exclusively } from "./exclusive.ts";
import { askGate } from "./gate.ts";
import { checkDisk, checkNamesAndPorts } from "./preflight.ts";
import { ensureEngine, type Engine } from "./prepare/engine.ts";
import { ensureImages } from "./prepare/images.ts";
import { confirm, type Consent } from "./prepare/packages.ts";
import { ensureProvider } from "./prepare/provider.ts";
import { ensureTerraform } from "./prepare/terraform.ts";
import { say, step } from "./progress.ts";
import { run } from "./shell.ts";
import { TerraformStack } from "./terraform-stack.ts";
import { checkClusterId, clusterIdOf, formattedVolumes } from "./volumes.ts";

/** An environment that is deployed and ready. */
export interface Deployed {
  readonly lock: EnvironmentLock;
  readonly engine: Engine;
  readonly stack: TerraformStack;
  /** Whether this deploy changed or started anything. */
  readonly changed: boolean;
}

/**
 * Brings an environment to what its file asks for: prepares the machine, checks what can be checked, lets
 * Terraform make the changes, and waits until all is ready.
 *
 * @throws CommandError or InvalidSettingError before anything of the environment is changed, or when a change fails
 */
export async function deploy(name: string, consent: Consent): Promise<Deployed> {
  const environment = await loadEnvironment(name);
  return exclusively(name, "deploy", () => deployAlone(environment, consent));
}

async function deployAlone(environment: Environment, consent: Consent): Promise<Deployed> {
  const { name } = environment;
  const wanted = imagesWanted();
  // What a synth would refuse is refused before anything is installed, pulled or built.
  const unseen = lockUnseen(environment, wanted);
  check({ environment, lock: unseen });
  const kept = readLock(name);
  const terraform = await ensureTerraform();
  const engine = await ensureEngine(consent);
  await refuseElsewhere(name, engine);
  const present = await containersOf(name);
  if (kept === undefined && !existsSync(workspace.state(name))) {
    await takeOver(name, present, consent);
  }
  const volumes = await volumesOf(name);
  const deployed = volumes.length > 0 || present.length > 0;
  const written = volumes.length > 0 && kept !== undefined ? lockedDistribution(kept) : undefined;
  if (kept?.images.proven !== true) checkDisk(engine);
  const question = { environment, kept, deployed, written, wanted, engine, consent };
  const images = await ensureImages(question);
  const lock = await settleLock({ ...unseen, images }, kept !== undefined, volumes);
  await ensureProvider(terraform);
  synth([{ environment, lock }]);
  writeLock(lock);

  const stack = new TerraformStack(terraform, name);
  await stack.init();
  await checkNamesAndPorts(name, engine, stack.containers());
  await removeOrphans(name, stack);
  const started = await startStopped(name);
  const { file, changes } = await step("planning", () => stack.plan());
  const lost = changes.filter(
    ({ type, actions }) => type === "docker_volume" && actions.includes("delete"),
  );
  if (lost.length > 0) {
    throw new CommandError(
      `this deploy would remove ${lost.map(({ name: volume }) => `volume ${volume}`).join(", ")} with all its records; nothing was changed; to have that, remove the environment first (npm run destroy -- ${name})`,
    );
  }
  if (changes.length > 0) {
    say(`deploying ${name}: ${describe(changes)}`);
    await stack.apply(file);
  }
  await step("waiting until all is ready", async () => {
    const { ready, complaint } = await askGate(stack, 300);
    if (!ready) throw new CommandError(complaint);
  });
  return { lock, engine, stack, changed: changes.length > 0 || started.length > 0 };
}

/**
 * Holds a lock against the data that is there.
 *
 * @param isKept whether its cluster id is from an earlier deploy; a new one gives way to that of the data
 */
async function settleLock(
  lock: EnvironmentLock,
  isKept: boolean,
  volumes: readonly string[],
): Promise<EnvironmentLock> {
  const formatted = await formattedVolumes(lock.environment, lockedDistribution(lock), volumes);
  if (isKept) {
    checkClusterId(workspace.lock(lock.environment), lock.clusterId, formatted);
    return lock;
  }
  const found = clusterIdOf(formatted);
  if (found === undefined) return lock;
  say(`no lock, but volumes of cluster ${found}: going on with that cluster`);
  return { ...lock, clusterId: found };
}

/**
 * Asks before this checkout takes over an environment that runs and that it knows nothing of: somebody may
 * have deployed it from elsewhere.
 */
async function takeOver(
  name: string,
  present: readonly ContainerState[],
  consent: Consent,
): Promise<void> {
  const running = present.filter(({ state }) => state === "running");
  if (running.length === 0 || consent.yes) return;
  const containers = running.map((container) => container.name).join(", ");
  const question = `${name} runs already (${containers}), deployed from another checkout, or this one has lost its lock and state; take it over, with containers made anew on the same volumes?`;
  if (!(await confirm(question, false))) {
    throw new CommandError(
      `${name} runs already (${containers}), but this checkout has neither lock nor state of it; go on where it was deployed, or say --yes to take it over: containers are made anew, volumes stay`,
    );
  }
}

/** Removes what an earlier start left without a note in the state: it was killed. Volumes are never touched. */
async function removeOrphans(environment: string, stack: TerraformStack): Promise<void> {
  const known = await stack.ids();
  for (const container of await containersOf(environment)) {
    if (known.has(container.id)) continue;
    if (container.labels[ONE_OFF_LABEL] === undefined) {
      const { name } = container;
      say(`removing the container ${name}, left by a start that was cut off; its volume stays`);
    }
    await removeContainer(container);
  }
  for (const id of await networksOf(environment)) {
    if (known.has(id)) continue;
    say("removing a network left by a start that was cut off");
    await run("docker", ["network", "rm", id]);
  }
}

/** Starts what was stopped: the provider would rather replace it. */
async function startStopped(environment: string): Promise<string[]> {
  const started: string[] = [];
  for (const { id, name, state } of await containersOf(environment)) {
    const verb = { exited: "start", created: "start", dead: "start", paused: "unpause" }[state];
    if (verb === undefined) continue;
    say(`starting ${name}, which was ${state === "paused" ? "paused" : "stopped"}`);
    await run("docker", [verb, id]);
    started.push(name);
  }
  return started;
}

function describe(changes: readonly { readonly actions: readonly string[] }[]): string {
  const count = (...actions: string[]): number =>
    changes.filter((change) => change.actions.join() === actions.join()).length;
  const replaced = count("delete", "create") + count("create", "delete");
  return [
    [count("create"), "to add"],
    [count("update"), "to change"],
    [replaced, "to replace"],
    [count("delete"), "to remove"],
  ]
    .filter(([amount]) => amount !== 0)
    .map(([amount, what]) => `${amount} ${what}`)
    .join(", ");
}
