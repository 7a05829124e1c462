import { describe, expect, it } from "vitest";
import { imagesAsAsked } from "../../../stacks/environment-lock.ts";
import { loadEnvironment } from "../../../stacks/environment.ts";
import { KafkaPlatform } from "../../../stacks/kafka-platform.ts";
import { emptyApp, environmentOf, synthesize, type Block } from "../../constructs/synthesis.ts";
import { lockOf } from "../environments.ts";

/** A service, setting by setting: `image`, `restart`, `port 9092`, `env KAFKA_BROKER_ID` … */
type Service = Readonly<Record<string, string>>;

/** The docker-compose file that this environment stands for, service by service. */
const COMPOSE: Readonly<Record<string, Service>> = {
  zookeeper: {
    image: "confluentinc/cp-zookeeper:7.0.1",
    hostname: "zookeeper",
    restart: "always",
    "port 2181": "0.0.0.0:2181",
    "env ZOOKEEPER_CLIENT_PORT": "2181",
    "env ZOOKEEPER_TICK_TIME": "2000",
  },
  broker: {
    image: "confluentinc/cp-kafka:7.0.1",
    hostname: "broker",
    depends_on: "zookeeper",
    restart: "always",
    "port 29092": "0.0.0.0:29092",
    "port 9092": "0.0.0.0:9092",
    "port 9101": "0.0.0.0:9101",
    "env KAFKA_BROKER_ID": "1",
    "env KAFKA_ZOOKEEPER_CONNECT": "zookeeper:2181",
    "env KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
    "env KAFKA_LISTENERS": "PLAINTEXT://:29092,PLAINTEXT_HOST://0.0.0.0:9092",
    "env KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092",
    "env KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "env KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "env KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR": "1",
    "env KAFKA_CONFLUENT_BALANCER_TOPIC_REPLICATION_FACTOR": "1",
    "env KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "env KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "env KAFKA_JMX_PORT": "9101",
    "env KAFKA_JMX_HOSTNAME": "localhost",
    "env KAFKA_CONFLUENT_SCHEMA_REGISTRY_URL": "http://schema-registry:8081",
    "env CONFLUENT_METRICS_REPORTER_BOOTSTRAP_SERVERS": "broker:29092",
    "env CONFLUENT_METRICS_REPORTER_TOPIC_REPLICAS": "1",
    "env CONFLUENT_METRICS_ENABLE": "true",
    "env CONFLUENT_SUPPORT_CUSTOMER_ID": "anonymous",
  },
  "schema-registry": {
    image: "confluentinc/cp-schema-registry:7.0.1",
    hostname: "schema-registry",
    depends_on: "broker",
    restart: "always",
    "port 8081": "0.0.0.0:8081",
    "env SCHEMA_REGISTRY_HOST_NAME": "schema-registry",
    "env SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS": "broker:29092",
    "env SCHEMA_REGISTRY_LISTENERS": "http://0.0.0.0:8081",
  },
  // It is depended on, and not there: the file as it is does not start.
  connect: {},
  "ksqldb-server": {
    image: "confluentinc/cp-ksqldb-server:7.0.1",
    hostname: "ksqldb-server",
    depends_on: "broker, connect",
    restart: "always",
    "port 8088": "0.0.0.0:8088",
    "env KSQL_CONFIG_DIR": "/etc/ksql",
    "env KSQL_BOOTSTRAP_SERVERS": "broker:29092",
    "env KSQL_HOST_NAME": "ksqldb-server",
    "env KSQL_LISTENERS": "http://0.0.0.0:8088",
    "env KSQL_CACHE_MAX_BYTES_BUFFERING": "0",
    "env KSQL_KSQL_SCHEMA_REGISTRY_URL": "http://schema-registry:8081",
    "env KSQL_PRODUCER_INTERCEPTOR_CLASSES":
      "io.confluent.monitoring.clients.interceptor.MonitoringProducerInterceptor",
    "env KSQL_CONSUMER_INTERCEPTOR_CLASSES":
      "io.confluent.monitoring.clients.interceptor.MonitoringConsumerInterceptor",
    "env KSQL_KSQL_CONNECT_URL": "http://connect:8083",
    "env KSQL_KSQL_LOGGING_PROCESSING_TOPIC_REPLICATION_FACTOR": "1",
    "env KSQL_KSQL_LOGGING_PROCESSING_TOPIC_AUTO_CREATE": "true",
    "env KSQL_KSQL_LOGGING_PROCESSING_STREAM_AUTO_CREATE": "true",
  },
  "ksqldb-cli": {
    image: "confluentinc/cp-ksqldb-cli:7.0.1",
    depends_on: "broker, connect, ksqldb-server",
    restart: "always",
    entrypoint: "/bin/sh",
    tty: "true",
  },
  "rest-proxy": {
    image: "confluentinc/cp-kafka-rest:7.0.1",
    hostname: "rest-proxy",
    depends_on: "broker, schema-registry",
    restart: "always",
    "port 8082": "0.0.0.0:8082",
    "env KAFKA_REST_HOST_NAME": "rest-proxy",
    "env KAFKA_REST_BOOTSTRAP_SERVERS": "broker:29092",
    "env KAFKA_REST_LISTENERS": "http://0.0.0.0:8082",
    "env KAFKA_REST_SCHEMA_REGISTRY_URL": "http://schema-registry:8081",
  },
};

