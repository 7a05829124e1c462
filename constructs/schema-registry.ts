import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { Construct } from "constructs";
import type { Distribution, SchemaRegistryImage } from "./distribution.ts";
import { checkPort, Endpoint } from "./endpoint.ts";
import { InvalidSettingError } from "./errors.ts";
import type { KafkaCluster } from "./kafka-cluster.ts";
import type { Labels } from "./labels.ts";
import { Memory } from "./memory.ts";
import { checkHostName } from "./private/host-name.ts";
import { Probe } from "./private/probe.ts";
import { schemaRegistrySettings } from "./private/schema-registry-settings.ts";
import { ServiceContainers } from "./private/service-container.ts";
import { heapOptions, memoryConflicts, serviceMemory } from "./private/service-memory.ts";

/** Settings of a {@link SchemaRegistry}. */
export interface SchemaRegistryProps {
  /** Name of the container, and its host name on the network. Lower-case letters, digits and dashes. */
  readonly name: string;
  /** The cluster whose schemas it keeps, in that cluster's own topics; it joins the cluster's network. */
  readonly kafka: KafkaCluster;
  /**
   * Where the image comes from.
   *
   * @default - the cluster's distribution
   */
  readonly distribution?: Distribution;
  /**
   * TCP port that it listens on inside the network.
   *
   * @default 8081
   */
  readonly port?: number;
  /**
   * TCP port for programs on the Docker host, bound on 127.0.0.1.
   *
   * @default - nothing is published: only containers on the network reach it
   */
  readonly hostPort?: number;
  /**
   * Java heap.
   *
   * @default - 256 MiB
   */
  readonly heap?: Memory;
  /**
   * Memory limit of the container.
   *
   * @default - the heap and 512 MiB for what the JVM keeps beside it
   */
  readonly memoryLimit?: Memory;
  /**
   * Labels on everything it makes.
   *
   * @default - none but the service's name
   */
  readonly labels?: Labels;
}

const STOP_SECONDS = 60;

/**
 * Keeps the schemas of records, under Confluent's API: Confluent's own service, or Apicurio Registry where a
 * distribution has that one. The schemas are in Kafka, so they live as long as the cluster's data. An
 * incompatible change is refused unless a subject says otherwise (BACKWARD).
 */
export class SchemaRegistry extends Construct {
  /** Whose service it is. */
  readonly product: SchemaRegistryImage["product"];
  readonly host: string;
  readonly container: Container;
  /** Address of its API for containers on the network. */
  readonly networkUrl: string;
  /** Address of its API for programs on the Docker host; undefined when nothing is published. */
  readonly hostUrl: string | undefined;

  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: SchemaRegistryProps) {
    super(scope, id);
    const { kafka, hostPort } = props;
    this.host = checkHostName(props.name, "Schema Registry");
    const port = checkPort(props.port ?? 8081, `Schema Registry ${props.name}`);
    if (hostPort !== undefined) checkPort(hostPort, `Schema Registry ${props.name}`);
    const distribution = props.distribution ?? kafka.distribution;
    const image = distribution.schemaRegistry;
    if (image === undefined) {
      throw new InvalidSettingError(
        `${distribution} names no Schema Registry image; give schemaRegistry to Distribution.of(), or use Distribution.confluent(), apache() or local()`,
      );
    }
    this.product = image.product;
    const memory = serviceMemory(props.heap ?? Memory.mebibytes(256), props.memoryLimit);
    const listener = kafka.listenerFor("network");
    this.node.addValidation({
      validate: () => [
        ...memoryConflicts(memory),
        ...(listener === undefined
          ? [
              `cluster ${kafka.node.path} has no listener for the Docker network, which the Schema Registry needs; add Listener.network()`,
            ]
          : []),
      ],
    });

    const dialect = schemaRegistrySettings(image.product, {
      host: this.host,
      port,
      bootstrapServers: listener === undefined ? "" : kafka.bootstrapServers(listener.name),
      replicationFactor: Math.min(3, kafka.brokers.length),
      heap: heapOptions(memory),
    });
    const containers = new ServiceContainers(this, {
      service: "schema-registry",
      image: image.image,
      network: kafka.network,
      memoryLimit: memory.limit,
      stopSeconds: STOP_SECONDS,
      labels: props.labels,
    });
    this.container = containers.container("server", {
      host: this.host,
      environment: dialect.environment,
      ports:
        hostPort === undefined ? [] : [{ internal: port, external: hostPort, ip: "127.0.0.1" }],
      mounts: [],
      probe: Probe.http(this.host, port, dialect.readyPath),
      outlivedBy: kafka.brokers.map(({ container }) => container),
    });
    const url = (endpoint: Endpoint): string => `http://${endpoint}${dialect.apiPath}`;
    this.networkUrl = url(Endpoint.of(this.host, port));
    this.hostUrl = hostPort === undefined ? undefined : url(Endpoint.of("localhost", hostPort));
  }
}
