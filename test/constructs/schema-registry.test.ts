import { describe, expect, it } from "vitest";
import {
  Distribution,
  Image,
  InvalidSettingError,
  KafkaCluster,
  Listener,
  Memory,
  PublishedPort,
  SchemaRegistry,
  type KafkaClusterProps,
  type SchemaRegistryProps,
} from "../../constructs/index.ts";
import { environmentOf, synthesizeScope, type Block } from "./synthesis.ts";

const KAFKA: KafkaClusterProps = {
  name: "dev-kafka",
  distribution: Distribution.confluent("7.9.1"),
  network: { name: "dev-network" },
  clusterId: "MkU3OEVBNTcwNTJENDM2Qk",
  listeners: [Listener.host(), Listener.network({ name: "APPS", port: 29092 })],
};

interface Made {
  readonly registry: SchemaRegistry;
  readonly container: Block;
  readonly image: string;
}

function make(
  props: Partial<SchemaRegistryProps> = {},
  kafka: Partial<KafkaClusterProps> = {},
): Made {
  const made: SchemaRegistry[] = [];
  const { resource } = synthesizeScope((scope) => {
    const cluster = new KafkaCluster(scope, "kafka", { ...KAFKA, ...kafka });
    const settings = { name: "dev-schema-registry", kafka: cluster, ...props };
    made.push(new SchemaRegistry(scope, "registry", settings));
  });
  const named = (type: string): [string, Block][] =>
    Object.entries(resource[type] ?? {}).filter(([id]) => id.startsWith("registry"));
  return {
    registry: made[0]!,
    container: named("docker_container")[0]![1],
    image: String(named("docker_image")[0]![1]["name"]),
  };
}

describe("Confluent's", () => {
  it("takes its settings as cp-schema-registry does", () => {
    const { container, image } = make();
    expect(image).toBe("confluentinc/cp-schema-registry:7.9.1");
    expect(environmentOf(container)).toEqual({
      SCHEMA_REGISTRY_HOST_NAME: "dev-schema-registry",
      SCHEMA_REGISTRY_LISTENERS: "http://0.0.0.0:8081",
      SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: "dev-kafka-1:29092",
      SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR: "1",
      SCHEMA_REGISTRY_HEAP_OPTS: "-Xms256m -Xmx256m",
    });
  });

  it("is reached under one address from the network and another from the host", () => {
    const { registry } = make({ publish: PublishedPort.host(18081) });
    expect(registry.networkUrl).toBe("http://dev-schema-registry:8081");
    expect(registry.url("host")).toBe("http://localhost:18081");
    expect(registry.url("network")).toBe(registry.networkUrl);
    expect(registry.url("external")).toBeUndefined();
    expect(registry.product).toBe("confluent");
  });

  it("is ready once it lists its subjects", () => {
    const [, , , script] = (make().container["healthcheck"] as { test: string[] }).test;
    expect(script).toContain("/dev/tcp/dev-schema-registry/8081 ");
    expect(script).toContain("GET /subjects HTTP/1.0");
  });
});

describe("Apicurio's", () => {
  const distribution = Distribution.local("4.1.1");

  it.each([
    { distribution, image: "kafka-platform-kit/apicurio-registry:3.0.9" },
    { distribution: Distribution.apache("4.1.1"), image: "apicurio/apicurio-registry:3.0.9" },
  ])("runs on $image", ({ image, ...props }) => {
    expect(make(props).image).toBe(image);
  });

  it("keeps its schemas in Kafka and refuses incompatible ones, as Confluent's does", () => {
    expect(environmentOf(make({ distribution }).container)).toEqual({
      QUARKUS_HTTP_PORT: "8081",
      APICURIO_STORAGE_KIND: "kafkasql",
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: "dev-kafka-1:29092",
      APICURIO_KAFKASQL_TOPIC_RETENTION_MS: "-1",
      APICURIO_KAFKASQL_TOPIC_CLEANUP_POLICY: "delete",
      APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: "1000",
      QUARKUS_HTTP_ACCESS_LOG_ENABLED: "false",
      APICURIO_RULES_GLOBAL_COMPATIBILITY: "BACKWARD",
      JAVA_OPTS_APPEND: "-Xms256m -Xmx256m",
    });
  });

  it("has Confluent's API under a path of its own", () => {
    const { registry } = make({ distribution, publish: PublishedPort.host(8081) });
    expect(registry.networkUrl).toBe("http://dev-schema-registry:8081/apis/ccompat/v7");
    expect(registry.url("host")).toBe("http://localhost:8081/apis/ccompat/v7");
    expect(registry.product).toBe("apicurio");
  });
});

it("publishes nothing unless told to, and then on 127.0.0.1 only", () => {
  const silent = make();
  expect(silent.container["ports"]).toEqual([]);
  expect(silent.registry.url("host")).toBeUndefined();
  expect(make({ publish: PublishedPort.host(18081) }).container["ports"]).toEqual([
    { internal: 8081, external: 18081, ip: "127.0.0.1" },
  ]);
});

it("goes before the brokers that hold its schemas go", () => {
  expect(make().container["depends_on"]).toEqual([
    expect.stringMatching(/^docker_container\.kafka_broker-1_/),
  ]);
});

describe("what it refuses", () => {
  it.each([
    {
      title: "a distribution without one",
      props: {
        distribution: Distribution.of({
          name: "ours",
          kafka: Image.of("example.org/kafka:3.9.1"),
          kafkaVersion: "3.9.1",
        }),
      },
      message:
        "ours 3.9.1 has no image of Schema Registry; use Distribution.confluent(), apache() or local(), or give schemaRegistry to Distribution.of()",
    },
    {
      title: "a name that cannot be",
      props: { name: "schema_registry" },
      message:
        'Schema Registry "schema_registry" cannot be a host name; use lower-case letters, digits and dashes, 63 at the most',
    },
  ])("is $title", ({ props, message }) => {
    expect(() => make(props)).toThrowError(new InvalidSettingError(message));
  });

  it("is a cluster that containers cannot reach, with all else that is wrong", () => {
    const props = { heap: Memory.mebibytes(512), memoryLimit: Memory.mebibytes(512) };
    const refused = () => make(props, { listeners: [Listener.host()] });
    expect(refused).toThrowError(
      "[stack/registry] cluster stack/kafka has no listener for the Docker network, which Schema Registry needs; add Listener.network()",
    );
    expect(refused).toThrowError("[stack/registry] a heap of 512 MiB does not fit");
  });
});
