import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import type { Volume } from "@cdktf/provider-docker/lib/volume/index.js";
import { Construct } from "constructs";
import type { Distribution } from "./distribution.ts";
import { Endpoint } from "./endpoint.ts";
import { InvalidSettingError } from "./errors.ts";
import type { Jmx } from "./jmx.ts";
import type { Labels } from "./labels.ts";
import { CLUSTER_LISTENERS, type Listener, type Vantage } from "./listener.ts";
import { Memory } from "./memory.ts";
import { Metadata } from "./metadata.ts";
import { isLoopback, isUnspecified } from "./private/external-address.ts";
import { hostNames } from "./private/host-name.ts";
import { listenerSettings, type Node } from "./private/listener-settings.ts";
import { Probe } from "./private/probe.ts";
import { settingConflicts, toEnvironment, type Properties } from "./private/properties.ts";
import { ServiceContainers, type PortBinding } from "./private/service-container.ts";
import { heapOptions, memoryConflicts, serviceMemory } from "./private/service-memory.ts";
import { Storage } from "./storage.ts";

/** Settings of a {@link KafkaCluster}. */
export interface KafkaClusterProps {
  /** Name of the cluster: broker n's container is `<name>-<n>`, its volume `<name>-<n>-data`. Lower-case letters, digits and dashes. */
  readonly name: string;
  /**
   * Names of the brokers' containers, in the order of their ids.
   *
   * @default - `<name>-<n>`
   */
  readonly hosts?: readonly string[];
  /** Where the images come from. */
  readonly distribution: Distribution;
  /** The Docker network that the brokers join: a provider resource, or any object with its name. */
  readonly network: { readonly name: string };
  /**
   * The cluster's id: a UUID in 22 characters of URL-safe base64. It must never change while the data lives.
   *
   * @default - none with ZooKeeper, where Kafka draws it at its first start; KRaft needs one
   */
  readonly clusterId?: string | undefined;
  /** Who connects from where; at least one. */
  readonly listeners: readonly Listener[];
  /**
   * Where the cluster keeps its metadata.
   *
   * @default Metadata.kraft()
   */
  readonly metadata?: Metadata;
  /**
   * Java's management interface of the brokers.
   *
   * @default - there is none
   */
  readonly jmx?: Jmx;
  /**
   * Where each broker keeps its log.
   *
   * @default Storage.volume()
   */
  readonly storage?: Storage;
  /**
   * Java heap of a broker.
   *
   * @default - 1 GiB, as the images themselves have it
   */
  readonly heap?: Memory;
  /**
   * Memory limit of a broker's container.
   *
   * @default - the heap and 512 MiB for what the JVM keeps beside it
   */
  readonly memoryLimit?: Memory;
  /**
   * More broker settings, under Kafka's own names, such as `log.retention.hours`. They win over the
   * cluster's defaults; what listeners, quorum and storage are made of cannot be set here.
   *
   * @default - none
   */
  readonly settings?: Properties;
  /**
   * Labels on everything the cluster makes.
   *
   * @default - none but the service's name
   */
  readonly labels?: Labels;
}

/** Path that the images of every distribution declare as their data volume. */
const DATA_PATH = "/var/lib/kafka/data";

/** Seconds a broker gets to hand over its partitions and close its log before it is killed. */
const STOP_SECONDS = 90;

/** One broker of a cluster: its id, its name on the network, its container and volume. */
export interface Broker {
  readonly id: number;
  readonly host: string;
  readonly container: Container;
  /** Undefined with ephemeral storage. */
  readonly volume: Volume | undefined;
}

/** A cluster as the services beside it need to know it: a {@link KafkaCluster}, or one that is deployed elsewhere. */
export interface IKafkaCluster {
  /** What messages call it. */
  readonly name: string;
  /** Where the images of its services come from. */
  readonly distribution: Distribution;
  /** The Docker network that its services join. */
  readonly network: { readonly name: string };
  /** How many brokers it has: no topic can have more replicas. */
  readonly size: number;
  /** `host:port,host:port` for containers on the network; undefined when no listener is for them. */
  readonly networkBootstrapServers: string | undefined;
  /** The brokers' containers; none for a cluster that is deployed elsewhere. */
  readonly containers: readonly Container[];
}

/** What {@link KafkaCluster.fromBootstrapServers} takes. */
export interface ForeignKafkaProps {
  /** How many brokers it has: topics that the services make for themselves get as many replicas, three at the most. */
  readonly brokers: number;
  /** The Docker network that the services join, from where they reach the brokers. */
  readonly network: { readonly name: string };
  /** Where the images of the services come from. */
  readonly distribution: Distribution;
}

