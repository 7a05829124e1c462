import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { Construct } from "constructs";
import type { Distribution } from "../distribution.ts";
import { checkPort, Endpoint } from "../endpoint.ts";
import type { Image } from "../image.ts";
import type { IKafkaCluster } from "../kafka-cluster.ts";
import type { Labels } from "../labels.ts";
import type { Vantage } from "../listener.ts";
import type { PublishedPort } from "../published-port.ts";
import type { JavaService, MemoryProps } from "../sizing.ts";
import { checkHostName } from "./host-name.ts";
import { Jvm } from "./jvm.ts";
import type { Probe } from "./probe.ts";
import { replicationFor } from "./replication.ts";
import { publishedPorts, ServiceContainers } from "./service-container.ts";

/** Settings that all HTTP services beside the brokers have. */
export interface HttpServiceProps extends MemoryProps {
  /** Name of the container, and its host name on the network. Lower-case letters, digits and dashes. */
  readonly name: string;
  /** The cluster that it works with; it joins the cluster's network. */
  readonly kafka: IKafkaCluster;
  /**
   * Where the image comes from.
   *
   * @default - the cluster's distribution
   */
  readonly distribution?: Distribution;
  /**
   * Port of the Docker host that leads to it.
   *
   * @default - none: only containers on the network reach it
   */
  readonly publish?: PublishedPort;
  /**
   * Labels on everything it makes.
   *
   * @default - none but the service's name
   */
  readonly labels?: Labels;
}

/** What follows from the settings, for a service to render. */
export interface ServiceNeeds {
  /** Its name on the Docker network. */
  readonly host: string;
  /** Port that it listens on. */
  readonly port: number;
  /** The brokers, as containers on the network reach them. */
  readonly bootstrapServers: string;
  /** Replicas of the topics that the service makes for itself: never more than there are brokers. */
  readonly replicationFactor: number;
  /** What it runs in. */
  readonly jvm: Jvm;
}

/** A service in its image's own words. */
export interface ServiceDialect {
  readonly environment: Readonly<Record<string, string>>;
  /** What runs in the container, if not what the image says. */
  readonly command?: readonly string[];
  /** Path of its API, without a slash at the end; empty at the root. */
  readonly apiPath: string;
  /** How it is seen that it serves. */
  readonly probe: Probe;
}

/** What one kind of service has of its own. */
export interface ServiceKind {
  /** The service's name, as its label says it. */
  readonly service: string;
  /** As people call it. */
  readonly title: string;
  readonly image: Image;
  readonly port: number;
  /** As a sizing calls it. */
  readonly size: JavaService;
  /** Seconds it gets to end in order before it is killed. */
  readonly stopSeconds: number;
  render(needs: ServiceNeeds): ServiceDialect;
}

/** One container with an HTTP API, that works with a Kafka cluster. */
export abstract class HttpService extends Construct {
  readonly host: string;
  readonly container: Container;
  /** Address of its API for containers on the network. */
  readonly networkUrl: string;
  private readonly published: PublishedPort | undefined;
  private readonly apiPath: string;
  /** What further containers of the service are made with. */
  protected readonly containers: ServiceContainers;

  protected constructor(scope: Construct, id: string, props: HttpServiceProps, kind: ServiceKind) {
    super(scope, id);
    const { kafka } = props;
    this.host = checkHostName(props.name, kind.title);
    this.published = props.publish;
    const port = checkPort(kind.port, kind.title);
    const jvm = new Jvm(kind.size, props);
    const bootstrapServers = kafka.networkBootstrapServers;
    this.node.addValidation({
      validate: () => [
        ...jvm.conflicts(),
        ...(bootstrapServers === undefined
          ? [
              `cluster ${kafka.name} has no listener for the Docker network, which ${kind.title} needs; add Listener.network()`,
            ]
          : []),
      ],
    });
    const dialect = kind.render({
      host: this.host,
      port,
      bootstrapServers: bootstrapServers ?? "",
      replicationFactor: replicationFor(kafka.size).replicas,
      jvm,
    });
    this.apiPath = dialect.apiPath;
    this.containers = new ServiceContainers(this, {
      service: kind.service,
      image: kind.image,
      network: kafka.network,
      memoryLimit: jvm.limit,
      stopSeconds: kind.stopSeconds,
      labels: props.labels,
    });
    this.container = this.containers.container("server", {
      host: this.host,
      environment: dialect.environment,
      command: dialect.command,
      ports: publishedPorts(port, props.publish),
      mounts: [],
      probe: dialect.probe,
      outlivedBy: kafka.containers,
    });
    this.networkUrl = this.urlOf(Endpoint.of(this.host, port));
  }

  /**
   * Address of its API for clients of a vantage.
   *
   * @returns undefined when nothing is published for them
   */
  url(vantage: Vantage): string | undefined {
    if (vantage === "network") return this.networkUrl;
    return this.published?.vantage === vantage ? this.urlOf(this.published.endpoint) : undefined;
  }

  private urlOf(endpoint: Endpoint): string {
    return `http://${endpoint}${this.apiPath}`;
  }
}
