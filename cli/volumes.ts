import type { Distribution, Metadata } from "../constructs/index.ts";
import { ENVIRONMENT_LABEL } from "../constructs/index.ts";
import { ONE_OFF_LABEL } from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { ask, lastLines } from "./shell.ts";

/** What Kafka wrote into a data volume when it was formatted. */
export interface FormattedVolume {
  readonly volume: string;
  readonly clusterId: string;
  /** Where the broker kept its metadata. */
  readonly metadata: Metadata["mode"];
}

/**
 * Reads which clusters an environment's data volumes belong to, from Kafka's own `meta.properties`.
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
    `cd /volumes; for v in *; do [ ! -e "$v/meta.properties" ] || { echo "volume=$v"; grep -E "^(version|cluster.id)=" "$v/meta.properties"; }; done`,
  ]);
  if (!answer.ok) {
    throw new CommandError(
      `the volumes ${volumes.join(", ")} cannot be read: ${lastLines(answer.stderr, 3)}`,
    );
  }
  return answer.stdout
    .split(/^volume=/m)
    .filter((text) => text !== "")
    .map((text) => {
      const [volume = "", ...properties] = text.trim().split("\n");
      const of = (name: string): string =>
        properties.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
      // Version 0 is a broker's of ZooKeeper, version 1 a node's of KRaft.
      const metadata = of("version") === "0" ? "zookeeper" : "kraft";
      return { volume, clusterId: of("cluster.id"), metadata };
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
 * Holds the lock's cluster id against what the volumes say.
 *
 * @param kept the lock's, where it is from an earlier deploy
 * @returns the id to go on with; undefined when neither knows one
 * @throws CommandError when they belong to different clusters
 */
export function settleClusterId(
  lockFile: string,
  metadata: Metadata["mode"],
  kept: string | undefined,
  formatted: readonly FormattedVolume[],
): string | undefined {
  // With ZooKeeper nobody gives Kafka an id: it draws another once its data has gone, and the lock only tells of it.
  if (metadata === "zookeeper" || kept === undefined) return clusterIdOf(formatted);
  checkClusterId(lockFile, kept, formatted);
  return kept;
}

/**
 * Checks that every formatted volume belongs to the cluster of the lock.
 *
 * @throws CommandError naming the one that does not, and the way out
 */
function checkClusterId(
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

/**
 * Checks that every formatted volume was written with the metadata that is asked for.
 *
 * @throws CommandError naming the one that was not, and the way out
 */
export function checkMetadata(
  environment: string,
  metadata: Metadata["mode"],
  formatted: readonly FormattedVolume[],
): void {
  const strange = formatted.find((volume) => volume.metadata !== metadata);
  if (strange === undefined) return;
  const titles = { kraft: "KRaft", zookeeper: "ZooKeeper" } as const;
  throw new CommandError(
    `${environment} asks for ${titles[metadata]}, but volume ${strange.volume} was written with ${titles[strange.metadata]}, and Kafka would refuse it; ask for ${titles[strange.metadata]} again, or remove the environment first (npm run destroy -- ${environment})`,
  );
}
