import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { App } from "cdktf";
import { InvalidSettingError } from "../constructs/index.ts";
import type { EnvironmentLock } from "./environment-lock.ts";
import type { Environment } from "./environment.ts";
import { KafkaPlatform } from "./kafka-platform.ts";
import { adoptionFile, stackFolder, workspace } from "./workspace.ts";

/** An environment with what was decided for it. */
export interface LockedEnvironment {
  readonly environment: Environment;
  readonly lock: EnvironmentLock;
}

/** Where the engine is when nobody says so. */
const DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock";

/** The engine that `DOCKER_HOST` names, or the local one. */
export function dockerHost(): string {
  return process.env["DOCKER_HOST"] || DEFAULT_DOCKER_HOST;
}

/** Whether the engine runs on this very machine. */
export function isLocalEngine(host: string): boolean {
  return host.startsWith("unix://") || host.startsWith("npipe://");
}

/**
 * Writes the Terraform programs of some environments to cdktf's output folder, ready for a Terraform that
 * reaches no registry.
 *
 * @throws InvalidSettingError naming every setting that cannot work
 */
export function synth(environments: readonly LockedEnvironment[]): void {
  const { app } = build(environments);
  refusing(() => {
    app.synth();
  });
  for (const { environment } of environments) {
    rmSync(adoptionFile(environment.name), { force: true });
    linkProviders(environment.name);
  }
}

/**
 * Refuses what a synth would refuse, without writing anything.
 *
 * @throws InvalidSettingError naming every setting that cannot work
 */
export function check(environment: LockedEnvironment): void {
  // An App makes its output folder as soon as it is there.
  const { platforms } = build([environment], tmpdir());
  refusing(() => {
    for (const platform of platforms) platform.runAllValidations();
  });
}

function build(
  environments: readonly LockedEnvironment[],
  outdir?: string,
): {
  readonly app: App;
  readonly platforms: readonly KafkaPlatform[];
} {
  const app = new App({ stackTraces: false, ...(outdir === undefined ? {} : { outdir }) });
  const host = dockerHost();
  const hostAddresses = isLocalEngine(host)
    ? Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
    : undefined;
  const platforms = environments.map(
    ({ environment, lock }) =>
      new KafkaPlatform(app, { environment, lock, dockerHost: host, hostAddresses }),
  );
  refuseSharedState(platforms);
  return { app, platforms };
}

/** Two environments on one state would remove each other. */
function refuseSharedState(platforms: readonly KafkaPlatform[]): void {
  const seen = new Map<string, string>();
  for (const { backend, node } of platforms) {
    const key = JSON.stringify(backend);
    const other = seen.get(key);
    if (other !== undefined) {
      throw new InvalidSettingError(
        `environments ${other} and ${node.id} keep their state in one place of backend ${backend.type}; give each its own, such as another schema, key or path`,
      );
    }
    seen.set(key, node.id);
  }
}

function refusing(validate: () => void): void {
  try {
    validate();
  } catch (error) {
    // cdktf reports all failed validations at once, in a plain Error.
    if (error instanceof Error && error.message.startsWith("Validation failed")) {
      // Its last line tells how to skip them, which helps nobody.
      const [title, ...findings] = error.message.split("\n");
      const kept = findings.filter((line) => line.startsWith("  "));
      throw new InvalidSettingError([title, ...kept].join("\n"), { cause: error });
    }
    throw error;
  }
}

/**
 * Terraform looks for providers in `terraform.d/plugins` of its working folder by itself, and trusts the
 * lock file that lies there: no CLI configuration, no flags.
 */
function linkProviders(environment: string): void {
  const link = join(stackFolder(environment), "terraform.d", "plugins");
  rmSync(link, { force: true, recursive: true });
  if (!existsSync(workspace.providerLock())) return;
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(workspace.providers(), link, "dir");
  copyFileSync(workspace.providerLock(), join(stackFolder(environment), ".terraform.lock.hcl"));
}
