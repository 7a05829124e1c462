import { TerraformStack } from "cdktf";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider/index.js";
import { describe, expect, it } from "vitest";
import {
  Distribution,
  InvalidSettingError,
  Jmx,
  KafkaCluster,
  KafkaConnect,
  KsqlDb,
  Listener,
  Metadata,
  PublishedPort,
  RestProxy,
  SchemaRegistry,
  ZooKeeper,
} from "../../constructs/index.ts";
import { emptyApp, environmentOf, probeOf, synthesize, type Block } from "./synthesis.ts";

type Mode = "zookeeper" | "kraft";

/** A version, the modes that it runs in, and what is said of the one that it does not. */
interface Row {
  readonly distribution: Distribution;
  readonly modes: readonly Mode[];
  readonly refusal?: string;
  /** Names of the images, service by service; those of none are not there. */
  readonly images: Readonly<Record<string, string>>;
}

function confluent(version: string, more: Omit<Row, "distribution" | "images">): Row {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const image = (name: string): string => `confluentinc/cp-${name}:${version}`;
  const cliInServer = major > 8 || (major === 8 && minor >= 1);
  return {
    distribution: Distribution.confluent(version),
    ...more,
    images: {
      ...(more.modes.includes("zookeeper") ? { zookeeper: image("zookeeper") } : {}),
      kafka: image("kafka"),
      registry: image("schema-registry"),
      connect: image("kafka-connect"),
      ksqldb: image("ksqldb-server"),
      "ksqldb-cli": image(cliInServer ? "ksqldb-server" : "ksqldb-cli"),
      rest: image("kafka-rest"),
    },
  };
}

function apache(version: string, refusal: string): Row {
  const kafka = `apache/kafka:${version}`;
  const registry = "apicurio/apicurio-registry:3.0.9";
  return {
    distribution: Distribution.apache(version),
    modes: ["kraft"],
    refusal,
    images: { kafka, registry, connect: kafka },
  };
}

function local(version: string, zooKeeper: string | undefined, refusal?: string): Row {
  const kafka = `kafka-platform-kit/kafka:${version}`;
  const modes: Mode[] = version.startsWith("3.0.") ? [] : ["kraft"];
  return {
    distribution: Distribution.local(version),
    modes: zooKeeper === undefined ? modes : ["zookeeper", ...modes],
    ...(refusal === undefined ? {} : { refusal }),
    images: {
      ...(zooKeeper === undefined
        ? {}
        : { zookeeper: `kafka-platform-kit/zookeeper:${zooKeeper}` }),
      kafka,
      registry: "kafka-platform-kit/apicurio-registry:3.0.9",
      connect: kafka,
    },
  };
}

const TO_7_9 = "the last that has it is Confluent 7.9 (Kafka 3.9), or use Metadata.kraft()";
const KRAFT_ONLY = "runs KRaft only; Confluent 7.9 has ZooKeeper, or use Metadata.kraft()";

const ROWS: readonly Row[] = [
  confluent("7.0.1", {
    modes: ["zookeeper"],
    refusal: "Confluent 7.0.1 has no KRaft; the first that has it is 7.4",
  }),
  confluent("7.3.3", {
    modes: ["zookeeper"],
    refusal: "Confluent 7.3.3 has no KRaft; the first that has it is 7.4",
  }),
  confluent("7.4.1", { modes: ["zookeeper", "kraft"] }),
  confluent("7.9.1", { modes: ["zookeeper", "kraft"] }),
  confluent("8.0.0", {
    modes: ["kraft"],
    refusal: `Confluent 8.0.0 has no ZooKeeper; ${TO_7_9}`,
  }),
  confluent("8.1.0", {
    modes: ["kraft"],
    refusal: `Confluent 8.1.0 has no ZooKeeper; ${TO_7_9}`,
  }),
  confluent("8.3.0", {
    modes: ["kraft"],
    refusal: `Confluent 8.3.0 has no ZooKeeper; ${TO_7_9}`,
  }),
  apache("3.7.1", `the image apache/kafka:3.7.1 ${KRAFT_ONLY}`),
  apache("3.9.1", `the image apache/kafka:3.9.1 ${KRAFT_ONLY}`),
  apache("4.0.0", `Apache Kafka 4.0.0 has no ZooKeeper; ${TO_7_9}`),
  apache("4.1.1", `Apache Kafka 4.1.1 has no ZooKeeper; ${TO_7_9}`),
  local("3.0.1", "3.6.3", "Kafka 3.0.1 has no KRaft fit for use; the first that has it is 3.3"),
  local("3.9.1", "3.8.4"),
  local("4.1.1", undefined, `local 4.1.1 has no ZooKeeper; ${TO_7_9}`),
];

const CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk";
const ENSEMBLE = { connect: "zookeeper:2181", containers: [] };

/** A container as it is rendered, its image by name. */
interface Rendered {
  readonly image: string;
  readonly block: Block;
}

/** All that the kit has for a version, wired as an environment wires it. */
function platform({ distribution }: Row, mode: Mode): Record<string, Rendered> {
  const stack = new TerraformStack(emptyApp(), "stack");
  new DockerProvider(stack, "docker");
  const network = { name: "network" };
  const zooKeeper =
    mode === "kraft"
      ? undefined
      : new ZooKeeper(stack, "zookeeper", { name: "zookeeper", distribution, network });
  const kafka = new KafkaCluster(stack, "kafka", {
    name: "kafka",
    distribution,
    network,
    listeners: [
      Listener.network(),
      Listener.host(),
      Listener.external({ name: "LAN", address: "192.168.56.101" }),
    ],
    jmx: Jmx.external({ address: "192.168.56.101" }),
    ...(zooKeeper === undefined
      ? { clusterId: CLUSTER_ID }
      : { metadata: Metadata.zooKeeper(zooKeeper) }),
  });
  const registry = new SchemaRegistry(stack, "registry", {
    name: "registry",
    kafka,
    publish: PublishedPort.host(8081),
  });
  const avro = distribution.connect?.contract === "confluent";
  const connect = new KafkaConnect(stack, "connect", {
    name: "connect",
    kafka,
    ...(avro ? { schemaRegistry: registry } : {}),
  });
  if (distribution.ksqlDb !== undefined) {
    const more = { kafka, schemaRegistry: registry, connect };
    new KsqlDb(stack, "ksqldb", { name: "ksqldb", ...more }).addCli();
  }
  if (distribution.restProxy !== undefined) {
    new RestProxy(stack, "rest", { name: "rest", kafka, schemaRegistry: registry });
  }
  const { resource } = synthesize(stack);
  const images = resource["docker_image"] ?? {};
  return Object.fromEntries(
    Object.values(resource["docker_container"] ?? {}).map((block) => {
      const [, id = ""] = /docker_image\.([^.]+)\./.exec(String(block["image"])) ?? [];
      const name = String(block["name"]).replace(/-1$/, "");
      return [name, { image: String(images[id]?.["name"]), block }];
    }),
  );
}

const RUNS = ROWS.flatMap((row) =>
  row.modes.map((mode) => ({
    row,
    mode,
    title: `${String(row.distribution)} on ${mode === "kraft" ? "KRaft" : "ZooKeeper"}`,
  })),
);

/** What an image makes of a container's variables. */
interface Contract {
  /** Of which images. */
  readonly of: (container: { name: string; image: string; row: Row; mode: Mode }) => boolean;
  /** Variables that must be there, each with what happens without it. */
  readonly demands?: Readonly<Record<string, string>>;
  /** Variables that must not be there, each with what happens with it. */
  readonly rejects?: readonly { readonly name: RegExp; readonly reason: string }[];
}

const isBroker = ({ name }: { name: string }): boolean => name === "kafka";

