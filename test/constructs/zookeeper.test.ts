import { describe, expect, it } from "vitest";
import {
  Distribution,
  Image,
  InvalidSettingError,
  Memory,
  PublishedPort,
  Storage,
  ZooKeeper,
  type ZooKeeperProps,
} from "../../constructs/index.ts";
import { environmentOf, synthesizeScope, theOnly, type Block, type Program } from "./synthesis.ts";

const PROPS: ZooKeeperProps = {
  name: "dev-zookeeper",
  distribution: Distribution.confluent("7.0.1"),
  network: { name: "dev-network" },
};

function synthesize(props: Partial<ZooKeeperProps> = {}): Program {
  return synthesizeScope((scope) => new ZooKeeper(scope, "zookeeper", { ...PROPS, ...props }));
}

function container(props: Partial<ZooKeeperProps> = {}): Block {
  return theOnly("docker_container", synthesize(props));
}

describe("a server", () => {
  it("takes its settings as cp-zookeeper does", () => {
    expect(environmentOf(container())).toEqual({
      ZOOKEEPER_CLIENT_PORT: "2181",
      ZOOKEEPER_TICK_TIME: "2000",
      ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT: "3",
      ZOOKEEPER_AUTOPURGE_PURGE_INTERVAL: "24",
      KAFKA_HEAP_OPTS: "-Xms256m -Xmx256m",
      KAFKA_OPTS: "-Dzookeeper.4lw.commands.whitelist=srvr -Dzookeeper.admin.enableServer=false",
    });
  });

  it.each([
    { distribution: Distribution.confluent("7.9.1"), image: "confluentinc/cp-zookeeper:7.9.1" },
    { distribution: Distribution.local("3.0.1"), image: "kafka-platform-kit/zookeeper:3.6.3" },
    { distribution: Distribution.local("3.9.1"), image: "kafka-platform-kit/zookeeper:3.8.4" },
  ])("runs on $image", ({ distribution, image }) => {
    expect(theOnly("docker_image", synthesize({ distribution }))["name"]).toBe(image);
  });

  it("keeps snapshots and transaction log in volumes of their own", () => {
    const program = synthesize();
    expect(Object.values(program.resource["docker_volume"] ?? {}).map(({ name }) => name)).toEqual([
      "dev-zookeeper-1-data",
      "dev-zookeeper-1-log",
    ]);
    expect(theOnly("docker_container", program)["mounts"]).toMatchObject([
      { target: "/var/lib/zookeeper/data" },
      { target: "/var/lib/zookeeper/log" },
    ]);
  });

  it("keeps both in memory with ephemeral storage", () => {
    const program = synthesize({ storage: Storage.ephemeral() });
    expect(program.resource["docker_volume"]).toBeUndefined();
    expect(theOnly("docker_container", program)["tmpfs"]).toEqual({
      "/var/lib/zookeeper/data": "",
      "/var/lib/zookeeper/log": "",
    });
  });

  it("publishes nothing unless told to, and then on 127.0.0.1 only", () => {
    expect(container()["ports"]).toEqual([]);
    expect(container({ publish: PublishedPort.host(12181) })["ports"]).toEqual([
      { internal: 2181, external: 12181, ip: "127.0.0.1" },
    ]);
  });

  it("is asked for its mode, which it tells only while it serves", () => {
    expect(container()["healthcheck"]).toMatchObject({
      test: [
        "CMD",
        "bash",
        "-c",
        "exec 3<>/dev/tcp/dev-zookeeper-1/2181 && printf srvr >&3 && timeout 4 grep -q ^Mode: <&3",
      ],
    });
  });

  it("may be called as somebody likes", () => {
    expect(container({ hosts: ["zookeeper"] })).toMatchObject({
      name: "zookeeper",
      hostname: "zookeeper",
    });
  });

  it("has room beside its heap", () => {
    expect(container({ heap: Memory.mebibytes(512) })).toMatchObject({ memory: 1024 });
    expect(() =>
      synthesize({ heap: Memory.mebibytes(512), memoryLimit: Memory.mebibytes(600) }),
    ).toThrowError("[stack/zookeeper] a heap of 512 MiB does not fit a memory limit of 600 MiB; ");
  });
});

it("tells brokers where it is", () => {
  const made: ZooKeeper[] = [];
  synthesizeScope((scope) =>
    made.push(
      new ZooKeeper(scope, "zookeeper", {
        ...PROPS,
        hosts: ["zookeeper"],
        publish: PublishedPort.host(9),
      }),
    ),
  );
  // The port inside the network, whatever the host's.
  expect(made[0]?.connect).toBe("zookeeper:2181");
});

describe("a setting that is wrong by itself", () => {
  it.each([
    {
      title: "a distribution without ZooKeeper",
      props: { distribution: Distribution.confluent("8.0.0") },
      message:
        "Confluent 8.0.0 has no ZooKeeper; the last that has it is Confluent 7.9 (Kafka 3.9), or use Metadata.kraft()",
    },
    {
      title: "images of one's own without one for ZooKeeper",
      props: {
        distribution: Distribution.of({
          name: "ours",
          kafka: Image.of("example.org/kafka:3.9.1"),
          kafkaVersion: "3.9.1",
        }),
      },
      message: "ours 3.9.1 names no ZooKeeper image; give zooKeeper to Distribution.of()",
    },
    {
      title: "a name that cannot be",
      props: { name: "Zoo" },
      message:
        'ZooKeeper name "Zoo" cannot be a host name; use lower-case letters, digits and dashes, 60 at the most',
    },
  ])("rejects $title", ({ props, message }) => {
    expect(() => synthesize(props)).toThrowError(new InvalidSettingError(message));
  });
});