/**
 * A Kafka cluster of one broker, its own controller or with ZooKeeper, with a listener for every place that
 * clients stand.
 *
 * Advertised listeners are never written by hand: they follow from {@link KafkaClusterProps.listeners}.
 */
export class KafkaCluster extends Construct implements IKafkaCluster {
  /**
   * A cluster that is deployed elsewhere, for services beside it.
   *
   * @param bootstrapServers `host:port,host:port`, as containers on `network` reach them
   * @throws InvalidSettingError when an address is malformed or leads a container back to itself, or when there is no broker
   */
  static fromBootstrapServers(bootstrapServers: string, props: ForeignKafkaProps): IKafkaCluster {
    const { brokers, network, distribution } = props;
    if (!Number.isInteger(brokers) || brokers < 1) {
      throw new InvalidSettingError(
        `a cluster of ${brokers} brokers cannot be; give the number that ${bootstrapServers} has`,
      );
    }
    const servers = bootstrapServers.split(",").map((server) => Endpoint.parse(server.trim()));
    for (const server of servers) {
      if (isUnspecified(server.host)) {
        throw new InvalidSettingError(
          `bootstrap server ${server} is no address that anybody can dial; give one that containers on the network reach`,
        );
      }
      if (isLoopback(server.host)) {
        throw new InvalidSettingError(
          `bootstrap server ${server} leads every container back to itself; give an address that containers on the network reach`,
        );
      }
    }
    const networkBootstrapServers = servers.join(",");
    return {
      name: networkBootstrapServers,
      distribution,
      network,
      size: brokers,
      networkBootstrapServers,
      containers: [],
    };
  }

  readonly distribution: Distribution;
  readonly metadata: Metadata;
  /** Undefined with ZooKeeper. */
  readonly clusterId: string | undefined;
  readonly network: { readonly name: string };
  readonly listeners: readonly Listener[];
  readonly brokers: readonly Broker[];
  /** Its path in the tree of constructs. */
  readonly name: string;

  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: KafkaClusterProps) {
    super(scope, id);
    const { jmx } = props;
    this.name = this.node.path;
    this.distribution = props.distribution;
    this.metadata = props.metadata ?? Metadata.kraft();
    this.network = props.network;
    this.clusterId = checkClusterId(props.clusterId, this.metadata);
    this.listeners = props.listeners;

    const nodes: Node[] = hostNames(props.name, 1, props.hosts, "cluster").map((host, i) => ({
      id: i + 1,
      host,
    }));
    const memory = serviceMemory(props.heap ?? Memory.gibibytes(1), props.memoryLimit);
    const settings = props.settings ?? {};
    const refusal = props.distribution.refuses(this.metadata);
    this.node.addValidation({
      validate: () => [
        ...(refusal === undefined ? [] : [refusal]),
        ...listenerConflicts(this.listeners, jmx),
        ...memoryConflicts(memory),
        ...settingConflicts(settings, OWN_PROPERTIES, "Kafka", "listeners, metadata or storage"),
      ],
    });

    const containers = new ServiceContainers(this, {
      service: "kafka",
      image: props.distribution.kafka,
      network: props.network,
      memoryLimit: memory.limit,
      stopSeconds: STOP_SECONDS,
      labels: props.labels,
    });
    const storage = props.storage ?? Storage.volume();
    this.brokers = nodes.map((node) => {
      const volumeName = `${props.name}-${node.id}-data`;
      const log = containers.mount(`volume-${node.id}`, DATA_PATH, storage, volumeName);
      const container = containers.container(`broker-${node.id}`, {
        host: node.host,
        environment: {
          ...toEnvironment("KAFKA", {
            ...clusterDefaults(props.distribution),
            ...settings,
            "log.dirs": DATA_PATH,
            ...listenerSettings(node, nodes, this.listeners, this.metadata),
          }),
          ...(this.clusterId === undefined ? {} : { CLUSTER_ID: this.clusterId }),
          KAFKA_HEAP_OPTS: heapOptions(memory),
          ...(jmx === undefined
            ? {}
            : {
                KAFKA_JMX_PORT: String(jmx.port + node.id - 1),
                KAFKA_JMX_HOSTNAME: jmx.advertised(node),
              }),
        },
        ports: publishedPorts(node, this.listeners, jmx),
        mounts: [log],
        probe: Probe.kafka(node.host, CLUSTER_LISTENERS.broker.port),
        // Without ZooKeeper a broker does not end in order.
        outlivedBy: this.metadata.ensemble?.containers ?? [],
      });
      return { ...node, container, volume: log.volume };
    });
  }

  /**
   * Where clients of a listener connect, one endpoint a broker.
   *
   * @throws InvalidSettingError when the cluster has no such listener
   */
  endpoints(listener: string): Endpoint[] {
    const found = this.listeners.find(({ name }) => name === listener);
    if (found === undefined) {
      const names = this.listeners.map(({ name }) => name).join(", ");
      throw new InvalidSettingError(`no listener "${listener}" on this cluster; it has ${names}`);
    }
    return this.brokers.map((broker) => found.advertised(broker));
  }

  /**
   * The endpoints of a listener as clients take them, `host:port,host:port`.
   *
   * @throws InvalidSettingError when the cluster has no such listener
   */
  bootstrapServers(listener: string): string {
    return this.endpoints(listener).join(",");
  }

  get size(): number {
    return this.brokers.length;
  }

  get containers(): readonly Container[] {
    return this.brokers.map(({ container }) => container);
  }

  get networkBootstrapServers(): string | undefined {
    const listener = this.listenerFor("network");
    return listener === undefined ? undefined : this.bootstrapServers(listener.name);
  }

  /** The first listener for clients of a vantage; undefined when they have none. */
  listenerFor(vantage: Vantage): Listener | undefined {
    return this.listeners.find((listener) => listener.vantage === vantage);
  }
}

