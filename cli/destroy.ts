import { rmSync } from "node:fs";
import { synth } from "../stacks/app.ts";
import { imagesWanted, lockUnseen, readLock } from "../stacks/environment-lock.ts";
import { loadEnvironment, type Environment } from "../stacks/environment.ts";
import { stackFolder, workspace } from "../stacks/workspace.ts";
import { refuseElsewhere } from "./deployed-engine.ts";
import { objectsOf, volumesOf } from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { exclusively } from "./exclusive.ts";
import { removeObjects, removeOneOffs, unknownTo } from "./found-objects.ts";
import { findRunningEngine } from "./prepare/engine.ts";
import { confirm } from "./prepare/packages.ts";
import { ensureProvider } from "./prepare/provider.ts";
import { ensureTerraform } from "./prepare/terraform.ts";
import { forgetProof } from "./proof.ts";
import { say } from "./progress.ts";
import { TerraformStack } from "./terraform-stack.ts";

/** How much of an environment goes, and whether to ask. */
export interface DestroyOptions {
  /** Keep volumes and lock, so that the next deploy goes on with the same cluster and its records. */
  readonly keepData: boolean;
  readonly yes: boolean;
}

/**
 * Removes an environment: containers and network, and its data unless that is to be kept.
 *
 * @throws CommandError when it is not allowed, or when something cannot be removed
 */
export async function destroy(name: string, options: DestroyOptions): Promise<void> {
  const environment = await loadEnvironment(name);
  await exclusively(name, "destroy", () => destroyAlone(environment, options));
}

async function destroyAlone(
  environment: Environment,
  { keepData, yes }: DestroyOptions,
): Promise<void> {
  const { name } = environment;
  const engine = await findRunningEngine();
  await refuseElsewhere(name, engine);
  const volumes = await volumesOf(name);
  if (!yes && !keepData) {
    const what =
      volumes.length === 0
        ? name
        : `${name} and all records in ${volumes.map((volume) => `volume ${volume}`).join(", ")}`;
    if (!(await confirm(`remove ${what}?`, false))) {
      throw new CommandError(
        `nothing was removed; say --yes to remove ${what}${volumes.length === 0 ? "" : ", or --keep-data to keep them"}`,
      );
    }
  }
  const lock = readLock(name);
  // A state that is kept elsewhere may know of it though this checkout has no lock.
  if (lock !== undefined || environment.settings.backend !== undefined) {
    const terraform = await ensureTerraform({ noInstall: false });
    await ensureProvider(terraform);
    synth([{ environment, lock: lockUnseen(environment, imagesWanted()) }]);
    const stack = new TerraformStack(terraform, name);
    await stack.init();
    const state = await stack.state();
    await refuseElsewhere(name, engine, stack.deployedOn(state));
    const { addresses } = state;
    const targets = keepData
      ? addresses.filter((address) => !address.startsWith("docker_volume."))
      : addresses;
    if (targets.length > 0) await stack.destroy(keepData ? targets : []);
    // What it does not know of yet, somebody may be making just now.
    else await stack.lockOnce();
  }
  const present = await objectsOf(name);
  await removeOneOffs(present.containers);
  const left = unknownTo(undefined, present);
  await removeObjects(keepData ? { ...left, volumes: [] } : left);
  rmSync(workspace.changing(name), { force: true });
  forgetProof(name);
  if (keepData) {
    const kept = [
      ...volumes.map((volume) => `volume ${volume}`),
      ...(lock === undefined ? [] : ["the lock"]),
    ];
    say(`${name} is removed; kept: ${kept.join(", ") || "nothing, there was no data"}`);
    return;
  }
  for (const file of [
    workspace.lock(name),
    workspace.state(name),
    `${workspace.state(name)}.backup`,
    `${workspace.state(name)}.moved`,
    workspace.outputs(name),
    workspace.timings(name),
  ]) {
    rmSync(file, { force: true });
  }
  rmSync(stackFolder(name), { recursive: true, force: true });
  say(`${name} is removed`);
}
