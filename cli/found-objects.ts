import { existsSync } from "node:fs";
import { SERVICE_LABEL } from "../constructs/index.ts";
import { distributionOf, type Environment } from "../stacks/environment.ts";
import type { EnvironmentLock, ImageDecision } from "../stacks/environment-lock.ts";
import { workspace } from "../stacks/workspace.ts";
import {
  ONE_OFF_LABEL,
  removeContainer,
  type ContainerState,
  type EngineObjects,
} from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { confirm } from "./prepare/packages.ts";
import { say } from "./progress.ts";
import { ask, run } from "./shell.ts";
import type { StackState, TerraformStack } from "./terraform-stack.ts";

/** What of an environment's objects a state does not know; short-lived containers are none of it. */
export function unknownTo(
  state: Pick<StackState, "ids"> | undefined,
  { containers, networks, volumes }: EngineObjects,
): EngineObjects {
  const isKnown = (id: string): boolean => state?.ids.has(id) === true;
  return {
    containers: containers.filter(
      ({ id, labels }) => !isKnown(id) && labels[ONE_OFF_LABEL] === undefined,
    ),
    networks: networks.filter(({ id, name }) => !isKnown(id) && !isKnown(name)),
    volumes: volumes.filter((name) => !isKnown(name)),
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
  found: EngineObjects,
  stack: TerraformStack,
  adopt: boolean,
): Promise<EngineObjects> {
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
async function removeAsked(found: EngineObjects): Promise<EngineObjects> {
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
export async function removeObjects(objects: EngineObjects): Promise<void> {
  // By label: the engine lists by age, and what was replaced is younger than what needs it.
  for (const container of objects.containers.toSorted((a, b) => lastness(a) - lastness(b))) {
    say(`removing the container ${container.name}, of which the state does not know`);
    await removeContainer(container);
  }
  for (const { id } of objects.networks) await run("docker", ["network", "rm", id]);
  for (const name of objects.volumes) await run("docker", ["volume", "rm", name]);
}

/** Removes what commands started for a moment and did not get to remove. */
export async function removeOneOffs(containers: readonly ContainerState[]): Promise<void> {
  for (const container of containers) {
    if (container.labels[ONE_OFF_LABEL] !== undefined) await removeContainer(container);
  }
}

/** A resource of the program that is there already: where it is to be in the state, and as what. */
export interface Import {
  readonly to: string;
  readonly id: string;
}

/**
 * What of the found objects the program goes on with. Volumes are imported; a network that it asks for is taken as it is
 * when it is to be made. Of containers the provider reads back no environment, labels and ports, and would replace them
 * at once, without their grace: they are made anew, and a network that nothing asks for goes.
 */
export function importsOf(
  found: EngineObjects,
  stack: Pick<TerraformStack, "volumes" | "networks">,
  state: Pick<StackState, "addresses">,
): { readonly imports: readonly Import[]; readonly rest: EngineObjects } {
  const asked = stack.networks().map(({ name }) => name);
  const networks = found.networks.filter(({ name }) => !asked.includes(name));
  const imports = found.volumes.flatMap((name) => {
    const volume = stack.volumes().find((one) => one.name === name);
    if (volume !== undefined && !state.addresses.includes(volume.address)) {
      return [{ to: volume.address, id: name }];
    }
    say(`volume ${name} stays, but nothing asks for it any more`);
    return [];
  });
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
function describe({ containers, networks, volumes }: EngineObjects): string[] {
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

function namesOf({ containers, networks, volumes }: EngineObjects): string {
  return [...[...containers, ...networks].map(({ name }) => name), ...volumes].join(", ");
}
