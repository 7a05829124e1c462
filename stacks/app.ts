import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { networkInterfaces, release, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { App } from "cdktf";
import { InvalidSettingError } from "../constructs/index.ts";
import { dockerEndpoint, elsewhere, isLocalEngine } from "./docker-engine.ts";
import type { EnvironmentLock } from "./environment-lock.ts";
import type { Environment } from "./environment.ts";
import { KafkaPlatform } from "./kafka-platform.ts";
import { adoptionFile, stackFolder, workspace } from "./workspace.ts";

/** An environment with what was decided for it. */
export interface LockedEnvironment {
  readonly environment: Environment;
  readonly lock: EnvironmentLock;
  /**
   * The engine that it is deployed on, where another is meant now. The program stays with that engine, and a
   * plan of it, for a deploy or a destroy, fails and says why.
   */
  readonly deployedOn?: string | undefined;
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
  const meant = dockerEndpoint();
  const platforms = environments.map(({ environment, lock, deployedOn }) => {
    const engine = deployedOn === undefined ? meant : { host: deployedOn };
    return new KafkaPlatform(app, {
      environment,
      lock,
      engine,
      hostAddresses: bindableOn(engine.host),
      refusal:
        deployedOn === undefined ? undefined : elsewhere(environment.name, deployedOn, meant),
    });
  });
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

/** Addresses that an engine can bind, where that can be known from here. */
function bindableOn(host: string): string[] | undefined {
  // In WSL the engine may be Docker Desktop's, which binds what Windows has.
  if (!isLocalEngine(host) || /microsoft/i.test(release())) return undefined;
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => address),
  );
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