const CONTRACTS: readonly Contract[] = [
  {
    of: ({ image }) => image.includes("zookeeper"),
    demands: {
      ZOOKEEPER_CLIENT_PORT: "the start ends without it",
      KAFKA_OPTS: "the word that the probe says is on no whitelist without it",
      KAFKA_HEAP_OPTS: "Java takes 512 MiB without it, whatever the memory limit",
    },
    rejects: [
      { name: /^CLUSTER_ID$|^KAFKA_(?!OPTS|HEAP_OPTS)/, reason: "it is a broker's" },
      { name: /^ZOOKEEPER_SERVER/, reason: "one server is no ensemble, and needs no id" },
    ],
  },
  {
    of: isBroker,
    demands: {
      KAFKA_ADVERTISED_LISTENERS: "cp-kafka's start ends without it",
      KAFKA_LISTENERS: "what cp-kafka derives from the advertised ones has no CONTROLLER",
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "a listener's name means no protocol without it",
      KAFKA_LOG_DIRS: "apache/kafka keeps the data in /tmp without it",
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "one broker waits for three without it",
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "one broker waits for three without it",
      KAFKA_HEAP_OPTS: "Java takes 1 GiB without it, whatever the memory limit",
      KAFKA_JMX_PORT: "it was asked for",
      KAFKA_JMX_HOSTNAME: "JMX sends its clients to an address of the network without it",
    },
    rejects: [
      {
        name: /^KAFKA_(ADVERTISED_)?(HOST|PORT|HOST_NAME)$/,
        reason: "cp-kafka's start ends with it",
      },
      { name: /^JMX_PORT$/, reason: "Kafka's tools in the container would want the port too" },
      { name: /^KAFKA_OPTS$/, reason: "Kafka's tools in the container would take it too" },
    ],
  },
  {
    of: ({ name, mode }) => name === "kafka" && mode === "kraft",
    demands: {
      CLUSTER_ID: "cp-kafka ends without it; apache/kafka formats with one that all the world has",
      KAFKA_PROCESS_ROLES: "up to 7.9 cp-kafka asks for ZooKeeper without it",
      KAFKA_NODE_ID: "Kafka ends without it",
      KAFKA_CONTROLLER_QUORUM_VOTERS: "Kafka ends without it",
      KAFKA_CONTROLLER_LISTENER_NAMES: "Kafka ends without it",
    },
    rejects: [
      { name: /^KAFKA_ZOOKEEPER_/, reason: "there is no ZooKeeper" },
      { name: /^KAFKA_BROKER_ID$/, reason: "the node id is the one that counts" },
    ],
  },
  {
    of: ({ name, mode }) => name === "kafka" && mode === "zookeeper",
    demands: {
      KAFKA_ZOOKEEPER_CONNECT: "cp-kafka's start ends without it",
      KAFKA_BROKER_ID: "ZooKeeper draws one without it, another one for an empty volume",
    },
    rejects: [
      { name: /^CLUSTER_ID$/, reason: "nothing is formatted: Kafka draws its id itself" },
      {
        name: /^KAFKA_(PROCESS_ROLES|NODE_ID|CONTROLLER_)/,
        reason: "Kafka takes itself for a part of a quorum with it",
      },
    ],
  },
  {
    of: ({ name, row }) => name === "kafka" && row.distribution.hasKafka(4, 1),
    demands: {
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR:
        "share groups wait for three brokers without it",
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: "share groups wait for two brokers without it",
    },
  },
  {
    of: ({ name, row }) => name === "kafka" && !row.distribution.hasKafka(4, 1),
    rejects: [{ name: /^KAFKA_SHARE_/, reason: "there are no share groups yet" }],
  },
  {
    of: ({ image }) => image.includes("cp-schema-registry"),
    demands: {
      SCHEMA_REGISTRY_HOST_NAME: "the start ends without it",
      SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: "the start ends without it",
      SCHEMA_REGISTRY_LISTENERS: "it says where it listens, instead of a port that is refused",
      SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR: "one broker waits for three without it",
      SCHEMA_REGISTRY_HEAP_OPTS: "Java takes 512 MiB without it, whatever the memory limit",
    },
    rejects: [
      { name: /^SCHEMA_REGISTRY_PORT$/, reason: "the start ends with it" },
      {
        name: /^SCHEMA_REGISTRY_KAFKASTORE_CONNECTION_URL$/,
        reason: "it is ZooKeeper's address, which 7.0 no longer takes",
      },
      { name: /^KAFKA_/, reason: "it is another image's" },
    ],
  },
  {
    of: ({ image }) => image.includes("apicurio"),
    demands: {
      APICURIO_STORAGE_KIND: "its schemas are in memory without it",
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: "it looks for a broker beside itself without it",
      APICURIO_RULES_GLOBAL_COMPATIBILITY: "it takes incompatible schemas without it",
      QUARKUS_HTTP_PORT: "it listens on 8080 without it",
      JAVA_OPTS_APPEND: "Java takes a share of the memory without it",
    },
    rejects: [{ name: /^(SCHEMA_REGISTRY|KAFKA)_/, reason: "it is another image's" }],
  },
  {
    of: ({ image }) => image.includes("cp-kafka-connect"),
    demands: {
      ...Object.fromEntries(
        [
          "BOOTSTRAP_SERVERS",
          "GROUP_ID",
          "CONFIG_STORAGE_TOPIC",
          "OFFSET_STORAGE_TOPIC",
          "STATUS_STORAGE_TOPIC",
          "KEY_CONVERTER",
          "VALUE_CONVERTER",
          "REST_ADVERTISED_HOST_NAME",
        ].map((name) => [`CONNECT_${name}`, "the start ends without it"]),
      ),
      CONNECT_VALUE_CONVERTER_SCHEMA_REGISTRY_URL: "with Avro the start ends without it",
      CONNECT_CONFIG_STORAGE_REPLICATION_FACTOR: "one broker cannot have three without it",
      CONNECT_OFFSET_STORAGE_REPLICATION_FACTOR: "one broker cannot have three without it",
      CONNECT_STATUS_STORAGE_REPLICATION_FACTOR: "one broker cannot have three without it",
      CONNECT_REST_PORT: "the image's own healthcheck looks there",
      KAFKA_HEAP_OPTS: "Java takes up to 2 GiB without it, whatever the memory limit",
    },
    rejects: [
      { name: /^CONNECT_PLUGIN_PATH$/, reason: "the image's own has what it ships" },
      { name: /^CONNECT_INTERNAL_/, reason: "internal converters are no setting any more" },
      { name: /^CONNECT_PROPERTIES$/, reason: "it would become the property properties" },
      { name: /^KAFKA_(?!HEAP_OPTS)|^CLUSTER_ID$/, reason: "it is a broker's" },
    ],
  },
  {
    of: ({ name, image }) => name === "connect" && !image.includes("cp-kafka-connect"),
    demands: {
      CONNECT_PROPERTIES: "the command has nothing to write to the worker's file",
      KAFKA_HEAP_OPTS: "Java takes up to 2 GiB without it, whatever the memory limit",
    },
    rejects: [
      { name: /^CONNECT_(?!PROPERTIES)/, reason: "nothing in the image reads it" },
      { name: /^KAFKA_(?!HEAP_OPTS)|^CLUSTER_ID$/, reason: "it is a broker's" },
    ],
  },
  {
    of: ({ name }) => name === "ksqldb",
    demands: {
      KSQL_BOOTSTRAP_SERVERS: "the start ends without it",
      KSQL_LISTENERS: "it says where it listens, whatever the version's default",
      KSQL_KSQL_SCHEMA_REGISTRY_URL: "Avro is refused without it",
      KSQL_KSQL_CONNECT_URL: "it looks for Connect beside itself without it",
      KSQL_KSQL_INTERNAL_TOPIC_REPLICAS: "one broker cannot have more",
      KSQL_KSQL_STREAMS_REPLICATION_FACTOR: "one broker cannot have more",
      KSQL_HEAP_OPTS: "Java takes 3 GiB without it, whatever the memory limit",
    },
    rejects: [
      {
        name: /^KSQL_CONNECT_/,
        reason: "the image starts a Connect of its own inside for KSQL_CONNECT_GROUP_ID",
      },
      {
        name: /INTERCEPTOR/,
        reason: "the community images lack the interceptors' classes",
      },
      { name: /^KSQL_(CONFIG_DIR|HOST_NAME)$/, reason: "ksqlDB has no such property" },
      {
        name: /CACHE_MAX_BYTES_BUFFERING/,
        reason: "Kafka 3.4 calls it statestore.cache.max.bytes; who wants it, sets it",
      },
      { name: /^KAFKA_|^CLUSTER_ID$/, reason: "it is a broker's" },
    ],
  },
  {
    of: ({ name }) => name === "ksqldb-cli",
    rejects: [{ name: /./, reason: "nothing runs in it but sleep" }],
  },
  {
    of: ({ image }) => image.includes("cp-kafka-rest"),
    demands: {
      KAFKA_REST_BOOTSTRAP_SERVERS: "the start ends without it",
      KAFKA_REST_HOST_NAME: "the start ends without it",
      KAFKA_REST_LISTENERS: "it says where it listens, instead of a port that is refused",
      KAFKA_REST_SCHEMA_REGISTRY_URL: "Avro is refused without it",
      KAFKAREST_HEAP_OPTS: "Java takes 256 MiB without it; it has this name and no other",
    },
    rejects: [
      { name: /^KAFKA_REST_PORT$/, reason: "the start ends with it" },
      { name: /^KAFKA_REST_HEAP_OPTS$/, reason: "it would become the property heap.opts" },
      { name: /^KAFKA_REST_ZOOKEEPER_CONNECT$/, reason: "the REST Proxy asks brokers only" },
      { name: /^KAFKA_(?!REST_)|^CLUSTER_ID$/, reason: "it is a broker's" },
    ],
  },
];

