import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { hostname, release } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  dockerEndpoint,
  dockerVariables,
  isLocalEngine,
  LOCAL_HOST,
  type DockerEndpoint,
} from "../../stacks/docker-engine.ts";
import { workspace } from "../../stacks/workspace.ts";
import { CommandError } from "../errors.ts";
import { say, step } from "../progress.ts";
import { ask, hasProgram, lastLines } from "../shell.ts";
import { asRoot, installPackages, runAsRoot, type Consent } from "./packages.ts";

const ENGINE_PACKAGES = ["docker.io", "iptables", "ca-certificates"];
const START_TIMEOUT_MS = 60_000;

/** The Docker engine that everything here means. */
export interface Engine {
  /** In the form that `DOCKER_HOST` takes. */
  readonly host: string;
  /** The docker context that named it. */
  readonly context: string | undefined;
  readonly version: string;
  /** What kind of engine it is, where that makes a difference to people: `rootless`, `Docker Desktop`. */
  readonly kind: string | undefined;
  /** In the words that images use: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Folder of its images and volumes, on its own machine. */
  readonly dataRoot: string;
  /** Whether it runs on this very machine and not in a virtual one: its files and ports are this machine's. */
  readonly isLocal: boolean;
}

/** An engine in words, such as `Docker 20.10.24, rootless, docker context "mine"`. */
export function describeEngine({ version, kind, context }: Engine): string {
  return [
    `Docker ${version}`,
    ...(kind === undefined ? [] : [kind]),
    ...(context === undefined ? [] : [`docker context "${context}"`]),
  ].join(", ");
}

/**
 * Finds the engine; installs and starts one where there is none.
 *
 * @throws CommandError when there is none and none can be had
 */
export async function ensureEngine(consent: Consent): Promise<Engine> {
  const isNamed = Boolean(process.env["DOCKER_HOST"]);
  const endpoint = meanOneEngine();
  const found = await findEngine(endpoint);
  if ("version" in found) return found;
  const { host, context } = endpoint;
  if (/permission denied/i.test(found.refusal)) {
    throw new CommandError(
      `the Docker engine at ${host} is not open to this user; have it added to the group docker (usermod -aG docker <user>, then log in again), or run this as root`,
    );
  }
  if (isNamed || host !== LOCAL_HOST) {
    const otherwise =
      context === undefined
        ? "unset DOCKER_HOST to use this machine's"
        : `choose another context than "${context}" (docker context use)`;
    throw new CommandError(
      `the Docker engine at ${host} does not answer; start it, or ${otherwise}\n${found.refusal}`,
    );
  }
  if (process.platform !== "linux") {
    throw new CommandError(
      `no Docker engine answers at ${host}; start Docker Desktop and try again`,
    );
  }
  if (!(await hasProgram("dockerd")) || !(await hasProgram("docker"))) {
    await installPackages("a Docker engine", ENGINE_PACKAGES, consent);
  }
  return step("starting the Docker engine", () => startEngine(endpoint));
}

/**
 * Finds the engine that runs.
 *
 * @throws CommandError when none answers; nothing is installed or started
 */
export async function findRunningEngine(): Promise<Engine> {
  const endpoint = meanOneEngine();
  const found = await findEngine(endpoint);
  if ("version" in found) return found;
  throw new CommandError(
    `no Docker engine answers at ${endpoint.host}; start it, or let npm run deploy do it\n${found.refusal}`,
  );
}

/**
 * The address of the engine that is meant, whether it runs or not; from now on every child means it too.
 *
 * @throws InvalidSettingError when variables or files name none that can be used
 */
export function engineAddress(): string {
  return meanOneEngine().host;
}

/** Decides which engine is meant, and sees to it that everything that is started from now on means the same. */
function meanOneEngine(): DockerEndpoint {
  const endpoint = dockerEndpoint();
  for (const [name, value] of Object.entries(dockerVariables(endpoint))) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return endpoint;
}

/** What `docker info` says, as far as it matters here. */
interface Info {
  readonly ServerVersion?: string;
  readonly ServerErrors?: readonly string[];
  readonly DockerRootDir?: string;
  readonly OperatingSystem?: string;
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Name?: string;
  readonly KernelVersion?: string;
}

async function findEngine({
  host,
  context,
}: DockerEndpoint): Promise<Engine | { refusal: string }> {
  const answer = await ask("docker", ["info", "--format", "{{json .}}"]);
  const info = JSON.parse(answer.stdout || "{}") as Info;
  // Without an engine, 20.10 answers all the same: it ends well, and says why in the answer.
  if (!info.ServerVersion) {
    return { refusal: lastLines(answer.stderr, 5) || (info.ServerErrors ?? []).join("\n") };
  }
  if (info.OSType === "windows") {
    throw new CommandError(
      `the Docker engine at ${host} runs Windows containers, and Kafka's images are for Linux; switch Docker Desktop to Linux containers`,
    );
  }
  return {
    host,
    context,
    version: info.ServerVersion,
    kind: kindOf(info),
    architecture: ARCHITECTURES[info.Architecture ?? ""] ?? info.Architecture ?? "unknown",
    dataRoot: info.DockerRootDir ?? "",
    isLocal:
      isLocalEngine(host) &&
      process.platform === "linux" &&
      // Docker Desktop's socket is here, its engine in a virtual machine of another name.
      info.Name === hostname() &&
      info.KernelVersion === release(),
  };
}

/** The kernel's names of architectures, in the words that images use. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

function kindOf({
  OperatingSystem: system = "",
  SecurityOptions: options,
}: Info): string | undefined {
  if (system.startsWith("Docker Desktop")) return "Docker Desktop";
  return options?.some((option) => option.startsWith("name=rootless")) ? "rootless" : undefined;
}

async function startEngine(endpoint: DockerEndpoint): Promise<Engine> {
  const log = join(workspace.root(), "dockerd.log");
  // Installing the package starts the engine where there is a service manager.
  let found = await findEngine(endpoint);
  if (!("version" in found)) {
    if (existsSync("/run/systemd/system")) {
      await runAsRoot("starting the Docker engine", ["systemctl", "start", "docker"]);
    } else {
      const [file = "", ...args] = [...(await asRoot("starting the Docker engine")), "dockerd"];
      mkdirSync(workspace.root(), { recursive: true });
      const out = openSync(log, "a");
      // Detached and on its own streams: it must outlive this command and not hold the terminal.
      spawn(file, args, { detached: true, stdio: ["ignore", out, out] }).unref();
    }
  }
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!("version" in found)) {
    if (Date.now() > deadline) {
      const end = existsSync(log) ? lastLines(readFileSync(log, "utf8"), 10) : "";
      throw new CommandError(
        `the Docker engine was started but does not answer after ${START_TIMEOUT_MS / 1000} s\n${found.refusal}\n${end}`,
      );
    }
    await sleep(200);
    found = await findEngine(endpoint);
  }
  say(`started the Docker engine ${found.version}`);
  return found;
}