/** Something that is not as in the compose file, on purpose; `-` stands for nothing. */
interface Difference {
  readonly setting: string;
  readonly compose: string;
  readonly ours: string;
  readonly reason: string;
}

const LOOPBACK = "nothing is published beyond the Docker host until somebody asks for it";
const RESTART = "a container that somebody stopped stays stopped over a restart of the engine";
const VOLUME = "data outlives the container; without a named volume, removing it loses all records";
const MEMORY =
  "nothing on the host is starved: heaps begin small, grow to an end, and have a limit around them";
const HEALTH = "readiness is seen by a request, not by a container that runs";
const STOP = "the log is closed in order; the engine's own 10 s are too short for that";
const PURGE = "ZooKeeper by itself never removes an old snapshot, and fills the disk";
const COMMERCIAL =
  "only the commercial cp-server reads it; cp-kafka has neither the code nor a use for it";
const CLUSTER_LISTENER =
  "brokers talk among themselves on a listener of their own, so that a change for clients never touches them";
const SIZE = "what follows from a cluster of one broker is said, not left to a default of three";

const DEPENDS =
  "nothing waits for readiness by it; what is said of order is for the end, where brokers go last";
const MISSING =
  "ksqlDB's connectors need it, and the file names it as a dependency without having it";
const NO_SUCH = "ksqlDB has no property that this would become";
const INTERCEPTORS =
  "the community images lack the interceptors' classes, so that no client of ksqlDB could start";

/** What follows from the sizing of a Java service. */
function memory(prefix: string, heap: number): Difference[] {
  return [
    [`env ${prefix}_HEAP_OPTS`, `-Xms16m -Xmx${heap}m`],
    [
      `env ${prefix}_JVM_PERFORMANCE_OPTS`,
      "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true",
    ],
    ["memory", `${heap + 512} MiB`],
  ].map(([setting = "", ours = ""]) => ({ setting, compose: "-", ours, reason: MEMORY }));
}

