import type { Distribution, Metadata } from "../constructs/index.ts";
import { ENVIRONMENT_LABEL } from "../constructs/index.ts";
import { ONE_OFF_LABEL } from "./engine-objects.ts";
import { CommandError } from "./errors.ts";
import { ask, lastLines } from "./shell.ts";

/** What Kafka, or the ZooKeeper of its cluster, wrote into a data volume. */
export interface FormattedVolume {
  readonly volume: string;
  /** Undefined where it is ZooKeeper's. */
  readonly clusterId?: string;
  /** Where the cluster keeps its metadata. */
  readonly metadata: Metadata["mode"];
  /** With KRaft, ids of the controllers that decide together; undefined before their first vote. */
  readonly voters?: readonly number[];
  /** Of a ZooKeeper server, whether it is one of several. */
  readonly isOneOfSeveral?: boolean;
}

/** Prints what is in each volume, a fact a line. */
const LOOK = `cd /volumes
for v in *; do
  if [ -e "$v/meta.properties" ]; then
    echo "volume=$v"
    grep -E "^(version|cluster.id)=" "$v/meta.properties"
    quorum=$v/__cluster_metadata-0/quorum-state
    [ ! -e "$quorum" ] || echo "quorum=$(cat "$quorum")"
  elif ls "$v/version-2" 2>/dev/null | grep -q ^snapshot; then
    echo "volume=$v"
    [ ! -e "$v/myid" ] && echo server=alone || echo server=several
  fi
done`;

/**
 * Reads which clusters an environment's data volumes belong to, from Kafka's own `meta.properties`, and who decides there.
 *
 * @param distribution whose image is used to look inside; it must be on the engine
 * @returns nothing for volumes that hold nothing yet
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
    LOOK,
  ]);
  if (!answer.ok) {
    throw new CommandError(
      `the volumes ${volumes.join(", ")} cannot be read: ${lastLines(answer.stderr, 3)}`,
    );
  }
  return answer.stdout
    .split(/^volume=/m)
    .filter((text) => text !== "")
    .map(parseVolume);
}

function parseVolume(text: string): FormattedVolume {
  const [volume = "", ...properties] = text.trim().split("\n");
  const of = (name: string): string | undefined =>
    properties.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
  const server = of("server");
  if (server !== undefined) {
    return { volume, metadata: "zookeeper", isOneOfSeveral: server === "several" };
  }
  const clusterId = of("cluster.id") ?? "";
  // Version 0 is a broker's of ZooKeeper, version 1 a node's of KRaft.
  if (of("version") === "0") return { volume, clusterId, metadata: "zookeeper" };
  const voters = votersIn(volume, of("quorum"));
  return { volume, clusterId, metadata: "kraft", ...(voters === undefined ? {} : { voters }) };
}

/** The controllers that a node's `quorum-state` names; undefined where Kafka keeps them elsewhere. */
function votersIn(volume: string, quorumState: string | undefined): number[] | undefined {
  if (quorumState === undefined) return undefined;
  try {
    const { currentVoters } = JSON.parse(quorumState) as {
      readonly currentVoters?: readonly { readonly voterId: number }[];
    };
    return currentVoters?.map(({ voterId }) => voterId).sort((a, b) => a - b);
  } catch (error) {
    throw new CommandError(
      `volume ${volume}: __cluster_metadata-0/quorum-state, where Kafka keeps who decides on the metadata, cannot be read (it holds ${JSON.stringify(quorumState.slice(0, 80))}), and Kafka could not start with it; nothing was changed; put the file back from a copy of the volume`,
      { cause: error },
    );
  }
}

/** Who decides on a cluster's metadata: ids of KRaft's voters, or of ZooKeeper's servers. */
export interface Quorum {
  readonly metadata: Metadata["mode"];
  readonly members: readonly number[];
}

/**
 * Checks that those who decide are those who did: new ones without data could outvote the others, and their empty
 * metadata would win.
 *
 * @throws CommandError naming both, and the way out
 */
export function checkQuorum(
  environment: string,
  wanted: Quorum,
  formatted: readonly FormattedVolume[],
): void {
  const { metadata, members } = wanted;
  const wayOut = `put that back, or remove the environment first (npm run destroy -- ${environment})`;
  for (const { volume, voters, isOneOfSeveral } of formatted) {
    if (metadata === "kraft" && voters !== undefined && voters.join() !== members.join()) {
      throw new CommandError(
        `${environment} asks for the controllers ${members.join(", ")}, but in volume ${volume} it has ${voters.join(", ")}; a deploy cannot change them without a risk to all metadata; ${wayOut}`,
      );
    }
    if (isOneOfSeveral !== undefined && isOneOfSeveral !== members.length > 1) {
      throw new CommandError(
        `${environment} asks for ${members.length === 1 ? "one ZooKeeper server" : `${members.length} ZooKeeper servers`}, but that of volume ${volume} was ${isOneOfSeveral ? "one of several" : "alone"}; a deploy cannot change that without a risk to all metadata; ${wayOut}`,
      );
    }
  }
}

/**
 * Finds the cluster id that volumes without a lock belong to.
 *
 * @returns undefined when no volume was formatted yet
 * @throws CommandError when they belong to different clusters
 */
export function clusterIdOf(formatted: readonly FormattedVolume[]): string | undefined {
  const [first, ...others] = formatted.filter(({ clusterId }) => clusterId !== undefined);
  const other = others.find(({ clusterId }) => clusterId !== first?.clusterId);
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
  const strange = formatted.find((volume) => (volume.clusterId ?? clusterId) !== clusterId);
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
