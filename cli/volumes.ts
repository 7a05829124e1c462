import type { Distribution } from "../constructs/index.ts";
import { ENVIRONMENT_LABEL } from "../constructs/index.ts";
import { ONE_OFF_LABEL } from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { ask, lastLines } from "./shell.ts";

/** What Kafka wrote into a data volume when it was formatted. */
export interface FormattedVolume {
  readonly volume: string;
  readonly clusterId: string;
}

/**
 * Reads the cluster ids of an environment's data volumes, from Kafka's own `meta.properties`.
 *
 * @param distribution whose image is used to look inside; it must be on the engine
 * @returns nothing for volumes that were never formatted
 */
export async function formattedVolumes(
  environment: string,
  distribution: Distribution,
  volumes: readonly string[],
): Promise<FormattedVolume[]> {
  if (volumes.length === 0) return [];
  const mounts = volumes.flatMap((volume) => ["--volume", `${volume}:/volumes/${volume}:ro`]);
  const answer = await ask("docker", [
    ...["run", "--rm", "--network", "none"],
    ...["--label", `${ENVIRONMENT_LABEL}=${environment}`, "--label", `${ONE_OFF_LABEL}=volumes`],
    ...mounts,
    ...["--entrypoint", "bash", distribution.kafka.reference, "-c"],
    'cd /volumes; for v in *; do [ ! -e "$v/meta.properties" ] || sed -n "s/^cluster.id=/$v /p" "$v/meta.properties"; done',
  ]);
  if (!answer.ok) {
    throw new CommandError(
      `the volumes ${volumes.join(", ")} cannot be read: ${lastLines(answer.stderr, 3)}`,
    );
  }
  return answer.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [volume = "", clusterId = ""] = line.split(" ");
      return { volume, clusterId };
    });
}

/**
 * Finds the cluster id that volumes without a lock belong to.
 *
 * @returns undefined when no volume was formatted yet
 * @throws CommandError when they belong to different clusters
 */
export function clusterIdOf(formatted: readonly FormattedVolume[]): string | undefined {
  const [first] = formatted;
  const other = formatted.find(({ clusterId }) => clusterId !== first?.clusterId);
  if (first !== undefined && other !== undefined) {
    throw new CommandError(
      `volume ${first.volume} belongs to cluster ${first.clusterId}, volume ${other.volume} to ${other.clusterId}; remove the one that is not wanted (docker volume rm)`,
    );
  }
  return first?.clusterId;
}

/**
 * Checks that every formatted volume belongs to the cluster of the lock.
 *
 * @throws CommandError naming the one that does not, and the way out
 */
export function checkClusterId(
  lockFile: string,
  clusterId: string,
  formatted: readonly FormattedVolume[],
): void {
  const strange = formatted.find((volume) => volume.clusterId !== clusterId);
  if (strange !== undefined) {
    throw new CommandError(
      `the lock says cluster ${clusterId}, but volume ${strange.volume} belongs to cluster ${strange.clusterId}, and Kafka would refuse it; to go on with that data, set "clusterId" in ${lockFile} to ${strange.clusterId}; to begin anew, remove the volume (docker volume rm ${strange.volume})`,
    );
  }
}
