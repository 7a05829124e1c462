import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import {
  checkMetadata,
  checkQuorum,
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

const CLUSTER = "4L6g3nShT-eMCtK--X86sw";
const ONE = volumeOf("trial-kafka-1-data", CLUSTER);
const TWO = volumeOf("trial-kafka-2-data", CLUSTER);
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
  const OLD = volumeOf("trial-kafka-4-data", CLUSTER, "zookeeper");

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

describe("checkQuorum", () => {
  const voted = (...voters: number[]): FormattedVolume => ({ ...ONE, voters });
  const server = (isOneOfSeveral: boolean): FormattedVolume => ({
    volume: "trial-zookeeper-1-data",
    metadata: "zookeeper",
    isOneOfSeveral,
  });

  it.each([
    { metadata: "kraft", members: [1], formatted: [] },
    { metadata: "kraft", members: [1, 2, 3], formatted: [ONE, voted(1, 2, 3)] },
    { metadata: "kraft", members: [101, 102, 103], formatted: [voted(101, 102, 103)] },
    { metadata: "zookeeper", members: [1], formatted: [server(false)] },
    { metadata: "zookeeper", members: [1, 2, 3], formatted: [server(true)] },
  ] as const)("accepts $members with the data that they wrote", (row) => {
    expect(() => {
      checkQuorum("trial", row, row.formatted);
    }).not.toThrowError();
  });

  const wayOut =
    "without a risk to all metadata; put that back, or remove the environment first (npm run destroy -- trial)";

  it.each([
    {
      metadata: "kraft",
      members: [1, 2, 3],
      formatted: [voted(1)],
      said: "trial asks for the controllers 1, 2, 3, but in volume trial-kafka-1-data it has 1; a deploy cannot change them",
    },
    {
      metadata: "kraft",
      members: [101],
      formatted: [TWO, voted(1)],
      said: "trial asks for the controllers 101, but in volume trial-kafka-1-data it has 1; a deploy cannot change them",
    },
    {
      metadata: "zookeeper",
      members: [1, 2, 3],
      formatted: [server(false)],
      said: "trial asks for 3 ZooKeeper servers, but that of volume trial-zookeeper-1-data was alone; a deploy cannot change that",
    },
    {
      metadata: "zookeeper",
      members: [1],
      formatted: [server(true)],
      said: "trial asks for one ZooKeeper server, but that of volume trial-zookeeper-1-data was one of several; a deploy cannot change that",
    },
  ] as const)("rejects $members where others decided", ({ said, ...row }) => {
    expect(() => {
      checkQuorum("trial", row, row.formatted);
    }).toThrowError(new CommandError(`${said} ${wayOut}`));
  });

  it("leaves ZooKeeper's volumes out of the question which cluster it is", () => {
    expect(clusterIdOf([server(false), ONE])).toBe(CLUSTER);
    expect(settleClusterId("lock", "zookeeper", undefined, [server(true), ONE])).toBe(CLUSTER);
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
      volumeOf("a", CLUSTER, "zookeeper"),
      volumeOf("b", CLUSTER),
    ]);
  });

  it("reads who decides together, where Kafka has written it there", async () => {
    const state = '{"leaderId":102,"currentVoters":[{"voterId":102},{"voterId":101}]}';
    putOnPath({
      docker: `printf '%s\\n' volume=a version=1 cluster.id=${CLUSTER} 'quorum=${state}' volume=b version=1 cluster.id=${CLUSTER} 'quorum={"leaderId":1}'`,
    });
    expect(await formattedVolumes("trial", distribution, ["a", "b"])).toEqual([
      { ...volumeOf("a", CLUSTER), voters: [101, 102] },
      volumeOf("b", CLUSTER),
    ]);
  });

  it.each([
    { what: "is empty, as after a full disk", state: "", shown: '""' },
    {
      what: "breaks off",
      state: '{"currentVoters":[{',
      shown: String.raw`"{\"currentVoters\":[{"`,
    },
  ])("fails naming the volume whose quorum-state $what", async ({ state, shown }) => {
    putOnPath({
      docker: `printf '%s\\n' volume=a version=1 cluster.id=${CLUSTER} 'quorum=${state}'`,
    });
    await expect(formattedVolumes("trial", distribution, ["a"])).rejects.toThrowError(
      new CommandError(
        `volume a: __cluster_metadata-0/quorum-state, where Kafka keeps who decides on the metadata, cannot be read (it holds ${shown}), and Kafka could not start with it; nothing was changed; put the file back from a copy of the volume`,
      ),
    );
  });

  it("tells a ZooKeeper server that is alone from one of several", async () => {
    putOnPath({ docker: "printf '%s\\n' volume=a server=alone volume=b server=several" });
    expect(await formattedVolumes("trial", distribution, ["a", "b"])).toEqual([
      { volume: "a", metadata: "zookeeper", isOneOfSeveral: false },
      { volume: "b", metadata: "zookeeper", isOneOfSeveral: true },
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
