import { existsSync, readFileSync } from "node:fs";
import { deployedHost, elsewhere } from "../stacks/docker-engine.ts";
import { workspace } from "../stacks/workspace.ts";
import { CommandError } from "./errors.ts";
import type { Engine } from "./prepare/engine.ts";
import { ask } from "./shell.ts";

/** What a state tells of the engine that an environment is deployed on. */
export interface DeployedOn {
  /** Undefined when it is not deployed. */
  readonly host: string | undefined;
  /** Ids of its containers, and of networks of the provider's own, which no two engines share; volumes have names only. */
  readonly ids: readonly string[];
  /** Where the state is kept, in words. */
  readonly place: string;
}

/**
 * Refuses to touch an environment through another engine than the one it is deployed on: since then the docker
 * context was switched, or `DOCKER_HOST` set. One engine may have several addresses; what the state knows shows that.
 *
 * @param deployed by default what the local state file tells
 * @throws CommandError naming both, and the way out
 */
export async function refuseElsewhere(
  environment: string,
  engine: Engine,
  deployed: DeployedOn = inLocalState(environment),
): Promise<void> {
  if (deployed.host === undefined || deployed.host === engine.host) return;
  for (const id of deployed.ids) {
    if ((await ask("docker", ["inspect", "--format", "{{.Id}}", id])).ok) return;
  }
  const { host, context } = engine;
  const meant = context === undefined ? { host } : { host, context };
  throw new CommandError(elsewhere(environment, deployed.host, meant, deployed.place));
}

function inLocalState(environment: string): DeployedOn {
  const file = workspace.state(environment);
  return {
    host: deployedHost(environment),
    ids: idsIn(file),
    place: `its state ${file}`,
  };
}

function idsIn(file: string): string[] {
  const state = JSON.parse(existsSync(file) ? readFileSync(file, "utf8") : "{}") as {
    readonly resources?: readonly {
      readonly type: string;
      readonly instances: readonly { readonly attributes?: { readonly id?: string } }[];
    }[];
  };
  return (state.resources ?? [])
    .filter(({ type }) => type === "docker_container" || type === "docker_network")
    .flatMap(({ instances }) => instances.flatMap(({ attributes }) => attributes?.id ?? []));
}
