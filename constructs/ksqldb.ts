import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { Construct } from "constructs";
import { lacking } from "./distribution.ts";
import type { Image } from "./image.ts";
import type { IKafkaConnect } from "./kafka-connect.ts";
import type { Labels } from "./labels.ts";
import { Memory } from "./memory.ts";
import { checkHostName } from "./private/host-name.ts";
import { HttpService, type HttpServiceProps } from "./private/http-service.ts";
import { Probe } from "./private/probe.ts";
import { settingConflicts, toEnvironment, type Properties } from "./private/properties.ts";
import { ServiceContainers } from "./private/service-container.ts";
import type { ISchemaRegistry } from "./schema-registry.ts";

/** Settings of a {@link KsqlDb}. */
export interface KsqlDbProps extends HttpServiceProps {
  /**
   * Where the schemas of Avro, JSON Schema and Protobuf records are.
   *
   * @default - none: streams over such records are refused
   */
  readonly schemaRegistry?: ISchemaRegistry | undefined;
  /**
   * The Connect that `CREATE SOURCE CONNECTOR` and the like speak to.
   *
   * @default - none: such statements are refused
   */
  readonly connect?: IKafkaConnect | undefined;
  /**
   * More server settings, under ksqlDB's own names, such as `ksql.streams.num.stream.threads`. They win over the defaults;
   * addresses and replication cannot be set here.
   *
   * @default - none
   */
  readonly settings?: Properties;
}

/** What {@link KsqlDb.addCli} takes. */
export interface KsqlDbCliProps {
  /**
   * Name of the container.
   *
   * @default - the server's and `-cli`
   */
  readonly name?: string;
}

/** A container to run ksqlDB's command line in. */
export interface KsqlDbCli {
  readonly host: string;
  readonly container: Container;
}

/** What the construct derives; a second opinion on it would break what it promises. */
const OWN_PROPERTIES =
  /^((ksql\.streams\.)?bootstrap\.servers|listeners|ksql\.((internal|advertised)\.listener|schema\.registry\.url|connect\.url|internal\.topic\.replicas|streams\.replication\.factor|logging\.processing\.topic\.replication\.factor))$/;

const PORT = 8088;

/** Confluent's ksqlDB server: streams and tables over Kafka's topics, in SQL. */
export class KsqlDb extends HttpService {
  private readonly props: KsqlDbProps;
  private readonly cliImage: Image;

  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: KsqlDbProps) {
    const distribution = props.distribution ?? props.kafka.distribution;
    const images = distribution.ksqlDb ?? lacking(distribution, "ksqlDb");
    const { schemaRegistry, connect, settings = {} } = props;
    super(scope, id, props, {
      service: "ksqldb",
      title: "ksqlDB",
      image: images.server,
      port: PORT,
      size: "ksqlDb",
      // It has been seen to take 33 s.
      stopSeconds: 90,
      render: ({ host, port, bootstrapServers, replicationFactor, jvm }) => {
        const replicas = String(replicationFactor);
        return {
          environment: {
            ...toEnvironment("KSQL", {
              "bootstrap.servers": bootstrapServers,
              listeners: `http://0.0.0.0:${port}`,
              // Servers of one id run each other's statements: with the default, all that use one cluster would.
              "ksql.service.id": `${host}_`,
              // Left at their defaults, a single broker makes the server say that it is healthy and fail every CREATE.
              "ksql.internal.topic.replicas": replicas,
              "ksql.streams.replication.factor": replicas,
              "ksql.logging.processing.topic.replication.factor": replicas,
              "ksql.logging.processing.topic.auto.create": "true",
              "ksql.logging.processing.stream.auto.create": "true",
              ...(schemaRegistry === undefined
                ? {}
                : { "ksql.schema.registry.url": schemaRegistry.networkUrl }),
              ...(connect === undefined ? {} : { "ksql.connect.url": connect.networkUrl }),
              ...settings,
            }),
            ...jvm.environment("KSQL"),
          },
          apiPath: "",
          // The status is 200 all the while.
          probe: Probe.http(host, port, "/healthcheck", '{"isHealthy":true,"details"'),
        };
      },
    });
    this.props = props;
    this.cliImage = images.cli;
    this.node.addValidation({
      validate: () =>
        settingConflicts(settings, OWN_PROPERTIES, "ksqlDB", "kafka, schemaRegistry or connect"),
    });
  }

  /**
   * Adds a container that idles, for `docker exec -it <name> ksql http://<server>:8088`.
   *
   * @throws InvalidSettingError when the name cannot be one
   */
  addCli({ name = `${this.host}-cli` }: KsqlDbCliProps = {}): KsqlDbCli {
    const host = checkHostName(name, "ksqlDB's command line");
    const { kafka, labels } = this.props as { kafka: KsqlDbProps["kafka"]; labels?: Labels };
    const containers = new ServiceContainers(new Construct(this, "cli"), {
      service: "ksqldb-cli",
      image: this.cliImage,
      network: kafka.network,
      // A command's JVM has the quarter of it for its heap.
      memoryLimit: Memory.mebibytes(768),
      stopSeconds: 10,
      labels,
    });
    const container = containers.container("cli", {
      host,
      environment: {},
      // A process that ends when it is told to: a shell would not.
      entrypoint: ["sleep"],
      command: ["infinity"],
      init: true,
      ports: [],
      mounts: [],
      probe: Probe.http(this.host, PORT, "/info"),
      outlivedBy: [this.container],
    });
    return { host, container };
  }
}
