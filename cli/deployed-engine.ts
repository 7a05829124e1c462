import { existsSync, readFileSync } from "node:fs";
import { deployedHost, elsewhere } from "../stacks/docker-engine.ts";
import { workspace } from "../stacks/workspace.ts";
import { CommandError } from "./errors.ts";
import type { Engine } from "./prepare/engine.ts";
import { ask } from "./shell.ts";

/**
 * Refuses to touch an environment through another engine than the one it is deployed on: since then the docker
 * context was switched, or `DOCKER_HOST` set. One engine may have several addresses; what the state knows shows that.
 *
 * @throws CommandError naming both, and the way out
 */
export async function refuseElsewhere(environment: string, engine: Engine): Promise<void> {
  const deployed = deployedHost(environment);
  if (deployed === undefined || deployed === engine.host) return;
  for (const id of idsOf(environment)) {
    if ((await ask("docker", ["inspect", "--format", "{{.Id}}", id])).ok) return;
  }
  const { host, context } = engine;
  throw new CommandError(
    elsewhere(environment, deployed, context === undefined ? { host } : { host, context }),
  );
}

/** Ids of an environment's containers and networks, which no two engines share; volumes have names only. */
function idsOf(environment: string): string[] {
  const file = workspace.state(environment);
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