const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  zookeeper: [
    { setting: "restart", compose: "always", ours: "unless-stopped", reason: RESTART },
    { setting: "port 2181", compose: "0.0.0.0:2181", ours: "127.0.0.1:2181", reason: LOOPBACK },
    {
      setting: "volume /var/lib/zookeeper/data",
      compose: "-",
      ours: "seed-zookeeper-1-data",
      reason: VOLUME,
    },
    {
      setting: "volume /var/lib/zookeeper/log",
      compose: "-",
      ours: "seed-zookeeper-1-log",
      reason: VOLUME,
    },
    ...memory("KAFKA", 128),
    {
      setting: "env ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT",
      compose: "-",
      ours: "3",
      reason: PURGE,
    },
    { setting: "env ZOOKEEPER_AUTOPURGE_PURGE_INTERVAL", compose: "-", ours: "24", reason: PURGE },
    {
      setting: "env KAFKA_OPTS",
      compose: "-",
      ours: "-Dzookeeper.4lw.commands.whitelist=srvr -Dzookeeper.admin.enableServer=false",
      reason: "of the words that anybody may send it, the healthcheck's alone is answered",
    },
    { setting: "healthcheck", compose: "-", ours: "srvr", reason: HEALTH },
    { setting: "stop", compose: "-", ours: "60 s", reason: STOP },
  ],
  broker: [
    { setting: "restart", compose: "always", ours: "unless-stopped", reason: RESTART },
    { setting: "port 9092", compose: "0.0.0.0:9092", ours: "127.0.0.1:9092", reason: LOOPBACK },
    { setting: "port 9101", compose: "0.0.0.0:9101", ours: "127.0.0.1:9101", reason: LOOPBACK },
    {
      setting: "port 29092",
      compose: "0.0.0.0:29092",
      ours: "-",
      reason:
        "nobody outside could use it: its clients are sent on to broker:29092, a name of the network",
    },
    {
      setting: "env KAFKA_LISTENERS",
      compose: "PLAINTEXT://:29092,PLAINTEXT_HOST://0.0.0.0:9092",
      ours: "BROKER://0.0.0.0:19091,PLAINTEXT://0.0.0.0:29092,PLAINTEXT_HOST://0.0.0.0:9092",
      reason: CLUSTER_LISTENER,
    },
    {
      setting: "env KAFKA_ADVERTISED_LISTENERS",
      compose: "PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092",
      ours: "BROKER://broker:19091,PLAINTEXT://broker:29092,PLAINTEXT_HOST://localhost:9092",
      reason: CLUSTER_LISTENER,
    },
    {
      setting: "env KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
      compose: "PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
      ours: "BROKER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT",
      reason: CLUSTER_LISTENER,
    },
    {
      setting: "env KAFKA_INTER_BROKER_LISTENER_NAME",
      compose: "-",
      ours: "BROKER",
      reason: CLUSTER_LISTENER,
    },
    { setting: "env KAFKA_DEFAULT_REPLICATION_FACTOR", compose: "-", ours: "1", reason: SIZE },
    { setting: "env KAFKA_MIN_INSYNC_REPLICAS", compose: "-", ours: "1", reason: SIZE },
    {
      setting: "env KAFKA_LOG_DIRS",
      compose: "-",
      ours: "/var/lib/kafka/data",
      reason: "the same folder as the image's default, said since it is where the volume goes",
    },
    {
      setting: "volume /var/lib/kafka/data",
      compose: "-",
      ours: "seed-kafka-1-data",
      reason: VOLUME,
    },
    ...memory("KAFKA", 256),
    {
      setting: "env KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE",
      compose: "-",
      ours: "4194304",
      reason: "by default, it is half of the heap, taken at the start",
    },
    { setting: "healthcheck", compose: "-", ours: "/dev/tcp/broker/19091", reason: HEALTH },
    { setting: "stop", compose: "-", ours: "90 s", reason: STOP },
    ...[
      ["env KAFKA_CONFLUENT_LICENSE_TOPIC_REPLICATION_FACTOR", "1"],
      ["env KAFKA_CONFLUENT_BALANCER_TOPIC_REPLICATION_FACTOR", "1"],
      ["env KAFKA_CONFLUENT_SCHEMA_REGISTRY_URL", "http://schema-registry:8081"],
      ["env CONFLUENT_METRICS_REPORTER_BOOTSTRAP_SERVERS", "broker:29092"],
      ["env CONFLUENT_METRICS_REPORTER_TOPIC_REPLICAS", "1"],
      ["env CONFLUENT_METRICS_ENABLE", "true"],
      ["env CONFLUENT_SUPPORT_CUSTOMER_ID", "anonymous"],
    ].map(([setting = "", compose = ""]) => ({
      setting,
      compose,
      ours: "-",
      reason: COMMERCIAL,
    })),
  ],
  "schema-registry": [
    { setting: "restart", compose: "always", ours: "unless-stopped", reason: RESTART },
    { setting: "port 8081", compose: "0.0.0.0:8081", ours: "127.0.0.1:8081", reason: LOOPBACK },
    {
      setting: "env SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR",
      compose: "-",
      ours: "1",
      reason: SIZE,
    },
    ...memory("SCHEMA_REGISTRY", 128),
    { setting: "healthcheck", compose: "-", ours: "GET /subjects", reason: HEALTH },
    { setting: "stop", compose: "-", ours: "60 s", reason: STOP },
  ],
  connect: Object.entries({
    image: "confluentinc/cp-kafka-connect:7.0.1",
    hostname: "connect",
    depends_on: "broker",
    restart: "unless-stopped",
    stop: "60 s",
    healthcheck: "GET /connectors",
    "port 8083": "127.0.0.1:8083",
    "env CONNECT_BOOTSTRAP_SERVERS": "broker:29092",
    "env CONNECT_GROUP_ID": "connect",
    "env CONNECT_CONFIG_STORAGE_TOPIC": "connect-configs",
    "env CONNECT_CONFIG_STORAGE_REPLICATION_FACTOR": "1",
    "env CONNECT_OFFSET_STORAGE_TOPIC": "connect-offsets",
    "env CONNECT_OFFSET_STORAGE_REPLICATION_FACTOR": "1",
    "env CONNECT_STATUS_STORAGE_TOPIC": "connect-status",
    "env CONNECT_STATUS_STORAGE_REPLICATION_FACTOR": "1",
    "env CONNECT_KEY_CONVERTER": "org.apache.kafka.connect.storage.StringConverter",
    "env CONNECT_VALUE_CONVERTER": "io.confluent.connect.avro.AvroConverter",
    "env CONNECT_VALUE_CONVERTER_SCHEMA_REGISTRY_URL": "http://schema-registry:8081",
    "env CONNECT_LISTENERS": "http://0.0.0.0:8083",
    "env CONNECT_REST_ADVERTISED_HOST_NAME": "connect",
    "env CONNECT_REST_ADVERTISED_PORT": "8083",
    "env CONNECT_REST_PORT": "8083",
  })
    .map(([setting, ours]): Difference => ({ setting, compose: "-", ours, reason: MISSING }))
    .concat(memory("KAFKA", 256)),
  "ksqldb-server": [
    { setting: "restart", compose: "always", ours: "unless-stopped", reason: RESTART },
    { setting: "port 8088", compose: "0.0.0.0:8088", ours: "127.0.0.1:8088", reason: LOOPBACK },
    { setting: "depends_on", compose: "broker, connect", ours: "broker", reason: DEPENDS },
    { setting: "env KSQL_CONFIG_DIR", compose: "/etc/ksql", ours: "-", reason: NO_SUCH },
    { setting: "env KSQL_HOST_NAME", compose: "ksqldb-server", ours: "-", reason: NO_SUCH },
    {
      setting: "env KSQL_PRODUCER_INTERCEPTOR_CLASSES",
      compose: "io.confluent.monitoring.clients.interceptor.MonitoringProducerInterceptor",
      ours: "-",
      reason: INTERCEPTORS,
    },
    {
      setting: "env KSQL_CONSUMER_INTERCEPTOR_CLASSES",
      compose: "io.confluent.monitoring.clients.interceptor.MonitoringConsumerInterceptor",
      ours: "-",
      reason: INTERCEPTORS,
    },
    { setting: "env KSQL_KSQL_INTERNAL_TOPIC_REPLICAS", compose: "-", ours: "1", reason: SIZE },
    { setting: "env KSQL_KSQL_STREAMS_REPLICATION_FACTOR", compose: "-", ours: "1", reason: SIZE },
    {
      setting: "env KSQL_KSQL_SERVICE_ID",
      compose: "-",
      ours: "default_",
      reason: "ksqlDB's own default, said because the kit's would be the server's name",
    },
    ...memory("KSQL", 512),
    { setting: "healthcheck", compose: "-", ours: "GET /healthcheck", reason: HEALTH },
    { setting: "stop", compose: "-", ours: "90 s", reason: STOP },
  ],
  "ksqldb-cli": [
    { setting: "restart", compose: "always", ours: "unless-stopped", reason: RESTART },
    {
      setting: "depends_on",
      compose: "broker, connect, ksqldb-server",
      ours: "ksqldb-server",
      reason: DEPENDS,
    },
    ...[
      { setting: "entrypoint", compose: "/bin/sh", ours: "sleep" },
      { setting: "command", compose: "-", ours: "infinity" },
      { setting: "init", compose: "-", ours: "true" },
      { setting: "tty", compose: "true", ours: "-" },
    ].map((difference) => ({
      ...difference,
      reason: "a shell that waits at a terminal ignores the order to stop, and is killed",
    })),
    {
      setting: "hostname",
      compose: "-",
      ours: "ksqldb-cli",
      reason: "each container has its name as its host name",
    },
    { setting: "memory", compose: "-", ours: "768 MiB", reason: MEMORY },
    { setting: "healthcheck", compose: "-", ours: "GET /info", reason: HEALTH },
    {
      setting: "stop",
      compose: "-",
      ours: "10 s",
      reason: "the engine's own default, said as everywhere",
    },
  ],
  "rest-proxy": [
    { setting: "restart", compose: "always", ours: "unless-stopped", reason: RESTART },
    { setting: "port 8082", compose: "0.0.0.0:8082", ours: "127.0.0.1:8082", reason: LOOPBACK },
    { setting: "depends_on", compose: "broker, schema-registry", ours: "broker", reason: DEPENDS },
    {
      setting: "env KAFKA_REST_HOST_NAME",
      compose: "rest-proxy",
      ours: " ",
      reason:
        "consumers were sent on to http://rest-proxy:8082, which nobody outside can follow; the image demands the variable, and a blank is no name in its file, so they are sent to the address that they dialled",
    },
    ...memory("KAFKAREST", 256),
    { setting: "healthcheck", compose: "-", ours: "GET /topics", reason: HEALTH },
    { setting: "stop", compose: "-", ours: "60 s", reason: STOP },
  ],
};

