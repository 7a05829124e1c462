import { isDeepStrictEqual } from "node:util";
import { titleOf } from "../constructs/index.ts";
import { check, synth } from "../stacks/app.ts";
import {
  imagesWanted,
  keepLock,
  lockedDistribution,
  lockUnseen,
  readLock,
  type EnvironmentLock,
} from "../stacks/environment-lock.ts";
import { leftOut, loadEnvironment, type Environment } from "../stacks/environment.ts";
import { workspace } from "../stacks/workspace.ts";
import { refuseElsewhere } from "./deployed-engine.ts";
import {
  objectsOf,
  ONE_OFF_LABEL,
  volumesOf,
  type ContainerState,
  type EngineObjects,
} from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { exclusively } from "./exclusive.ts";
import {
  importsOf,
  lockFromContainers,
  removeObjects,
  removeOneOffs,
  settleFound,
  unknownTo,
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
import { TerraformStack, type PlannedChange, type StackState } from "./terraform-stack.ts";
import { Timings } from "./timings.ts";
import {
  checkMetadata,
  checkQuorum,
  clusterIdOf,
  formattedVolumes,
  settleClusterId,
  type Quorum,
} from "./volumes.ts";

/** Seconds until a deploy gives up on what is not ready. */
const GATE_SECONDS = 300;

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
  const timings = new Timings();
  const early = new AbortController();
  return exclusively(name, "deploy", async () => {
    try {
      return await deployAlone(environment, options, timings, early);
    } finally {
      early.abort();
      timings.write(name);
    }
  });
}

/** @param early ends what was begun in the hope that nothing is to be changed */
async function deployAlone(
  environment: Environment,
  options: DeployOptions,
  timings: Timings,
  early: AbortController,
): Promise<Deployed> {
  const { name } = environment;
  const wanted = imagesWanted();
  const lockKept = readLock(name);
  const unseen = lockUnseen(environment, wanted);
  // What a synth would refuse is refused before anything is installed, pulled or built.
  await timings.of("synth", () => {
    check({ environment, lock: unseen });
  });
  const { terraform, engine } = await timings.of("look", async () => ({
    terraform: await ensureTerraform(options),
    engine: await ensureEngine(options),
  }));
  await refuseElsewhere(name, engine);
  await ensureProvider(terraform);

  // The state is asked before images are had; for that, any images will do in the program.
  await timings.of("synth", () => {
    synth([{ environment, lock: unseen }]);
  });
  const stack = new TerraformStack(terraform, name);
  // Mostly there is nothing to change, and all is ready: that is found out beside all else.
  const asked = lockKept && askGate(stack, GATE_SECONDS, early.signal);
  // Who waits for it is told.
  asked?.catch(() => undefined);
  const looked = objectsOf(name);
  // A failure of it waits until Terraform is done.
  looked.catch(() => undefined);
  await timings.of("init", () => stack.init(options.migrateState));
  const present = await looked;
  const state = await timings.of("look", () => stack.state());
  // A state that is kept elsewhere tells of its engine only now.
  await refuseElsewhere(name, engine, stack.deployedOn(state));
  const found = await settleFound(name, unknownTo(state, present), stack, options.adopt);

  const kept = lockKept ?? (await lockFromContainers(environment, unseen, present.containers));
  const deployed = present.volumes.length > 0 || present.containers.length > 0;
  const written = present.volumes.length > 0 && kept ? lockedDistribution(kept) : undefined;
  if (kept?.images.proven !== true) checkDisk(engine);
  const images = await timings.of("image", () =>
    ensureImages({
      ...{ environment, kept, deployed, written, wanted, engine, consent: options },
      check: (decision) => {
        check({ environment, lock: { ...unseen, images: decision } });
      },
    }),
  );
  const proposed = { ...unseen, images };
  const settle = (): Promise<EnvironmentLock> =>
    timings.of("data", () =>
      settleLock(environment, proposed, lockKept !== undefined, present.volumes, stack.quorum()),
    );
  // The provider's own, of earlier versions of this kit: it stays, under another name in the state.
  const former = state.addresses.filter(
    (address) => address.startsWith("docker_network.") && !stack.asksFor(address),
  );
  const isAtWork = present.containers.every((one) => one.state === "running");
  // A lock that is kept is held against the data only before something changes: a look into volumes takes a container.
  const isChanging = !isNothing(found) || former.length > 0 || !isAtWork;
  const isHeld = lockKept?.clusterId === undefined || isChanging;
  let lock = isHeld ? await settle() : proposed;
  const isUnseen = isDeepStrictEqual(lock, unseen);
  if (!isUnseen) {
    await timings.of("synth", () => {
      synth([{ environment, lock }]);
    });
    await timings.of("init", () => stack.init());
  }
  if (isHeld) keepLock(lock);

  await timings.of("look", () => checkNamesAndPorts(name, engine, stack, present.containers));
  await removeOneOffs(present.containers);
  if (former.length > 0) await stack.forget(former);
  const { imports, rest } = importsOf(found, stack, state);
  await removeObjects(rest);
  // A container does not start without its network; those of one that is gone are made anew with it.
  const gone = goneNetworks(stack, state, present);
  const started = gone.length > 0 ? [] : await startStopped(without(present.containers, rest));
  // Of a state that others may change meanwhile, a plan is seen before it is carried out.
  const isFirst = stack.isLocal() && state.addresses.length === 0 && isNothing(present);
  const plan = isFirst
    ? stack.planFromNothing()
    : await timings.of("plan", () => step("planning", () => stack.plan(imports, gone)));
  // What was asked early holds of the program of then, and of containers that went on running.
  if (plan !== undefined || !isUnseen || started.length > 0) early.abort();
  if (plan !== undefined) {
    const { changes } = plan;
    // What the data say tells more than that some of it would go.
    if (!isHeld) {
      lock = await settle();
      keepLock(lock);
    }
    refuseLoss(name, changes);
    await askBeforeOutage(name, changes, options.allAtOnce);
    say(`deploying ${name}: ${describe(changes) || "what it says of itself"}`);
    for (const made of await stack.apply(plan)) timings.add(made);
  }
  // Where containers were made, Terraform has asked.
  const isAsked = plan?.changes.some(({ address }) => address === stack.gate().address) === true;
  if (!isAsked) {
    const { ready, complaint } = await timings.of("readiness", () =>
      step("waiting until all is ready", async () => {
        const answer = early.signal.aborted ? undefined : await asked;
        return answer ?? askGate(stack, GATE_SECONDS);
      }),
    );
    if (!ready) throw new CommandError(complaint);
  }
  stack.settled();
  const settled = lock.clusterId === undefined ? await withClusterId(lock) : lock;
  keepLock(settled);
  return {
    lock: settled,
    engine,
    stack,
    leftOut: leftOut(environment, lockedDistribution(lock)).map(titleOf),
    changed: plan !== undefined || started.length > 0,
  };
}

