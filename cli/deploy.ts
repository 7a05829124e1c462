import { titleOf } from "../constructs/index.ts";
import { check, synth } from "../stacks/app.ts";
import {
  imagesWanted,
  keepLock,
  lockedDistribution,
  lockUnseen,
  readLock,
  writeLock,
  type EnvironmentLock,
} from "../stacks/environment-lock.ts";
import { leftOut, loadEnvironment, type Environment } from "../stacks/environment.ts";
import { workspace } from "../stacks/workspace.ts";
import { containersOf, volumesOf } from "./engine-objects.ts";
import { refuseElsewhere } from "./deployed-engine.ts";
import { CommandError } from "./errors.ts";
import { exclusively } from "./exclusive.ts";
import {
  findObjects,
  importsOf,
  lockFromContainers,
  removeObjects,
  removeOneOffs,
  settleFound,
} from "./found-objects.ts";
import { askGate } from "./gate.ts";
import { askBeforeOutage } from "./outage.ts";
import { checkDisk, checkNamesAndPorts } from "./preflight.ts";
import { ensureEngine, type Engine } from "./prepare/engine.ts";
import { ensureImages } from "./prepare/images.ts";
import type { Consent } from "./prepare/packages.ts";
import { ensureProvider } from "./prepare/provider.ts";
import { ensureTerraform } from "./prepare/terraform.ts";
import { say, step } from "./progress.ts";
import { run } from "./shell.ts";
import { TerraformStack, type PlannedChange } from "./terraform-stack.ts";
import {
  checkMetadata,
  checkQuorum,
  clusterIdOf,
  formattedVolumes,
  settleClusterId,
  type Quorum,
} from "./volumes.ts";

/** An environment that is deployed and ready. */
export interface Deployed {
  readonly lock: EnvironmentLock;
  readonly engine: Engine;
  readonly stack: TerraformStack;
  /** Services that the environment asks for and its images lack, as people call them. */
  readonly leftOut: readonly string[];
  /** Whether this deploy changed or started anything. */
  readonly changed: boolean;
}

/** What somebody allows a deploy to do. */
export interface DeployOptions extends Consent {
  /** Take over what the engine has of the environment without its state knowing of it. */
  readonly adopt: boolean;
  /** Take down several brokers at the same time, where a change needs that. */
  readonly allAtOnce: boolean;
  /** Move the state to another backend when the environment's file names another. */
  readonly migrateState: boolean;
}

/**
 * Brings an environment to what its file asks for: prepares the machine, checks what can be checked, lets
 * Terraform make the changes, and waits until all is ready.
 *
 * @throws CommandError or InvalidSettingError before anything of the environment is changed, or when a change fails
 */
export async function deploy(name: string, options: DeployOptions): Promise<Deployed> {
  const environment = await loadEnvironment(name);
  return exclusively(name, "deploy", () => deployAlone(environment, options));
}

