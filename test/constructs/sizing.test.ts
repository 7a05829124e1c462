import { describe, expect, it } from "vitest";
import { TerraformStack } from "cdktf";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider/index.js";
import {
  Distribution,
  KafkaCluster,
  KafkaConnect,
  KsqlDb,
  Listener,
  Memory,
  Metadata,
  RestProxy,
  SchemaRegistry,
  Sizing,
  ZooKeeper,
  type KafkaClusterProps,
  type MemoryProps,
} from "../../constructs/index.ts";
import { emptyApp, environmentOf, synthesize, type Block } from "./synthesis.ts";

const NETWORK = { name: "network" };

/** Everything that a distribution has, by the names of the containers. */
function containers(
  distribution: Distribution,
  memory: MemoryProps,
  kafkaProps: Partial<KafkaClusterProps> = {},
): Record<string, Block> {
  const stack = new TerraformStack(emptyApp(), "stack");
  new DockerProvider(stack, "docker");
  const kafka = new KafkaCluster(stack, "kafka", {
    name: "kafka",
    distribution,
    network: NETWORK,
    clusterId: "MkU3OEVBNTcwNTJENDM2Qk",
    metadata: Metadata.kraft({ controllers: 1 }),
    listeners: [Listener.network()],
    ...memory,
    ...kafkaProps,
  });
  if (distribution.zooKeeper !== undefined) {
    const props = { name: "zookeeper", distribution, network: NETWORK };
    new ZooKeeper(stack, "zookeeper", { ...props, ...memory });
  }
  const beside = { kafka, ...memory };
  new SchemaRegistry(stack, "registry", { name: "registry", ...beside });
  new KafkaConnect(stack, "connect", { name: "connect", ...beside });
  if (distribution.ksqlDb !== undefined) new KsqlDb(stack, "ksql", { name: "ksql", ...beside });
  if (distribution.restProxy !== undefined) {
    new RestProxy(stack, "rest", { name: "rest", ...beside });
  }
  return Object.fromEntries(
    Object.values(synthesize(stack).resource["docker_container"] ?? {}).map((container) => [
      String(container["name"]),
      container,
    ]),
  );
}

/** What the JVMs are told of their memory, and their limits. */
function told(all: Record<string, Block>): Record<string, Block> {
  const isOfMemory = /_HEAP_OPTS$|_PERFORMANCE_OPTS$|^JAVA_OPTS|DEDUPE_BUFFER/;
  return Object.fromEntries(
    Object.entries(all).map(([name, container]) => {
      const variables = Object.entries(environmentOf(container));
      const ofMemory = variables.filter(([variable]) => isOfMemory.test(variable));
      return [name, { ...Object.fromEntries(ofMemory), limit: container["memory"] }];
    }),
  );
}

const SMALL =
  "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true";
const BUFFER = { KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE: "4194304" };

/** As the start scripts of Kafka and of Confluent's services read it. */
function small(prefix: string, heap: number): Block {
  return {
    [`${prefix}_HEAP_OPTS`]: `-Xms16m -Xmx${heap}m`,
    [`${prefix}_JVM_PERFORMANCE_OPTS`]: SMALL,
    limit: heap + 512,
  };
}

const NODES = {
  "kafka-1": { ...small("KAFKA", 256), ...BUFFER },
  "kafka-controller-1": { ...small("KAFKA", 128), ...BUFFER },
};
const APICURIO = {
  JAVA_OPTS_APPEND: `-Xms16m -Xmx128m -XX:-UseParallelGC ${SMALL}`,
  limit: 640,
};

