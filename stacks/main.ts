import { InvalidSettingError, titleOf } from "../constructs/index.ts";
import { check, synth, type LockedEnvironment } from "./app.ts";
import { deployedHost, dockerEndpoint, refuseContextOfProvider } from "./docker-engine.ts";
import {
  imagesWanted,
  keepLock,
  lockedDistribution,
  lockUnseen,
  readLock,
  sameImages,
} from "./environment-lock.ts";
import { environmentNames, leftOut, loadEnvironment, type Environment } from "./environment.ts";
import { terraformHint } from "./terraform.ts";

// The program behind plain cdktf: every environment, by its lock.
try {
  const environments = await Promise.all((await environmentNames()).map(loadEnvironment));
  const engine = dockerEndpoint();
  refuseContextOfProvider(engine);
  const locked = lockAll(environments).map((one) => {
    const host = deployedHost(one.environment.name);
    return { ...one, deployedOn: host === engine.host ? undefined : host };
  });
  synth(locked);
  for (const { lock } of locked) keepLock(lock);
  for (const { environment, lock } of locked) {
    const images = lockedDistribution(lock);
    const without = leftOut(environment, images).map(titleOf);
    if (without.length > 0) {
      console.error(
        `warning: ${environment.name} goes without ${without.join(", ")}: ${images} has none`,
      );
    }
  }
  const hint = terraformHint();
  if (hint !== undefined) console.error(`warning: ${hint}`);
} catch (error) {
  if (!(error instanceof InvalidSettingError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

/**
 * Locks them all. cdktf does not tell which of them it is asked for, so images wanted by hand are for every
 * environment that can run on them and has none yet that were proven; the others stay as they are.
 *
 * @throws InvalidSettingError when none can
 */
function lockAll(environments: readonly Environment[]): LockedEnvironment[] {
  const wanted = imagesWanted();
  const asLocked = (environment: Environment, images?: string): LockedEnvironment => ({
    environment,
    lock: lockUnseen(environment, images),
  });
  if (wanted === undefined) return environments.map((environment) => asLocked(environment));
  const refusals = new Map<Environment, InvalidSettingError>();
  const locked = environments.map((environment) => {
    try {
      const kept = readLock(environment.name);
      const changed = asLocked(environment, wanted);
      if (kept?.images.proven === true && !sameImages(kept.images, changed.lock.images)) {
        throw new InvalidSettingError(
          `it runs on ${kept.images.distribution} ${kept.images.version}; npm run deploy -- ${environment.name} changes that`,
        );
      }
      check(changed);
      return changed;
    } catch (error) {
      if (!(error instanceof InvalidSettingError)) throw error;
      refusals.set(environment, error);
      return asLocked(environment);
    }
  });
  const [first] = refusals.values();
  if (first !== undefined && refusals.size === environments.length) throw first;
  for (const [{ name }, { message }] of refusals) {
    console.error(`warning: environment ${name} keeps its images: ${message}`);
  }
  return locked;
}
