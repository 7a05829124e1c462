import { describe, expect, it } from "vitest";
import {
  Distribution,
  Image,
  InvalidSettingError,
  KafkaCluster,
  KafkaConnect,
  Memory,
  SchemaRegistry,
  type IKafkaCluster,
  type KafkaConnectProps,
} from "../../constructs/index.ts";
import { environmentOf, named, probeOf, synthesizeScope, type Block } from "./synthesis.ts";

const NETWORK = { name: "dev-network" };
const CONFLUENT = Distribution.confluent("7.9.1");
const LOCAL = Distribution.local("4.1.1");

function cluster(distribution = CONFLUENT, brokers = 1): IKafkaCluster {
  return KafkaCluster.fromBootstrapServers("kafka:9092", {
    brokers,
    network: NETWORK,
    distribution,
  });
}

interface Made {
  readonly connect: KafkaConnect;
  readonly container: Block;
  readonly image: string;
}

function make(props: Partial<KafkaConnectProps> = {}): Made {
  const made: KafkaConnect[] = [];
  const program = synthesizeScope((scope) => {
    made.push(new KafkaConnect(scope, "connect", { name: "c", kafka: cluster(), ...props }));
  });
  return {
    connect: made[0]!,
    container: named("connect_server", "docker_container", program),
    image: String(named("connect_image", "docker_image", program)["name"]),
  };
}

