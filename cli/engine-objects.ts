import { ENVIRONMENT_LABEL } from "../constructs/index.ts";
import { ask, run } from "./shell.ts";

/** A container as the engine lists it. */
export interface ContainerState {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** `running`, `exited`, `created`, `restarting`, `paused`, `dead`. */
  readonly state: string;
  /** `healthy`, `starting`, `unhealthy`, or `none` without a healthcheck. */
  readonly health: string;
  /** When it was started last, by the engine's clock. */
  readonly startedAt: string;
  /** `address:port` on the host. */
  readonly published: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Image: string; readonly Labels: Record<string, string> | null };
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly HostConfig: {
    readonly PortBindings: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
  };
}

/** Label of the short-lived containers that smoke tests and commands run. */
export const ONE_OFF_LABEL = "kafka-platform-kit.one-off";

/** Looks at containers by name or id; those that do not exist are left out. */
export async function inspectContainers(names: readonly string[]): Promise<ContainerState[]> {
  if (names.length === 0) return [];
  const answer = await ask("docker", ["inspect", "--type", "container", ...names]);
  return (JSON.parse(answer.stdout || "[]") as Inspected[]).map((container) => ({
    id: container.Id,
    name: container.Name.replace(/^\//, ""),
    image: container.Config.Image,
    state: container.State.Status,
    health: container.State.Health?.Status ?? "none",
    startedAt: container.State.StartedAt,
    published: Object.values(container.HostConfig.PortBindings ?? {}).flatMap((bindings) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp || "0.0.0.0"}:${HostPort}`),
    ),
    labels: container.Config.Labels ?? {},
  }));
}

/** Every container of an environment, stopped ones too. */
export async function containersOf(environment: string): Promise<ContainerState[]> {
  return inspectContainers(await idsOf("container", environment, ["--all"]));
}

/** Removes a container in order, so that a broker closes its log; what was started for a moment just goes. */
export async function removeContainer({ id, labels }: ContainerState): Promise<void> {
  if (labels[ONE_OFF_LABEL] === undefined) await run("docker", ["stop", id]);
  await run("docker", ["rm", "--force", id]);
}

/** A volume as the engine lists it. */
export interface EngineVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A network as the engine lists it. */
export interface EngineNetwork {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** When it was made, by the engine's clock. */
  readonly createdAt: string;
}

/** Looks at networks by name or id; those that do not exist are left out. */
export async function inspectNetworks(names: readonly string[]): Promise<EngineNetwork[]> {
  const networks = await inspect<{ Id: string; Name: string; Created: string } & Labelled>(
    "network",
    names,
  );
  return networks.map(({ Id, Name, Created, Labels }) => ({
    id: Id,
    name: Name,
    createdAt: Created,
    labels: Labels ?? {},
  }));
}

/** Looks at volumes by name; those that do not exist are left out. */
export async function inspectVolumes(names: readonly string[]): Promise<EngineVolume[]> {
  const volumes = await inspect<{ Name: string } & Labelled>("volume", names);
  return volumes.map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} }));
}

interface Labelled {
  readonly Labels: Record<string, string> | null;
}

async function inspect<T>(kind: "network" | "volume", names: readonly string[]): Promise<T[]> {
  if (names.length === 0) return [];
  const answer = await ask("docker", [kind, "inspect", ...names]);
  return JSON.parse(answer.stdout || "[]") as T[];
}

/** Names of an environment's volumes. */
export function volumesOf(environment: string): Promise<string[]> {
  return idsOf("volume", environment);
}

/** What an engine has of an environment. */
export interface EngineObjects {
  readonly containers: readonly ContainerState[];
  readonly networks: readonly EngineNetwork[];
  /** By name. */
  readonly volumes: readonly string[];
}

/** All that an engine has of an environment, by its label. */
export async function objectsOf(environment: string): Promise<EngineObjects> {
  const [containers, networks, volumes] = await Promise.all([
    containersOf(environment),
    idsOf("network", environment).then(inspectNetworks),
    volumesOf(environment),
  ]);
  return { containers, networks, volumes };
}

async function idsOf(
  kind: "container" | "network" | "volume",
  environment: string,
  more: readonly string[] = [],
): Promise<string[]> {
  const filter = `label=${ENVIRONMENT_LABEL}=${environment}`;
  const full = kind === "volume" ? [] : ["--no-trunc"];
  const out = await run("docker", [kind, "ls", "--quiet", ...full, ...more, "--filter", filter]);
  return out.split("\n").filter((line) => line !== "");
}