interface Rendered extends Block {
  readonly name: string;
  readonly hostname: string;
  readonly image: string;
  readonly restart: string;
  readonly ports: readonly { internal: number; external: number; ip: string }[];
  readonly mounts?: readonly { source: string; target: string }[];
  readonly memory: number;
  readonly stop_timeout: number;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly depends_on?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly init?: boolean;
}

/** What is rendered, container by container, in the words of the compose file. */
async function rendered(): Promise<Record<string, Service>> {
  const environment = await loadEnvironment("seed");
  const lock = lockOf({ environment: "seed", images: imagesAsAsked(environment, true) });
  const platform = new KafkaPlatform(emptyApp(), {
    environment,
    lock,
    engine: { host: "unix:///var/run/docker.sock" },
    hostAddresses: ["127.0.0.1"],
  });
  const { resource } = synthesize(platform);
  const containers = (resource["docker_container"] ?? {}) as Record<string, Rendered>;
  /** The resource that an expression such as `${docker_image.a.image_id}` or an address means. */
  const meant = (type: string, text: string): Block | undefined =>
    Object.entries(resource[type] ?? {}).find(([id]) => text.includes(`${type}.${id}`))?.[1];
  return Object.fromEntries(
    Object.values(containers).map((container) => [
      container.name,
      {
        image: String(meant("docker_image", container.image)?.["name"]),
        hostname: container.hostname,
        restart: container.restart,
        memory: `${container.memory} MiB`,
        stop: `${container.stop_timeout} s`,
        healthcheck: question(container.healthcheck.test.at(-1) ?? ""),
        ...(container.depends_on === undefined
          ? {}
          : {
              depends_on: container.depends_on
                .map((address) => String(meant("docker_container", address)?.["name"]))
                .sort()
                .join(", "),
            }),
        ...(container.entrypoint === undefined
          ? {}
          : { entrypoint: container.entrypoint.join(" ") }),
        ...(container.command === undefined ? {} : { command: container.command.join(" ") }),
        ...(container.init === undefined ? {} : { init: String(container.init) }),
        ...Object.fromEntries(
          container.ports.map(({ internal, external, ip }) => [
            `port ${internal}`,
            `${ip}:${external}`,
          ]),
        ),
        ...Object.fromEntries(
          (container.mounts ?? []).map(({ source, target }) => [
            `volume ${target}`,
            String(meant("docker_volume", source)?.["name"]),
          ]),
        ),
        ...Object.fromEntries(
          Object.entries(environmentOf(container)).map(([name, value]) => [`env ${name}`, value]),
        ),
      },
    ]),
  );
}