describe("in Confluent's image", () => {
  it("takes its settings as cp-kafka-connect does, records in JSON", () => {
    const { container, image } = make({ name: "dev-connect" });
    expect(image).toBe("confluentinc/cp-kafka-connect:7.9.1");
    expect(environmentOf(container)).toEqual({
      CONNECT_BOOTSTRAP_SERVERS: "kafka:9092",
      CONNECT_GROUP_ID: "dev-connect",
      CONNECT_CONFIG_STORAGE_TOPIC: "dev-connect-configs",
      CONNECT_CONFIG_STORAGE_REPLICATION_FACTOR: "1",
      CONNECT_OFFSET_STORAGE_TOPIC: "dev-connect-offsets",
      CONNECT_OFFSET_STORAGE_REPLICATION_FACTOR: "1",
      CONNECT_STATUS_STORAGE_TOPIC: "dev-connect-status",
      CONNECT_STATUS_STORAGE_REPLICATION_FACTOR: "1",
      CONNECT_KEY_CONVERTER: "org.apache.kafka.connect.storage.StringConverter",
      CONNECT_VALUE_CONVERTER: "org.apache.kafka.connect.json.JsonConverter",
      CONNECT_VALUE_CONVERTER_SCHEMAS_ENABLE: "false",
      CONNECT_LISTENERS: "http://0.0.0.0:8083",
      CONNECT_REST_ADVERTISED_HOST_NAME: "dev-connect",
      CONNECT_REST_ADVERTISED_PORT: "8083",
      CONNECT_REST_PORT: "8083",
      KAFKA_HEAP_OPTS: "-Xms512m -Xmx512m",
    });
    // The image's own command and entry point run it.
    expect(container).not.toHaveProperty("command");
    expect(container).not.toHaveProperty("entrypoint");
  });

  it("converts to Avro with a Schema Registry", () => {
    const schemaRegistry = { networkUrl: "http://registry:8081" };
    const environment = environmentOf(make({ schemaRegistry }).container);
    expect(environment).toMatchObject({
      CONNECT_KEY_CONVERTER: "org.apache.kafka.connect.storage.StringConverter",
      CONNECT_VALUE_CONVERTER: "io.confluent.connect.avro.AvroConverter",
      CONNECT_VALUE_CONVERTER_SCHEMA_REGISTRY_URL: "http://registry:8081",
    });
    expect(environment).not.toHaveProperty("CONNECT_VALUE_CONVERTER_SCHEMAS_ENABLE");
  });

  it("takes a registry of the same program", () => {
    const program = synthesizeScope((scope) => {
      const kafka = cluster();
      const schemaRegistry = new SchemaRegistry(scope, "registry", { name: "r", kafka });
      return new KafkaConnect(scope, "connect", { name: "c", kafka, schemaRegistry });
    });
    const container = named("connect_server", "docker_container", program);
    expect(environmentOf(container)["CONNECT_VALUE_CONVERTER_SCHEMA_REGISTRY_URL"]).toBe(
      "http://r:8081",
    );
  });

  it("takes settings of one's own, which win over its defaults", () => {
    const settings = {
      "plugin.path": "/opt/plugins",
      "offset.flush.interval.ms": "1000",
      "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    };
    expect(environmentOf(make({ settings }).container)).toMatchObject({
      CONNECT_PLUGIN_PATH: "/opt/plugins",
      CONNECT_OFFSET_FLUSH_INTERVAL_MS: "1000",
      CONNECT_VALUE_CONVERTER: "org.apache.kafka.connect.converters.ByteArrayConverter",
    });
  });
});

describe("in Kafka's own image", () => {
  it.each([
    { distribution: LOCAL, image: "kafka-platform-kit/kafka:4.1.1", jar: "connect-file-4.1.1.jar" },
    {
      distribution: Distribution.apache("3.9.1"),
      image: "apache/kafka:3.9.1",
      jar: "connect-file-3.9.1.jar",
    },
  ])("writes its settings to a file, on $image", ({ distribution, image, jar }) => {
    const made = make({ name: "dev-connect", distribution });
    expect(made.image).toBe(image);
    expect(environmentOf(made.container)).toEqual({
      KAFKA_HEAP_OPTS: "-Xms512m -Xmx512m",
      CONNECT_PROPERTIES: [
        `plugin.path=/opt/kafka/libs/${jar}`,
        "plugin.discovery=service_load",
        "bootstrap.servers=kafka:9092",
        "group.id=dev-connect",
        "config.storage.topic=dev-connect-configs",
        "config.storage.replication.factor=1",
        "offset.storage.topic=dev-connect-offsets",
        "offset.storage.replication.factor=1",
        "status.storage.topic=dev-connect-status",
        "status.storage.replication.factor=1",
        "key.converter=org.apache.kafka.connect.storage.StringConverter",
        "value.converter=org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable=false",
        "listeners=http://0.0.0.0:8083",
        "rest.advertised.host.name=dev-connect",
        "rest.advertised.port=8083",
        "",
      ].join("\n"),
    });
    expect(made.container["command"]).toEqual([
      "bash",
      "-c",
      'printf %s "$CONNECT_PROPERTIES" > /tmp/connect.properties && exec /opt/kafka/bin/connect-distributed.sh /tmp/connect.properties',
    ]);
    expect(made.container).not.toHaveProperty("entrypoint");
  });

  /** The lines of its settings that say how plugins are found. */
  const plugins = (props: Partial<KafkaConnectProps>) => {
    const { CONNECT_PROPERTIES: properties = "" } = environmentOf(make(props).container);
    return properties.split("\n").filter((line) => line.startsWith("plugin."));
  };

  it("has one plugin path, the one that somebody gives, and searches it", () => {
    expect(plugins({ distribution: LOCAL, settings: { "plugin.path": "/opt/plugins" } })).toEqual([
      "plugin.path=/opt/plugins",
    ]);
  });

  it("finds plugins as somebody says", () => {
    const settings = { "plugin.discovery": "only_scan" };
    expect(plugins({ distribution: LOCAL, settings })).toEqual([
      "plugin.path=/opt/kafka/libs/connect-file-4.1.1.jar",
      "plugin.discovery=only_scan",
    ]);
  });

  it("searches for plugins where Kafka is older than their manifests", () => {
    expect(plugins({ distribution: Distribution.local("3.0.1") })).toEqual([
      "plugin.path=/opt/kafka/libs/connect-file-3.0.1.jar",
    ]);
  });

  it("rejects a Schema Registry, which none of its converters knows", () => {
    const schemaRegistry = { networkUrl: "http://registry:8081" };
    expect(() => make({ distribution: LOCAL, schemaRegistry })).toThrowError(
      "[stack/connect] the image kafka-platform-kit/kafka:4.1.1 has no converter that knows a Schema Registry; leave schemaRegistry out, or use Distribution.confluent()",
    );
  });
});

it.each([
  { brokers: 1, replicas: "1" },
  { brokers: 2, replicas: "2" },
  { brokers: 3, replicas: "3" },
  { brokers: 5, replicas: "3" },
])("keeps its topics in $replicas replicas on $brokers brokers", ({ brokers, replicas }) => {
  for (const distribution of [CONFLUENT, LOCAL]) {
    const environment = environmentOf(make({ kafka: cluster(distribution, brokers) }).container);
    const text = environment["CONNECT_PROPERTIES"] ?? JSON.stringify(environment);
    const factors = [...text.matchAll(/(?:factor=|FACTOR":")(\d+)/g)].map(([, factor]) => factor);
    expect(factors).toEqual([replicas, replicas, replicas]);
  }
});

it("is ready once it lists its connectors", () => {
  const script = probeOf(make().container);
  expect(script).toContain("/dev/tcp/c/8083 ");
  expect(script).toContain("GET /connectors HTTP/1.0");
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
        "ours 3.9.1 has no image of Connect; use Distribution.confluent(), apache() or local(), or give connect to Distribution.of()",
    },
    {
      title: "a name that cannot be",
      props: { name: "Connect" },
      message:
        'Connect "Connect" cannot be a host name; use lower-case letters, digits and dashes, 63 at the most',
    },
  ])("is $title", ({ props, message }) => {
    expect(() => make(props)).toThrowError(new InvalidSettingError(message));
  });

  it.each([
    "bootstrap.servers",
    "group.id",
    "listeners",
    "rest.advertised.host.name",
    "rest.advertised.listener",
    "rest.port",
    "rest.host.name",
    "config.storage.topic",
    "offset.storage.replication.factor",
    "status.storage.topic",
  ])("is the setting %s, which is derived", (property) => {
    expect(() => make({ settings: { [property]: "x" } })).toThrowError(
      `[stack/connect] the setting ${property} is derived; say it by name, kafka or publish instead`,
    );
  });

  it("is a heap that does not fit, with every setting that is wrong", () => {
    const refused = (): unknown =>
      make({
        heap: Memory.mebibytes(512),
        memoryLimit: Memory.mebibytes(512),
        settings: { CONNECT_GROUP_ID: "x", listeners: "http://:1" },
      });
    expect(refused).toThrowError("a heap of 512 MiB does not fit a memory limit of 512 MiB");
    expect(refused).toThrowError(`the setting "CONNECT_GROUP_ID" is no name of Connect's`);
    expect(refused).toThrowError("the setting listeners is derived");
  });
});