describe.each(RUNS)("$title", ({ row, mode }) => {
  const containers = (): [name: string, container: Rendered][] =>
    Object.entries(platform(row, mode));
  const broker = (): Block => platform(row, mode)["kafka"]!.block;

  it("has these images and no other", () => {
    const { zookeeper, ...others } = row.images;
    expect(Object.fromEntries(containers().map(([name, { image }]) => [name, image]))).toEqual(
      mode === "zookeeper" ? { zookeeper, ...others } : others,
    );
  });

  it("gives each image what it demands, and nothing that it rejects", () => {
    const wrong = containers().flatMap(([name, { image, block }]) => {
      const variables = Object.keys(environmentOf(block));
      const held = CONTRACTS.filter(({ of }) => of({ name, image, row, mode }));
      expect(held, `contract of ${image}`).not.toEqual([]);
      return held.flatMap(({ demands = {}, rejects = [] }) => [
        ...Object.entries(demands)
          .filter(([demanded]) => !variables.includes(demanded))
          .map(([demanded, reason]) => `${image} needs ${demanded}: ${reason}`),
        ...rejects.flatMap(({ name: rejected, reason }) =>
          variables
            .filter((variable) => rejected.test(variable))
            .map((variable) => `${image} must not have ${variable}: ${reason}`),
        ),
      ]);
    });
    expect(wrong).toEqual([]);
  });

  it("says nothing that Docker or Terraform would read otherwise", () => {
    for (const [, { block }] of containers()) {
      for (const [variable, value] of Object.entries(environmentOf(block))) {
        expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
        expect(value, `${variable} is empty, which dub takes for absent`).not.toBe("");
      }
      const texts = [block["env"], block["command"], probeOf(block)];
      // Terraform would look for an expression.
      expect(JSON.stringify(texts)).not.toMatch(/[$%]\{/);
    }
  });

  it("asks for health with nothing but bash, and what ZooKeeper's images have beside it", () => {
    for (const [name, { block }] of containers()) {
      const commands = commandsIn(probeOf(block));
      const beside = name === "zookeeper" ? ["timeout"] : [];
      expect(["exec", "printf", "read", "echo", "[[", ":", ...beside]).toEqual(
        expect.arrayContaining(commands),
      );
    }
  });

  it("changes neither the user, nor what the image may do, nor its command where it has one", () => {
    for (const [name, { image, block }] of containers()) {
      const own = name === "ksqldb-cli" ? ["command", "entrypoint", "init"] : [];
      const worker = name === "connect" && !image.includes("/cp-") ? ["command"] : [];
      expect([...KEYS, ...own, ...worker]).toEqual(expect.arrayContaining(Object.keys(block)));
    }
  });

  it("keeps data at exactly the paths that the images declare", () => {
    const targets = (block: Block): unknown =>
      ((block["mounts"] ?? []) as { target: string }[]).map(({ target }) => target);
    for (const [name, { block }] of containers()) {
      expect(targets(block), name).toEqual(
        {
          kafka: ["/var/lib/kafka/data"],
          zookeeper: ["/var/lib/zookeeper/data", "/var/lib/zookeeper/log"],
        }[name] ?? [],
      );
    }
    expect(environmentOf(broker())["KAFKA_LOG_DIRS"]).toBe("/var/lib/kafka/data");
  });

  it("has an id of ours to format with on KRaft, and none on ZooKeeper", () => {
    const id = environmentOf(broker())["CLUSTER_ID"];
    expect(id).toBe(mode === "kraft" ? CLUSTER_ID : undefined);
  });

  it("names listeners so that no image takes them for protocols that need files", () => {
    const { KAFKA_ADVERTISED_LISTENERS: advertised, KAFKA_LISTENERS: listeners } =
      environmentOf(broker());
    expect(advertised).toBe(
      "BROKER://kafka-1:19091,NETWORK://kafka-1:19092,HOST://localhost:9092,LAN://192.168.56.101:9192",
    );
    // What cp-kafka looks for.
    expect(advertised).not.toMatch(/SSL:\/\/|SASL_.*:\/\//);
    const bound = [
      "BROKER://0.0.0.0:19091",
      "NETWORK://0.0.0.0:19092",
      "HOST://0.0.0.0:9092",
      "LAN://0.0.0.0:9192",
    ];
    // Kafka 3.9.0 refuses a controller on 0.0.0.0.
    const controller = mode === "kraft" ? ["CONTROLLER://kafka-1:19093"] : [];
    expect(listeners?.split(",")).toEqual([...bound, ...controller]);
  });

  it("has the brokers' JMX where it is asked for, on one port inside and outside", () => {
    expect(environmentOf(broker())).toMatchObject({
      KAFKA_JMX_PORT: "9101",
      KAFKA_JMX_HOSTNAME: "192.168.56.101",
    });
    expect(broker()["ports"]).toContainEqual({
      internal: 9101,
      external: 9101,
      ip: "192.168.56.101",
    });
  });
});

describe("the mode that a version has not", () => {
  const refusing = ROWS.filter(({ modes }) => modes.length === 1);

  it.each(refusing.map((row) => ({ row, title: String(row.distribution) })))(
    "is refused on $title, naming the nearest version that has it",
    ({ row: { distribution, modes, refusal = "" } }) => {
      const other = modes.includes("kraft")
        ? { metadata: Metadata.zooKeeper(ENSEMBLE) }
        : { clusterId: CLUSTER_ID };
      const refused = (): void => {
        const stack = new TerraformStack(emptyApp(), "stack");
        new DockerProvider(stack, "docker");
        new KafkaCluster(stack, "kafka", {
          name: "kafka",
          distribution,
          network: { name: "network" },
          listeners: [Listener.host()],
          ...other,
        });
        synthesize(stack);
      };
      expect(refused).toThrowError(`[stack/kafka] ${refusal}`);
    },
  );

  it.each(
    ROWS.filter(({ modes }) => !modes.includes("zookeeper")).map((row) => ({
      row,
      title: String(row.distribution),
    })),
  )("has no server either: ZooKeeper on $title", ({ row: { distribution, refusal } }) => {
    const network = { name: "network" };
    const make = (): unknown =>
      new ZooKeeper(new TerraformStack(emptyApp(), "stack"), "zookeeper", {
        name: "zookeeper",
        distribution,
        network,
      });
    expect(make).toThrowError(new InvalidSettingError(refusal ?? ""));
  });

  it("is said of every version that has but one", () => {
    expect(refusing.filter(({ refusal }) => refusal === undefined)).toEqual([]);
  });
});

it("renders of each version and mode what it did", async () => {
  const text = RUNS.map(({ row, mode, title }) =>
    [
      `# ${title}`,
      ...Object.entries(platform(row, mode))
        .sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
        .map(([name, container]) => page(name, container)),
    ].join("\n\n"),
  ).join("\n\n\n");
  await expect(`${text}\n`).toMatchFileSnapshot("__snapshots__/versions.txt");
});

/** Who stands on whom. */
const ORDER = ["zookeeper", "kafka", "registry", "connect", "ksqldb", "ksqldb-cli", "rest"];

/** Settings that containers may have. */
const KEYS = [
  "depends_on",
  "destroy_grace_seconds",
  "env",
  "healthcheck",
  "hostname",
  "image",
  "labels",
  "memory",
  "memory_swap",
  "mounts",
  "name",
  "networks_advanced",
  "ports",
  "restart",
  "stop_timeout",
];

/** The commands of a script, each once. */
function commandsIn(script: string): string[] {
  const bare = script
    // What is quoted or compared with is no command.
    .replaceAll(/'[^']*'|"[^"]*"/g, "_")
    .replaceAll(/\b(?:while|do|done|then|if|fi)\b|[{}]/g, " ; ");
  const words = bare.split(/&&|\|\||;|\|/).map((part) => part.trim().split(/\s+/)[0] ?? "");
  return [...new Set(words.filter((word) => word !== ""))];
}

/** A file's text, below the variable that holds it. */
function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `\n    ${line}`)
    .join("");
}

