import { rmSync } from "node:fs";
import { synth } from "../stacks/app.ts";
import { readLock } from "../stacks/environment-lock.ts";
import { loadEnvironment, type Environment } from "../stacks/environment.ts";
import { stackFolder, workspace } from "../stacks/workspace.ts";
import { refuseElsewhere } from "./deployed-engine.ts";
import { containersOf, networksOf, removeContainer, volumesOf } from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { exclusively } from "./exclusive.ts";
import { findRunningEngine } from "./prepare/engine.ts";
import { confirm } from "./prepare/packages.ts";
import { ensureProvider } from "./prepare/provider.ts";
import { ensureTerraform } from "./prepare/terraform.ts";
import { forgetProof } from "./proof.ts";
import { say } from "./progress.ts";
import { run } from "./shell.ts";
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
  const terraform = await ensureTerraform();
  await refuseElsewhere(name, await findRunningEngine());
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
  if (lock !== undefined) {
    await ensureProvider(terraform);
    synth([{ environment, lock }]);
    const stack = new TerraformStack(terraform, name);
    await stack.init();
    const resources = await stack.resources();
    const targets = keepData
      ? resources.filter((address) => !address.startsWith("docker_volume."))
      : resources;
    if (targets.length > 0) await stack.destroy(keepData ? targets : []);
  }
  await sweep(name, keepData);
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
    workspace.outputs(name),
  ]) {
    rmSync(file, { force: true });
  }
  rmSync(stackFolder(name), { recursive: true, force: true });
  say(`${name} is removed`);
}

/** Removes what Terraform did not know of: left by a start that was cut off, or by a state that was lost. */
async function sweep(environment: string, keepData: boolean): Promise<void> {
  for (const container of await containersOf(environment)) {
    say(`removing the container ${container.name}, of which the state did not know`);
    await removeContainer(container);
  }
  for (const id of await networksOf(environment)) await run("docker", ["network", "rm", id]);
  if (keepData) return;
  for (const volume of await volumesOf(environment)) await run("docker", ["volume", "rm", volume]);
}
