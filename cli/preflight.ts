import { readdirSync, readFileSync, readlinkSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { ENVIRONMENT_LABEL } from "../constructs/index.ts";
import {
  inspectContainers,
  inspectNetworks,
  inspectVolumes,
  type ContainerState,
} from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import type { Engine } from "./prepare/engine.ts";
import { ask } from "./shell.ts";
import type { ProgramContainer, TerraformStack } from "./terraform-stack.ts";

/** What the images of a distribution and a first build or pull take, in bytes. */
const DISK_NEEDED = 3 * 1024 ** 3;

/**
 * Checks that the engine has room for images, before any is pulled or built.
 *
 * @throws CommandError when there is too little
 */
export function checkDisk(engine: Engine, needed = DISK_NEEDED): void {
  if (!engine.isLocal) return;
  const { bavail, bsize } = statfsSync(engine.dataRoot);
  const free = bavail * bsize;
  if (free < needed) {
    const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
    throw new CommandError(
      `${engine.dataRoot} has ${gib(free)} free, and the images need ${gib(needed)}; free space there (docker system df shows what takes it)`,
    );
  }
}

/**
 * Checks that the names and host ports of the program are free, or this environment's own.
 *
 * @param present containers of the environment
 * @throws CommandError naming every conflict
 */
export async function checkNamesAndPorts(
  environment: string,
  engine: Engine,
  program: Pick<TerraformStack, "containers" | "networks" | "volumes">,
  present: readonly ContainerState[],
): Promise<void> {
  const wanted = program.containers();
  const namesOf = (objects: readonly { readonly name: string }[]): string[] =>
    objects.map(({ name }) => name);
  const foreign = ({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean =>
    labels[ENVIRONMENT_LABEL] !== environment;
  const not = `is there that is not of environment ${environment}`;
  const [containers, networks, volumes] = await Promise.all([
    inspectContainers(namesOf(wanted)),
    inspectNetworks(namesOf(program.networks())),
    // Docker would silently take it, and a destroy would remove it.
    inspectVolumes(namesOf(program.volumes())),
  ]);
  const conflicts = [
    ...containers
      .filter(foreign)
      .map(({ name, image }) => `a container ${name} (${image}) ${not}; rename or remove it`),
    ...networks.filter(foreign).map(({ name }) => `a network ${name} ${not}; remove it`),
    ...volumes
      .filter(foreign)
      .map(
        ({ name }) =>
          `a volume ${name} ${not}; copy what is needed of it, and remove it (docker volume rm ${name})`,
      ),
    ...(await portConflicts(engine, wanted, present)),
  ];
  if (conflicts.length > 0) throw new CommandError(conflicts.join("\n"));
}

async function portConflicts(
  engine: Engine,
  wanted: readonly ProgramContainer[],
  present: readonly ContainerState[],
): Promise<string[]> {
  if (!engine.isLocal) return [];
  // Ours may move to another address, or to another container: the one that has them goes first.
  const ours = new Set(
    present
      .filter(({ state }) => state !== "exited" && state !== "created")
      .flatMap(({ published }) => published.map((address) => Number(address.split(":").at(-1)))),
  );
  const bindings = wanted
    .flatMap(({ name, ports }) => (ports ?? []).map(({ ip, external }) => ({ name, ip, external })))
    .filter(({ external }) => !ours.has(external));
  const conflicts: string[] = [];
  for (const { name, ip, external } of bindings) {
    const refusal = await bindRefusal(ip, external);
    if (refusal === "EADDRINUSE") {
      const holder = (await holderOf(external)) ?? "another program";
      conflicts.push(
        `${name} needs port ${external} on ${ip}, which ${holder} holds; stop that, or choose another port in the environment's file`,
      );
    } else if (refusal !== undefined) {
      conflicts.push(`${name} cannot have port ${external} on ${ip}: ${refusal}`);
    }
  }
  return conflicts;
}

/** Why a port can't be bound; undefined when it can. */
function bindRefusal(ip: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // Only the engine, as root, may need a privileged port.
      resolve(error.code === "EACCES" ? undefined : error.code);
    });
    server.listen({ host: ip, port, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

/** Who listens on a TCP port of this machine, where it can be known. */
async function holderOf(port: number): Promise<string | undefined> {
  const format = "{{.Names}}";
  const docker = await ask("docker", ["ps", "--filter", `publish=${port}`, "--format", format]);
  const container = docker.stdout.trim().split("\n")[0];
  if (container) return `the container ${container}`;
  const inodes = listeningInodes(port);
  const pid = processes().find((candidate) => openSockets(candidate).some((i) => inodes.has(i)));
  if (pid === undefined) return undefined;
  const name = attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim(), "a program");
  return `${name} (process ${pid})`;
}

function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const LISTEN = "0A";
  return new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) =>
      attempt(() => readFileSync(table, "utf8"), "")
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local, , state]) => local?.endsWith(`:${hex}`) === true && state === LISTEN)
        .map((fields) => `socket:[${fields[9]}]`),
    ),
  );
}

function processes(): string[] {
  return attempt(() => readdirSync("/proc"), []).filter((name) => /^\d+$/.test(name));
}

/** Open sockets of a process; none where this user may not look, or when it has just ended. */
function openSockets(pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  return attempt(() => readdirSync(folder), []).map((fd) =>
    attempt(() => readlinkSync(`${folder}/${fd}`), ""),
  );
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