describe("Sizing.laptop()", () => {
  it.each([
    {
      distribution: Distribution.confluent("7.9.1"),
      expected: {
        ...NODES,
        "zookeeper-1": small("KAFKA", 128),
        registry: small("SCHEMA_REGISTRY", 128),
        connect: small("KAFKA", 256),
        ksql: small("KSQL", 512),
        rest: small("KAFKAREST", 256),
      },
    },
    {
      distribution: Distribution.apache("4.1.1"),
      expected: { ...NODES, registry: APICURIO, connect: small("KAFKA", 256) },
    },
    {
      distribution: Distribution.local("3.9.1"),
      expected: {
        ...NODES,
        "zookeeper-1": small("KAFKA", 128),
        registry: APICURIO,
        connect: small("KAFKA", 256),
      },
    },
  ])("is told to each image of $distribution in its own words", ({ distribution, expected }) => {
    expect(told(containers(distribution, { sizing: Sizing.laptop() }))).toEqual(expected);
  });

  it("gives way to a heap and a limit of the service's own", () => {
    const heap = Memory.mebibytes(300);
    const own = { sizing: Sizing.laptop(), heap, memoryLimit: Memory.mebibytes(700) };
    expect(told(containers(Distribution.local("4.1.1"), own))).toMatchObject({
      "kafka-1": { KAFKA_HEAP_OPTS: "-Xms16m -Xmx300m", limit: 700 },
      "kafka-controller-1": { KAFKA_HEAP_OPTS: "-Xms16m -Xmx128m", limit: 640 },
      registry: { JAVA_OPTS_APPEND: expect.stringMatching(/^-Xms16m -Xmx300m /), limit: 700 },
      connect: { KAFKA_HEAP_OPTS: "-Xms16m -Xmx300m", limit: 700 },
    });
  });

  it("begins with no more than there may be", () => {
    const own = { sizing: Sizing.laptop(), heap: Memory.mebibytes(12) };
    const { registry } = told(
      containers(Distribution.local("4.1.1"), own, { heap: Memory.gibibytes(1) }),
    );
    expect(registry).toMatchObject({
      JAVA_OPTS_APPEND: expect.stringMatching(/^-Xms12m -Xmx12m /),
    });
  });

  it("gives way to broker settings of the cluster's own", () => {
    const settings = { "log.cleaner.dedupe.buffer.size": "8388608" };
    const all = containers(Distribution.local("4.1.1"), { sizing: Sizing.laptop() }, { settings });
    expect(told(all)["kafka-1"]).toMatchObject({
      KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE: "8388608",
    });
  });
});

describe("a memory limit that is too small", () => {
  const all: [container: string, id: string, least: number][] = [
    ["kafka-1", "kafka", 256 + 160],
    ["zookeeper-1", "zookeeper", 128 + 128],
    ["registry", "registry", 128 + 160],
    ["connect", "connect", 256 + 192],
    ["ksql", "ksql", 512 + 256],
    ["rest", "rest", 256 + 128],
  ];
  const limited = (mebibytes: number): Record<string, Block> =>
    containers(Distribution.confluent("7.9.1"), {
      sizing: Sizing.laptop(),
      memoryLimit: Memory.mebibytes(mebibytes),
    });

  it.each(all)("is refused for %s, by what it needs beside its heap", (container, id, least) => {
    expect(() => limited(least - 1)).toThrowError(
      new RegExp(
        `\\[stack/${id}\\] a heap of \\d+ MiB does not fit .* \\(${least} MiB at the least\\)`,
      ),
    );
    expect(limited(768)[container]).toMatchObject({ memory: 768 });
  });
});

describe("Sizing.server()", () => {
  it("is what a service has that is told of none, and leaves all but the heap to the image", () => {
    const distribution = Distribution.confluent("7.9.1");
    const all = told(containers(distribution, {}));
    expect(told(containers(distribution, { sizing: Sizing.server() }))).toEqual(all);
    const fixed = (prefix: string, heap: number): Block => ({
      [`${prefix}_HEAP_OPTS`]: `-Xms${heap}m -Xmx${heap}m`,
      limit: heap + 512,
    });
    expect(all).toEqual({
      "kafka-1": fixed("KAFKA", 1024),
      "kafka-controller-1": fixed("KAFKA", 512),
      "zookeeper-1": fixed("KAFKA", 256),
      registry: fixed("SCHEMA_REGISTRY", 256),
      connect: fixed("KAFKA", 512),
      ksql: fixed("KSQL", 512),
      rest: fixed("KAFKAREST", 256),
    });
  });

  it("leaves Apicurio's collector to its image", () => {
    expect(told(containers(Distribution.apache("4.1.1"), {}))["registry"]).toEqual({
      JAVA_OPTS_APPEND: "-Xms256m -Xmx256m",
      limit: 768,
    });
  });
});