async function deployAlone(environment: Environment, options: DeployOptions): Promise<Deployed> {
  const { name } = environment;
  const wanted = imagesWanted();
  // What a synth would refuse is refused before anything is installed, pulled or built.
  const unseen = lockUnseen(environment, wanted);
  check({ environment, lock: unseen });
  const lockKept = readLock(name);
  const terraform = await ensureTerraform(options);
  const engine = await ensureEngine(options);
  await refuseElsewhere(name, engine);
  await ensureProvider(terraform);

  // The state is asked before images are had; for that, any images will do in the program.
  synth([{ environment, lock: unseen }]);
  const stack = new TerraformStack(terraform, name);
  await stack.init(options.migrateState);
  const state = await stack.state();
  // A state that is kept elsewhere tells of its engine only now.
  await refuseElsewhere(name, engine, stack.deployedOn(state));
  const found = await settleFound(name, await findObjects(name, state), stack, options.adopt);

  const present = await containersOf(name);
  const kept = lockKept ?? (await lockFromContainers(environment, unseen, present));
  const volumes = await volumesOf(name);
  const deployed = volumes.length > 0 || present.length > 0;
  const written = volumes.length > 0 && kept !== undefined ? lockedDistribution(kept) : undefined;
  if (kept?.images.proven !== true) checkDisk(engine);
  const images = await ensureImages({
    ...{ environment, kept, deployed, written, wanted, engine, consent: options },
    check: (decision) => {
      check({ environment, lock: { ...unseen, images: decision } });
    },
  });
  const isKept = lockKept !== undefined;
  const proposed = { ...unseen, images };
  const lock = await settleLock(environment, proposed, isKept, volumes, stack.quorum());
  synth([{ environment, lock }]);
  await stack.init();
  writeLock(lock);

  await checkNamesAndPorts(name, engine, stack);
  await removeOneOffs(name);
  const { imports, rest } = importsOf(found, stack, state);
  await removeObjects(rest);
  const started = await startStopped(name);
  const { file, changes } = await step("planning", () => stack.plan(imports));
  const lost = changes.filter(
    ({ type, actions }) => type === "docker_volume" && actions.includes("delete"),
  );
  if (lost.length > 0) {
    throw new CommandError(
      `this deploy would remove ${lost.map(({ name: volume }) => `volume ${volume}`).join(", ")} with all its records; no volume was touched; to have that, remove the environment first (npm run destroy -- ${name})`,
    );
  }
  await askBeforeOutage(name, changes, options.allAtOnce);
  if (changes.length > 0) {
    say(`deploying ${name}: ${describe(changes)}`);
    await stack.apply(file);
  }
  await step("waiting until all is ready", async () => {
    const { ready, complaint } = await askGate(stack, 300);
    if (!ready) throw new CommandError(complaint);
  });
  stack.settled();
  const settled = lock.clusterId === undefined ? await withClusterId(lock) : lock;
  keepLock(settled);
  return {
    lock: settled,
    engine,
    stack,
    leftOut: leftOut(environment, lockedDistribution(lock)).map(titleOf),
    changed: changes.length > 0 || started.length > 0,
  };
}

/**
 * Holds a lock against the data that is there.
 *
 * @param quorum who is to decide on the metadata
 * @param isKept whether its cluster id is from an earlier deploy; a new one gives way to that of the data
 */
async function settleLock(
  { name }: Environment,
  lock: EnvironmentLock,
  isKept: boolean,
  volumes: readonly string[],
  quorum: Quorum,
): Promise<EnvironmentLock> {
  const formatted = await formattedVolumes(name, lockedDistribution(lock), volumes);
  const { metadata } = quorum;
  checkMetadata(name, metadata, formatted);
  checkQuorum(name, quorum, formatted);
  const kept = isKept ? lock.clusterId : undefined;
  const { clusterId: drawn, ...rest } = lock;
  const found = settleClusterId(workspace.lock(name), metadata, kept, formatted);
  const clusterId = found ?? (metadata === "kraft" ? drawn : undefined);
  if (!isKept && found !== undefined) {
    say(`no lock, but volumes of cluster ${found}: going on with that cluster`);
  }
  return clusterId === undefined ? rest : { ...rest, clusterId };
}

/** Adds the cluster id that Kafka drew by itself, as it does with ZooKeeper. */
async function withClusterId(lock: EnvironmentLock): Promise<EnvironmentLock> {
  const { environment } = lock;
  const volumes = await volumesOf(environment);
  const clusterId = clusterIdOf(
    await formattedVolumes(environment, lockedDistribution(lock), volumes),
  );
  return clusterId === undefined ? lock : { ...lock, clusterId };
}

/** Starts what was stopped: the provider would rather replace it. */
async function startStopped(environment: string): Promise<string[]> {
  const started: string[] = [];
  // The engine names the youngest first; the oldest, such as ZooKeeper, are needed by the others.
  for (const { id, name, state } of (await containersOf(environment)).toReversed()) {
    const verb = { exited: "start", created: "start", dead: "start", paused: "unpause" }[state];
    if (verb === undefined) continue;
    say(`starting ${name}, which was ${state === "paused" ? "paused" : "stopped"}`);
    await run("docker", [verb, id]);
    started.push(name);
  }
  return started;
}

function describe(changes: readonly PlannedChange[]): string {
  const count = (...actions: string[]): number =>
    changes.filter((change) => change.actions.join() === actions.join()).length;
  const imported = changes.filter((change) => change.imported).length;
  const replaced = count("delete", "create") + count("create", "delete");
  return [
    [imported, "to adopt"],
    [count("create"), "to add"],
    [count("update"), "to change"],
    [replaced, "to replace"],
    [count("delete"), "to remove"],
  ]
    .filter(([amount]) => amount !== 0)
    .map(([amount, what]) => `${amount} ${what}`)
    .join(", ");
}
