import { existsSync } from "node:fs";
import { SERVICE_LABEL } from "../constructs/index.ts";
import { distributionOf, type Environment } from "../stacks/environment.ts";
import type { EnvironmentLock, ImageDecision } from "../stacks/environment-lock.ts";
import { workspace } from "../stacks/workspace.ts";
import {
  containersOf,
  networksOf,
  ONE_OFF_LABEL,
  removeContainer,
  volumesOf,
  type ContainerState,
  type EngineNetwork,
} from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { confirm } from "./prepare/packages.ts";
import { say } from "./progress.ts";
import { ask, run } from "./shell.ts";
import type { StackState, TerraformStack } from "./terraform-stack.ts";

/** What an engine has of an environment without its state knowing of it. */
export interface FoundObjects {
  readonly containers: readonly ContainerState[];
  readonly networks: readonly EngineNetwork[];
  /** By name. */
  readonly volumes: readonly string[];
}

/** Finds by the environment's label what a state does not know; short-lived containers are none of it. */
export async function findObjects(environment: string, state?: StackState): Promise<FoundObjects> {
  const unknown = ({ id }: { readonly id: string }): boolean => state?.ids.has(id) !== true;
  const containers = await containersOf(environment);
  return {
    containers: containers.filter((one) => unknown(one) && one.labels[ONE_OFF_LABEL] === undefined),
    networks: (await networksOf(environment)).filter(unknown),
    volumes: (await volumesOf(environment)).filter((name) => unknown({ id: name })),
  };
}

/**
 * Settles what becomes of objects that the state does not know: what a cut-off change of this checkout left
 * is adopted by itself; of all else somebody decides.
 *
 * @param adopt whether that was decided beforehand
 * @returns what is to be adopted
 * @throws CommandError telling what was found and what can be done, when nobody has decided
 */
export async function settleFound(
  environment: string,
  found: FoundObjects,
  stack: TerraformStack,
  adopt: boolean,
): Promise<FoundObjects> {
  const { containers, networks, volumes } = found;
  if (containers.length + networks.length + volumes.length === 0) return found;
  // Somebody may be making them just now.
  await stack.lockOnce();
  if (existsSync(workspace.changing(environment))) {
    say(`going on with ${namesOf(found)}, left by a change that was cut off`);
    return found;
  }
  const told = `${environment} is there already, but ${stack.place()} knows nothing of:\n${describe(found).join("\n")}\nit was deployed from elsewhere, or its state was lost`;
  const effect = `volumes and networks stay as they are${containers.length === 0 ? "" : "; containers are stopped in order and made anew on them"}`;
  if (adopt) {
    say(`${told}; adopting it: ${effect}`);
    return found;
  }
  if (process.stdin.isTTY && process.stdout.isTTY) {
    say(told);
    if (await confirm(`adopt it? ${effect}`, false)) return found;
    if (await confirm("remove its containers and networks, and begin anew?", false)) {
      return removeAsked(found);
    }
  }
  throw new CommandError(
    `${told}; nothing was changed; go on where it was deployed, or adopt it with npm run deploy -- ${environment} --adopt (${effect}), or remove it with npm run destroy -- ${environment}`,
  );
}

/** @returns what is left to be adopted: the volumes, unless they were to go as well */
async function removeAsked(found: FoundObjects): Promise<FoundObjects> {
  const { volumes } = found;
  const names = volumes.map((name) => `volume ${name}`).join(", ");
  const all =
    volumes.length > 0 && (await confirm(`remove all records as well, in ${names}?`, false));
  await removeObjects(all ? found : { ...found, volumes: [] });
  return { containers: [], networks: [], volumes: all ? [] : volumes };
}

/** Services that must go last, the very last one behind: each ends in order only while the later ones are there. */
const LAST_SERVICES = ["kafka", "kafka-controller", "zookeeper"];

function lastness({ labels }: ContainerState): number {
  return LAST_SERVICES.indexOf(labels[SERVICE_LABEL] ?? "");
}