/** Replication that a cluster of one broker can have, and a first consumer that need not wait. */
function clusterDefaults(distribution: Distribution): Properties {
  return {
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    // Share groups (KIP-932) keep their state in a topic of their own.
    ...(distribution.hasKafka(4, 1)
      ? {
          "share.coordinator.state.topic.replication.factor": "1",
          "share.coordinator.state.topic.min.isr": "1",
        }
      : {}),
  };
}

function publishedPorts(
  node: Node,
  listeners: readonly Listener[],
  jmx: Jmx | undefined,
): PortBinding[] {
  const ports = listeners.flatMap((listener) =>
    listener.bindAddress === undefined
      ? []
      : [
          {
            internal: listener.port,
            external: listener.advertised(node).port,
            ip: listener.bindAddress,
          },
        ],
  );
  if (jmx?.bindAddress === undefined) return ports;
  // JMX sends its clients on to the port that it listens on, so both are the same.
  const port = jmx.port + node.id - 1;
  return [...ports, { internal: port, external: port, ip: jmx.bindAddress }];
}

function checkClusterId(clusterId: string | undefined, { mode }: Metadata): string | undefined {
  const form = "22 characters of URL-safe base64, as kafka-storage random-uuid prints them";
  if (mode === "zookeeper") {
    if (clusterId === undefined) return undefined;
    throw new InvalidSettingError(
      `cluster id "${clusterId}" cannot be kept: with ZooKeeper, Kafka draws it at its first start; give none`,
    );
  }
  if (clusterId === undefined) {
    throw new InvalidSettingError(`a KRaft cluster needs a cluster id; give ${form}`);
  }
  if (!/^[A-Za-z0-9_-]{22}$/.test(clusterId)) {
    throw new InvalidSettingError(`cluster id "${clusterId}" is malformed; give ${form}`);
  }
  return clusterId;
}

function listenerConflicts(listeners: readonly Listener[], jmx: Jmx | undefined): string[] {
  if (listeners.length === 0) {
    return ["the cluster has no listener; give at least one, such as Listener.host()"];
  }
  const pairs = listeners.flatMap((a, i) => listeners.slice(i + 1).map((b) => [a, b] as const));
  const conflicts = [
    ...pairs
      .filter(([a, b]) => a.name === b.name)
      .map(
        ([a]) =>
          `two listeners are named "${a.name}"; name each after its own clients, such as LAN`,
      ),
    ...pairs
      .filter(([a, b]) => a.port === b.port)
      .map(
        ([a, b]) =>
          `listener "${a.name}" and listener "${b.name}" both use port ${a.port}; give each its own port`,
      ),
    ...listeners.flatMap((listener) =>
      Object.values(CLUSTER_LISTENERS)
        .filter((own) => own.port === listener.port)
        .map(
          (own) =>
            `listener "${listener.name}" uses port ${listener.port}, which the cluster's own listener ${own.name} has; give it another`,
        ),
    ),
    ...[...listeners, ...Object.values(CLUSTER_LISTENERS)]
      .filter(({ port }) => port === jmx?.port)
      .map(
        ({ name, port }) =>
          `JMX and listener "${name}" both use port ${port}; give each its own port`,
      ),
  ];
  return [...new Set(conflicts)];
}

/** Properties that the cluster derives; a second opinion on them would break what it promises. */
const OWN_PROPERTIES =
  /^(node\.id|broker\.id|process\.roles|log\.dirs?|(advertised\.)?listeners|listener\.security\.protocol\.map|(inter\.broker|controller)\.listener\.names?|security\.inter\.broker\.protocol|controller\.quorum\..*|zookeeper\.connect|port|host\.name|advertised\.(host\.name|port))$/;