/** What a healthcheck asks: the request, or the port where there is none. */
function question(script: string): string {
  return (
    /printf '?(srvr|GET \S+)/.exec(script)?.[1] ?? /\/dev\/tcp\/\S+/.exec(script)?.[0] ?? script
  );
}

function differences(compose: Service, ours: Service): Omit<Difference, "reason">[] {
  return [...new Set([...Object.keys(compose), ...Object.keys(ours)])]
    .map((setting) => ({
      setting,
      compose: compose[setting] ?? "-",
      ours: ours[setting] ?? "-",
    }))
    .filter((difference) => difference.compose !== difference.ours)
    .sort((a, b) => a.setting.localeCompare(b.setting));
}

describe("the environment seed", () => {
  it("deploys the containers of the compose file, by their names, and no other", async () => {
    expect(Object.keys(await rendered()).sort()).toEqual(Object.keys(COMPOSE).sort());
  });

  it.each(Object.keys(COMPOSE))("differs in %s only where a reason is given", async (service) => {
    const ours = (await rendered())[service] ?? {};
    const listed = (DIFFERENCES[service] ?? [])
      .map(({ setting, compose, ours: wanted }) => ({ setting, compose, ours: wanted }))
      .sort((a, b) => a.setting.localeCompare(b.setting));
    expect(differences(COMPOSE[service] ?? {}, ours)).toEqual(listed);
  });

  it("gives a reason for every difference", () => {
    for (const { setting, reason } of Object.values(DIFFERENCES).flat()) {
      expect(reason, setting).toMatch(/\w+ \w+ \w+/);
    }
  });
});