/** Removes objects: containers in order, those that others need last, then what they were joined to. */
export async function removeObjects(objects: FoundObjects): Promise<void> {
  // By label: the engine lists by age, and what was replaced is younger than what needs it.
  for (const container of objects.containers.toSorted((a, b) => lastness(a) - lastness(b))) {
    say(`removing the container ${container.name}, of which the state does not know`);
    await removeContainer(container);
  }
  for (const { id } of objects.networks) await run("docker", ["network", "rm", id]);
  for (const name of objects.volumes) await run("docker", ["volume", "rm", name]);
}

/** Removes what commands started for a moment and did not get to remove. */
export async function removeOneOffs(environment: string): Promise<void> {
  for (const container of await containersOf(environment)) {
    if (container.labels[ONE_OFF_LABEL] !== undefined) await removeContainer(container);
  }
}

/** A resource of the program that is there already: where it is to be in the state, and as what. */
export interface Import {
  readonly to: string;
  readonly id: string;
}

/**
 * What of the found objects becomes a resource of the program as it is. The provider imports volumes and
 * networks whole; of containers it reads back no environment, labels and ports, and would replace them at once,
 * without their grace: they are made anew, and so is a network that the program does not ask for.
 */
export function importsOf(
  found: FoundObjects,
  stack: TerraformStack,
  state: StackState,
): { readonly imports: readonly Import[]; readonly rest: FoundObjects } {
  const imports: Import[] = [];
  const taken = new Set(state.addresses);
  const isImported = (
    type: "docker_network" | "docker_volume",
    name: string,
    id: string,
  ): boolean => {
    const resource = stack.objects(type).find((object) => object.name === name);
    if (resource === undefined || taken.has(resource.address)) return false;
    taken.add(resource.address);
    imports.push({ to: resource.address, id });
    return true;
  };
  const networks = found.networks.filter(({ name, id }) => !isImported("docker_network", name, id));
  for (const name of found.volumes) {
    if (!isImported("docker_volume", name, name)) {
      say(`volume ${name} stays, but nothing asks for it any more`);
    }
  }
  return { imports, rest: { containers: found.containers, networks, volumes: [] } };
}

/**
 * The lock that containers and their images tell of, where the file is lost.
 *
 * @param unseen what would be decided without them
 * @returns undefined when they run on no images that the environment names
 */
export async function lockFromContainers(
  environment: Environment,
  unseen: EnvironmentLock,
  containers: readonly ContainerState[],
): Promise<EnvironmentLock | undefined> {
  if (containers.length === 0) return undefined;
  const names = Object.keys(environment.settings.versions) as ImageDecision["distribution"][];
  for (const name of names) {
    const distribution = distributionOf(environment, name);
    const { reference } = distribution.kafka;
    const image = await ask("docker", ["image", "inspect", "--format", "{{.Id}}", reference]);
    const user = containers.find((one) => [image.stdout.trim(), reference].includes(one.image));
    if (!image.ok || user === undefined) continue;
    say(`no lock, but ${user.name} runs on ${distribution}: going on with these images`);
    const images: ImageDecision = {
      distribution: name,
      version: distribution.version,
      reason: `found in use by ${user.name}`,
      proven: true,
    };
    return { ...unseen, images };
  }
  return undefined;
}

/** What was found, a line each. Of volumes the engine tells no time: it takes that of the last change. */
function describe({ containers, networks, volumes }: FoundObjects): string[] {
  const short = (time: string): string => time.replace(/\.\d+Z$/, "Z");
  return [
    ...containers.map(
      ({ name, state, startedAt }) =>
        `  container ${name}, ${state}${state === "created" ? "" : `, started ${short(startedAt)}`}`,
    ),
    ...networks.map(({ name, createdAt }) => `  network ${name}, made ${short(createdAt)}`),
    ...volumes.map((name) => `  volume ${name}`),
  ];
}

function namesOf({ containers, networks, volumes }: FoundObjects): string {
  return [...[...containers, ...networks].map(({ name }) => name), ...volumes].join(", ");
}
