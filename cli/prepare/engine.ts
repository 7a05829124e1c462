import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dockerHost, isLocalEngine } from "../../stacks/app.ts";
import { workspace } from "../../stacks/workspace.ts";
import { CommandError } from "../errors.ts";
import { say, step } from "../progress.ts";
import { ask, hasProgram, lastLines } from "../shell.ts";
import { asRoot, installPackages, runAsRoot, type Consent } from "./packages.ts";

const ENGINE_PACKAGES = ["docker.io", "iptables", "ca-certificates"];
const START_TIMEOUT_MS = 60_000;

/** The engine of the docker command's context, where that is not the usual one. */
let hostOfContext: string | undefined;

/** The Docker engine that everything here means. */
export interface Engine {
  /** In the form that `DOCKER_HOST` takes. */
  readonly host: string;
  readonly version: string;
  /** Folder of its images and volumes, on its own machine. */
  readonly dataRoot: string;
}

/**
 * Finds the engine; installs and starts one where there is none.
 *
 * @throws CommandError when there is none and none can be had
 */
export async function ensureEngine(consent: Consent): Promise<Engine> {
  await followContext();
  const found = await findEngine();
  if ("version" in found) return found;
  const host = dockerHost();
  if (/permission denied/i.test(found.refusal)) {
    throw new CommandError(
      `the Docker engine at ${host} is not open to this user; have it added to the group docker (usermod -aG docker <user>, then log in again), or run this as root`,
    );
  }
  if (process.env["DOCKER_HOST"]) {
    const otherwise =
      host === hostOfContext
        ? "choose another with docker context use"
        : "unset DOCKER_HOST to use this machine's";
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
  return step("starting the Docker engine", startEngine);
}

/**
 * Finds the engine that runs.
 *
 * @throws CommandError when none answers; nothing is installed or started
 */
export async function findRunningEngine(): Promise<Engine> {
  await followContext();
  const found = await findEngine();
  if ("version" in found) return found;
  throw new CommandError(
    `no Docker engine answers at ${dockerHost()}; start it, or let npm run deploy do it\n${found.refusal}`,
  );
}

/** The docker command follows its context, Terraform's provider `DOCKER_HOST`: make both mean the same. */
export async function followContext(): Promise<void> {
  if (process.env["DOCKER_HOST"] || !(await hasProgram("docker"))) return;
  const context = await ask("docker", [
    "context",
    "inspect",
    "--format",
    "{{.Endpoints.docker.Host}}",
  ]);
  const host = context.stdout.trim();
  if (context.ok && host !== "" && host !== dockerHost()) {
    hostOfContext = host;
    process.env["DOCKER_HOST"] = host;
  }
}

async function findEngine(): Promise<Engine | { refusal: string }> {
  const info = await ask("docker", ["info", "--format", "{{.ServerVersion}}|{{.DockerRootDir}}"]);
  const [version = "", dataRoot = ""] = info.stdout.trim().split("|");
  if (!info.ok || version === "") return { refusal: lastLines(info.stderr, 5) };
  return { host: dockerHost(), version, dataRoot };
}

async function startEngine(): Promise<Engine> {
  const log = join(workspace.root(), "dockerd.log");
  // Installing the package starts the engine where there is a service manager.
  let found = await findEngine();
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
    found = await findEngine();
  }
  say(`started the Docker engine ${found.version}`);
  return found;
}

/** Whether the engine's files and ports are this machine's. */
export function isLocal(engine: Engine): boolean {
  return isLocalEngine(engine.host) && process.platform === "linux";
}
