import { describe, expect, it } from "vitest";
import {
  Distribution,
  ENVIRONMENT_LABEL,
  InvalidSettingError,
  KafkaCluster,
  KsqlDb,
  type IKafkaCluster,
  type KsqlDbCliProps,
  type KsqlDbProps,
} from "../../constructs/index.ts";
import {
  environmentOf,
  named,
  probeOf,
  synthesizeScope,
  type Block,
  type Program,
} from "./synthesis.ts";

function cluster(distribution = Distribution.confluent("7.9.1"), brokers = 1): IKafkaCluster {
  const network = { name: "dev-network" };
  return KafkaCluster.fromBootstrapServers("kafka:9092", { brokers, network, distribution });
}

function synthesize(props: Partial<KsqlDbProps> = {}, cli?: KsqlDbCliProps): Program {
  return synthesizeScope((scope) => {
    const ksqlDb = new KsqlDb(scope, "ksqldb", { name: "ksql", kafka: cluster(), ...props });
    if (cli !== undefined) ksqlDb.addCli(cli);
  });
}

function server(props: Partial<KsqlDbProps> = {}): Block {
  return named("ksqldb_server", "docker_container", synthesize(props));
}

describe("the server", () => {
  it("takes its settings as cp-ksqldb-server does", () => {
    const program = synthesize();
    expect(named("ksqldb_image", "docker_image", program)["name"]).toBe(
      "confluentinc/cp-ksqldb-server:7.9.1",
    );
    const container = named("ksqldb_server", "docker_container", program);
    expect(environmentOf(container)).toEqual({
      KSQL_BOOTSTRAP_SERVERS: "kafka:9092",
      KSQL_LISTENERS: "http://0.0.0.0:8088",
      KSQL_KSQL_SERVICE_ID: "ksql_",
      KSQL_KSQL_INTERNAL_TOPIC_REPLICAS: "1",
      KSQL_KSQL_STREAMS_REPLICATION_FACTOR: "1",
      KSQL_KSQL_LOGGING_PROCESSING_TOPIC_REPLICATION_FACTOR: "1",
      KSQL_KSQL_LOGGING_PROCESSING_TOPIC_AUTO_CREATE: "true",
      KSQL_KSQL_LOGGING_PROCESSING_STREAM_AUTO_CREATE: "true",
      KSQL_HEAP_OPTS: "-Xms512m -Xmx512m",
    });
    expect(container).not.toHaveProperty("command");
  });

  it("knows its Schema Registry and its Connect", () => {
    const schemaRegistry = { networkUrl: "http://registry:8081" };
    const connect = { networkUrl: "http://connect:8083" };
    expect(environmentOf(server({ schemaRegistry, connect }))).toMatchObject({
      KSQL_KSQL_SCHEMA_REGISTRY_URL: "http://registry:8081",
      KSQL_KSQL_CONNECT_URL: "http://connect:8083",
    });
  });

  it("takes settings of one's own, which win over its defaults", () => {
    const settings = {
      "ksql.service.id": "ours_",
      "ksql.logging.processing.stream.auto.create": "false",
      "ksql.streams.num.stream.threads": "2",
    };
    expect(environmentOf(server({ settings }))).toMatchObject({
      KSQL_KSQL_SERVICE_ID: "ours_",
      KSQL_KSQL_LOGGING_PROCESSING_STREAM_AUTO_CREATE: "false",
      KSQL_KSQL_STREAMS_NUM_STREAM_THREADS: "2",
    });
  });

  it.each([
    { brokers: 1, replicas: "1" },
    { brokers: 2, replicas: "2" },
    { brokers: 3, replicas: "3" },
    { brokers: 5, replicas: "3" },
  ])("keeps its topics in $replicas replicas on $brokers brokers", ({ brokers, replicas }) => {
    const environment = environmentOf(server({ kafka: cluster(undefined, brokers) }));
    const factors = Object.entries(environment).filter(([name]) => /REPLICA/.test(name));
    expect(factors.map(([, factor]) => factor)).toEqual([replicas, replicas, replicas]);
  });

  it("is ready when it says that it is healthy", () => {
    const script = probeOf(server());
    expect(script).toContain("/dev/tcp/ksql/8088 ");
    expect(script).toContain("GET /healthcheck HTTP/1.0");
    expect(script).toContain(`'{"isHealthy":true,"details"'*`);
  });

  it("gets the half minute and more that it takes to stop", () => {
    expect(server()).toMatchObject({ stop_timeout: 90, destroy_grace_seconds: 90 });
  });
});