/** Addresses of networks that the state knows and the engine has no longer, as after a prune. */
function goneNetworks(
  stack: TerraformStack,
  { addresses }: StackState,
  { networks }: EngineObjects,
): string[] {
  return stack
    .networks()
    .filter(({ address, name }) => {
      const isThere = networks.some((network) => network.name === name);
      return addresses.includes(address) && !isThere;
    })
    .map(({ address }) => address);
}

function isNothing({ containers, networks, volumes }: EngineObjects): boolean {
  return containers.length + networks.length + volumes.length === 0;
}

function without(
  containers: readonly ContainerState[],
  removed: EngineObjects,
): readonly ContainerState[] {
  return containers.filter(
    (one) => one.labels[ONE_OFF_LABEL] === undefined && !removed.containers.includes(one),
  );
}

/** @throws CommandError when a plan would remove data */
function refuseLoss(name: string, changes: readonly PlannedChange[]): void {
  const lost = changes.filter(
    ({ type, actions }) => type === "docker_volume" && actions.includes("delete"),
  );
  if (lost.length === 0) return;
  throw new CommandError(
    `this deploy would remove ${lost.map(({ name: volume }) => `volume ${volume}`).join(", ")} with all its records; no volume was touched; to have that, remove the environment first (npm run destroy -- ${name})`,
  );
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
async function startStopped(containers: readonly ContainerState[]): Promise<string[]> {
  const started: string[] = [];
  // The engine names the youngest first; the oldest, such as ZooKeeper, are needed by the others.
  for (const { id, name, state } of containers.toReversed()) {
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
