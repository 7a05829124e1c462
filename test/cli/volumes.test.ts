import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import {
  checkMetadata,
  clusterIdOf,
  formattedVolumes,
  settleClusterId,
  type FormattedVolume,
} from "../../cli/volumes.ts";
import { Distribution } from "../../constructs/index.ts";
import { putOnPath } from "../constructs/scratch.ts";

function volumeOf(
  volume: string,
  clusterId: string,
  metadata: FormattedVolume["metadata"] = "kraft",
): FormattedVolume {
  return { volume, clusterId, metadata };
}

const ONE = volumeOf("trial-kafka-1-data", "4L6g3nShT-eMCtK--X86sw");
const TWO = volumeOf("trial-kafka-2-data", "4L6g3nShT-eMCtK--X86sw");
const STRANGE = volumeOf("trial-kafka-3-data", "MkU3OEVBNTcwNTJENDM2Qk");

describe("clusterIdOf", () => {
  it.each([
    { formatted: [], clusterId: undefined },
    { formatted: [ONE], clusterId: ONE.clusterId },
    { formatted: [ONE, TWO], clusterId: ONE.clusterId },
  ])("$formatted.length volumes belong to $clusterId", ({ formatted, clusterId }) => {
    expect(clusterIdOf(formatted)).toBe(clusterId);
  });

  it("rejects volumes of two clusters, naming one of each", () => {
    expect(() => clusterIdOf([ONE, TWO, STRANGE])).toThrowError(
      new CommandError(
        "volume trial-kafka-1-data belongs to cluster 4L6g3nShT-eMCtK--X86sw, volume trial-kafka-3-data to MkU3OEVBNTcwNTJENDM2Qk; remove the one that is not wanted (docker volume rm)",
      ),
    );
  });
});

describe("settleClusterId", () => {
  const settle = (
    metadata: FormattedVolume["metadata"],
    kept: string | undefined,
    formatted: readonly FormattedVolume[],
  ) => settleClusterId("/kit/trial.lock.json", metadata, kept, formatted);

  it.each([{ formatted: [] }, { formatted: [ONE, TWO] }])(
    "keeps the lock's cluster with $formatted.length volumes of it",
    ({ formatted }) => {
      expect(settle("kraft", ONE.clusterId, formatted)).toBe(ONE.clusterId);
    },
  );

  it("takes the volumes' cluster where no lock is kept", () => {
    expect(settle("kraft", undefined, [ONE])).toBe(ONE.clusterId);
    expect(settle("kraft", undefined, [])).toBeUndefined();
  });

  it("follows the volumes with ZooKeeper, where Kafka draws another id once its data has gone", () => {
    expect(settle("zookeeper", ONE.clusterId, [STRANGE])).toBe(STRANGE.clusterId);
    expect(settle("zookeeper", ONE.clusterId, [])).toBeUndefined();
  });

  it("rejects a volume of another cluster, with both ways out", () => {
    expect(() => {
      settle("kraft", ONE.clusterId, [ONE, STRANGE]);
    }).toThrowError(
      new CommandError(
        'the lock says cluster 4L6g3nShT-eMCtK--X86sw, but volume trial-kafka-3-data belongs to cluster MkU3OEVBNTcwNTJENDM2Qk, and Kafka would refuse it; to go on with that data, set "clusterId" in /kit/trial.lock.json to MkU3OEVBNTcwNTJENDM2Qk; to begin anew, remove the volume (docker volume rm trial-kafka-3-data)',
      ),
    );
  });
});

describe("checkMetadata", () => {
  const OLD = volumeOf("trial-kafka-4-data", ONE.clusterId, "zookeeper");

  it("accepts volumes that were written as is asked for", () => {
    expect(() => {
      checkMetadata("trial", "kraft", [ONE, TWO]);
      checkMetadata("trial", "zookeeper", [OLD]);
      checkMetadata("trial", "zookeeper", []);
    }).not.toThrowError();
  });

  it.each([
    { asked: "kraft", title: "KRaft", strange: OLD, written: "ZooKeeper" },
    { asked: "zookeeper", title: "ZooKeeper", strange: ONE, written: "KRaft" },
  ] as const)("rejects a change from $written to $title", ({ asked, title, strange, written }) => {
    expect(() => {
      checkMetadata("trial", asked, [strange]);
    }).toThrowError(
      new CommandError(
        `trial asks for ${title}, but volume ${strange.volume} was written with ${written}, and Kafka would refuse it; ask for ${written} again, or remove the environment first (npm run destroy -- trial)`,
      ),
    );
  });
});

describe("formattedVolumes", () => {
  const distribution = Distribution.local("4.1.1");

  it("asks nothing where there is no volume", async () => {
    const folder = putOnPath({ docker: 'echo "$*" >>"$here/calls"' });
    expect(await formattedVolumes("trial", distribution, [])).toEqual([]);
    expect(() => readFileSync(join(folder, "calls"))).toThrowError("ENOENT");
  });

  it("reads the cluster ids, leaving out volumes that were never formatted", async () => {
    putOnPath({
      docker: `printf '%s\\n' volume=${ONE.volume} version=1 cluster.id=${ONE.clusterId}`,
    });
    expect(await formattedVolumes("trial", distribution, [ONE.volume, TWO.volume])).toEqual([ONE]);
  });

  it("tells a volume of ZooKeeper's time from one of KRaft's", async () => {
    putOnPath({
      docker: `printf '%s\\n' volume=a cluster.id=${ONE.clusterId} version=0 volume=b version=1 cluster.id=${ONE.clusterId}`,
    });
    expect(await formattedVolumes("trial", distribution, ["a", "b"])).toEqual([
      volumeOf("a", ONE.clusterId, "zookeeper"),
      volumeOf("b", ONE.clusterId),
    ]);
  });

  it("looks inside by a labelled container that may neither write nor call out", async () => {
    const folder = putOnPath({ docker: 'for word; do echo "$word"; done >"$here/calls"' });
    await formattedVolumes("trial", distribution, [ONE.volume]);
    const words = readFileSync(join(folder, "calls"), "utf8").split("\n");
    expect(words).toEqual(
      expect.arrayContaining([
        "--rm",
        "none",
        "kafka-platform-kit.environment=trial",
        "kafka-platform-kit.one-off=volumes",
        `${ONE.volume}:/volumes/${ONE.volume}:ro`,
        "kafka-platform-kit/kafka:4.1.1",
      ]),
    );
  });

  it("fails naming the volumes that cannot be read, and why", async () => {
    putOnPath({ docker: "echo no such image >&2; exit 125" });
    await expect(
      formattedVolumes("trial", distribution, [ONE.volume, TWO.volume]),
    ).rejects.toThrowError(
      new CommandError(
        "the volumes trial-kafka-1-data, trial-kafka-2-data cannot be read: no such image",
      ),
    );
  });
});