describe("the command line", () => {
  it.each([
    { version: "7.0.1", image: "confluentinc/cp-ksqldb-cli:7.0.1" },
    { version: "8.0.0", image: "confluentinc/cp-ksqldb-cli:8.0.0" },
    { version: "8.1.0", image: "confluentinc/cp-ksqldb-server:8.1.0" },
  ])("is in $image", ({ version, image }) => {
    const program = synthesize({ kafka: cluster(Distribution.confluent(version)) }, {});
    expect(named("ksqldb_cli_image", "docker_image", program)["name"]).toBe(image);
  });

  it("waits for nothing but its end, whatever the image would run", () => {
    const labels = { [ENVIRONMENT_LABEL]: "dev" };
    const program = synthesize({ labels }, {});
    const container = named("ksqldb_cli_", "docker_container", program);
    expect(container).toMatchObject({
      name: "ksql-cli",
      hostname: "ksql-cli",
      networks_advanced: [{ name: "dev-network" }],
      entrypoint: ["sleep"],
      command: ["infinity"],
      init: true,
      ports: [],
      env: [],
      memory: 768,
      stop_timeout: 10,
      labels: [
        { label: ENVIRONMENT_LABEL, value: "dev" },
        { label: "kafka-platform-kit.service", value: "ksqldb-cli" },
      ],
      depends_on: [expect.stringMatching(/^docker_container\.ksqldb_server_/)],
    });
  });

  it("is ready when it reaches the server", () => {
    const script = probeOf(named("ksqldb_cli_", "docker_container", synthesize({}, {})));
    expect(script).toContain("/dev/tcp/ksql/8088 ");
    expect(script).toContain("GET /info HTTP/1.0");
  });

  it("is not there unless it is asked for, and has the name that it is given", () => {
    expect(Object.keys(synthesize().resource["docker_container"] ?? {})).toHaveLength(1);
    const program = synthesize({}, { name: "shell" });
    expect(named("ksqldb_cli_", "docker_container", program)["name"]).toBe("shell");
  });

  it("cannot have a name that no host has", () => {
    expect(() => synthesize({}, { name: "ksql_cli" })).toThrowError(
      new InvalidSettingError(
        `ksqlDB's command line "ksql_cli" cannot be a host name; use lower-case letters, digits and dashes, 63 at the most`,
      ),
    );
  });
});

describe("what it refuses", () => {
  it.each([
    { distribution: Distribution.local("4.1.1"), is: "local 4.1.1" },
    { distribution: Distribution.apache("4.1.1"), is: "Apache Kafka 4.1.1" },
  ])("is $is, which has none", ({ distribution, is }) => {
    expect(() => server({ kafka: cluster(distribution) })).toThrowError(
      new InvalidSettingError(
        `${is} has no image of ksqlDB; use Distribution.confluent(), or give ksqlDb to Distribution.of()`,
      ),
    );
  });

  it.each([
    "bootstrap.servers",
    "ksql.streams.bootstrap.servers",
    "listeners",
    "ksql.internal.listener",
    "ksql.advertised.listener",
    "ksql.schema.registry.url",
    "ksql.connect.url",
    "ksql.internal.topic.replicas",
    "ksql.streams.replication.factor",
    "ksql.logging.processing.topic.replication.factor",
  ])("is the setting %s, which is derived", (property) => {
    expect(() => server({ settings: { [property]: "x" } })).toThrowError(
      `[stack/ksqldb] the setting ${property} is derived; say it by kafka, schemaRegistry or connect instead`,
    );
  });

  it("is a setting under the image's name", () => {
    expect(() => server({ settings: { KSQL_KSQL_SERVICE_ID: "x" } })).toThrowError(
      `[stack/ksqldb] the setting "KSQL_KSQL_SERVICE_ID" is no name of ksqlDB's; `,
    );
  });
});