/** A value whose blanks at the ends are seen. */
function visible(value: string): string {
  return value === value.trim() ? value : JSON.stringify(value);
}

/** A container as one reads it. */
function page(name: string, { image, block }: Rendered): string {
  const list = (key: string): readonly unknown[] => (block[key] ?? []) as unknown[];
  const words = (key: string): string[] =>
    block[key] === undefined ? [] : [`${key} ${list(key).map(String).join(" ")}`];
  const ports = list("ports") as readonly { internal: number; external: number; ip: string }[];
  const mounts = list("mounts") as readonly { target: string }[];
  const needs = list("depends_on").map((on) => /^docker_container\.([a-z]+)/.exec(String(on))?.[1]);
  const lines = [
    `image ${image}`,
    ...words("entrypoint"),
    ...words("command"),
    ...(block["init"] === undefined ? [] : [`init ${String(block["init"])}`]),
    `memory ${String(block["memory"])} MiB, stops in ${String(block["stop_timeout"])} s`,
    ...(needs.length === 0 ? [] : [`goes before ${needs.join(", ")}`]),
    ...ports.map(({ internal, external, ip }) => `port ${ip}:${external} to ${internal}`),
    ...mounts.map(({ target }) => `volume ${target}`),
    ...Object.entries(environmentOf(block)).map(
      ([variable, value]) =>
        `${variable}=${value.includes("\n") ? indented(value) : visible(value)}`,
    ),
    `probe ${probeOf(block)}`,
  ];
  return [`## ${name}`, ...lines.map((line) => `  ${line}`)].join("\n");
}
