import { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { Image as ImageResource } from "@cdktf/provider-docker/lib/image/index.js";
import { Volume } from "@cdktf/provider-docker/lib/volume/index.js";
import { Construct } from "constructs";
import type { Distribution } from "./distribution.ts";
import type { Endpoint } from "./endpoint.ts";
import { InvalidSettingError } from "./errors.ts";
import { labelBlocks, SERVICE_LABEL, type Labels } from "./labels.ts";
import { CLUSTER_LISTENERS, Listener } from "./listener.ts";
import { Memory } from "./memory.ts";
import { Metadata } from "./metadata.ts";
import { listenerSettings, type Node } from "./private/listener-settings.ts";
import { toKafkaEnvironment, type Properties } from "./private/properties.ts";
import { Storage } from "./storage.ts";

/** Settings of a {@link KafkaCluster}. */
export interface KafkaClusterProps {
  /** Name of the cluster: broker n's container is `<name>-<n>`. Lower-case letters, digits and dashes. */
  readonly name: string;
  /** Where the images come from. */
  readonly distribution: Distribution;
  /** The Docker network that the brokers join: a provider resource, or any object with its name. */
  readonly network: { readonly name: string };
  /** The cluster's id: a UUID in 22 characters of URL-safe base64. It must never change while the data lives. */
  readonly clusterId: string;
  /** Who connects from where; at least one. */
  readonly listeners: readonly Listener[];
  /**
   * Where the cluster keeps its metadata.
   *
   * @default Metadata.kraft()
   */
  readonly metadata?: Metadata;
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

/** What a JVM needs beside its heap, in MiB: code, class data, threads, buffers. */
const BESIDE_HEAP = { least: 128, usual: 512 } as const;

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

/**
 * A Kafka cluster of one broker, its own controller, with a listener for every place that clients stand.
 *
 * Advertised listeners are never written by hand: they follow from {@link KafkaClusterProps.listeners}.
 */
export class KafkaCluster extends Construct {
  readonly distribution: Distribution;
  readonly metadata: Metadata;
  readonly clusterId: string;
  readonly listeners: readonly Listener[];
  readonly brokers: readonly Broker[];

  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: KafkaClusterProps) {
    super(scope, id);
    checkName(props.name);
    checkClusterId(props.clusterId);
    this.distribution = props.distribution;
    this.metadata = props.metadata ?? Metadata.kraft();
    this.clusterId = props.clusterId;
    this.listeners = props.listeners;

    const nodes: Node[] = [{ id: 1, host: `${props.name}-1` }];
    const heap = props.heap ?? Memory.gibibytes(1);
    const memoryLimit = props.memoryLimit ?? Memory.mebibytes(heap.mebibytes + BESIDE_HEAP.usual);
    const settings = props.settings ?? {};
    this.node.addValidation({
      validate: () => [
        ...this.refusedMetadata(),
        ...listenerConflicts(this.listeners),
        ...heapConflicts(heap, memoryLimit),
        ...settingConflicts(settings),
      ],
    });

    const labels: Labels = { ...props.labels, [SERVICE_LABEL]: "kafka" };
    const image = new ImageResource(this, "image", {
      name: props.distribution.kafka.reference,
      keepLocally: true,
    });
    this.brokers = nodes.map((node) => {
      const volume =
        (props.storage ?? Storage.volume()).kind === "volume"
          ? new Volume(this, `volume-${node.id}`, {
              name: `${node.host}-data`,
              labels: labelBlocks(labels),
            })
          : undefined;
      const properties: Properties = {
        ...clusterDefaults(props.distribution),
        ...settings,
        "node.id": String(node.id),
        "process.roles": "broker,controller",
        "log.dirs": DATA_PATH,
        ...listenerSettings(node, nodes, this.listeners),
      };
      const environment: Record<string, string> = {
        ...toKafkaEnvironment(properties),
        CLUSTER_ID: props.clusterId,
        KAFKA_HEAP_OPTS: `-Xms${heap.mebibytes}m -Xmx${heap.mebibytes}m`,
      };
      const container = new Container(this, `broker-${node.id}`, {
        name: node.host,
        hostname: node.host,
        image: image.imageId,
        networksAdvanced: [{ name: props.network.name }],
        env: Object.entries(environment)
          .map(([name, value]) => `${name}=${value}`)
          .sort(),
        ports: publishedPorts(node, this.listeners),
        ...(volume === undefined
          ? { tmpfs: { [DATA_PATH]: "" } }
          : { mounts: [{ type: "volume", source: volume.name, target: DATA_PATH }] }),
        memory: memoryLimit.mebibytes,
        // No swap: a heap that is paged out is worse than one that is too small. Unset, the engine makes it twice the memory.
        memorySwap: memoryLimit.mebibytes,
        healthcheck: {
          // Kafka opens its listeners once the broker may serve; every image has bash, few have more.
          test: ["CMD", "bash", "-c", `</dev/tcp/${node.host}/${CLUSTER_LISTENERS.broker.port}`],
          interval: "5s",
          timeout: "5s",
          startPeriod: "2m0s",
          retries: 5,
        },
        restart: "unless-stopped",
        stopTimeout: STOP_SECONDS,
        destroyGraceSeconds: STOP_SECONDS,
        labels: labelBlocks(labels),
      });
      return { ...node, container, volume };
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

  private refusedMetadata(): string[] {
    const refusal = this.distribution.refuses(this.metadata);
    if (refusal !== undefined) return [refusal];
    return this.metadata.mode === "zookeeper"
      ? [
          `${this.distribution} can run on ZooKeeper, but this kit deploys KRaft clusters only; use Metadata.kraft()`,
        ]
      : [];
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

/** Sorted, since the provider takes a new order for a change. */
function publishedPorts(
  node: Node,
  listeners: readonly Listener[],
): { internal: number; external: number; ip: string }[] {
  return listeners
    .flatMap((listener) =>
      listener.bindAddress === undefined
        ? []
        : [
            {
              internal: listener.port,
              external: listener.advertised(node).port,
              ip: listener.bindAddress,
            },
          ],
    )
    .sort((a, b) => a.internal - b.internal);
}

function checkName(name: string): void {
  // A host name has 63 characters at the most; a dash and the broker's number follow.
  if (!/^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$/.test(name)) {
    throw new InvalidSettingError(
      `cluster name "${name}" cannot begin a host name; use lower-case letters, digits and dashes, 60 at the most`,
    );
  }
}

function checkClusterId(clusterId: string): void {
  if (!/^[A-Za-z0-9_-]{22}$/.test(clusterId)) {
    throw new InvalidSettingError(
      `cluster id "${clusterId}" is malformed; give 22 characters of URL-safe base64, as kafka-storage random-uuid prints them`,
    );
  }
}

function listenerConflicts(listeners: readonly Listener[]): string[] {
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
  ];
  return [...new Set(conflicts)];
}

function heapConflicts(heap: Memory, memoryLimit: Memory): string[] {
  return heap.mebibytes + BESIDE_HEAP.least > memoryLimit.mebibytes
    ? [
        `a heap of ${heap} does not fit a memory limit of ${memoryLimit}; lower the heap, or raise the limit to ${heap.mebibytes + BESIDE_HEAP.usual} MiB (${heap.mebibytes + BESIDE_HEAP.least} MiB at the least)`,
      ]
    : [];
}

/** Properties that the cluster derives; a second opinion on them would break what it promises. */
const OWN_PROPERTIES =
  /^(node\.id|broker\.id|process\.roles|log\.dirs?|(advertised\.)?listeners|listener\.security\.protocol\.map|(inter\.broker|controller)\.listener\.names?|security\.inter\.broker\.protocol|controller\.quorum\..*|zookeeper\.connect|port|host\.name|advertised\.(host\.name|port))$/;

function settingConflicts(settings: Properties): string[] {
  return Object.keys(settings).flatMap((property) => {
    if (!/^[a-z0-9]+([._-][a-z0-9]+)*$/.test(property)) {
      return [
        `the setting "${property}" is no name of Kafka's; write it as its documentation does, such as log.retention.hours`,
      ];
    }
    return OWN_PROPERTIES.test(property)
      ? [
          `the setting ${property} is derived by the cluster; say it by listeners, metadata or storage instead`,
        ]
      : [];
  });
}
