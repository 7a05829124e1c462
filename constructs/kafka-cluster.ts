import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import type { Volume } from "@cdktf/provider-docker/lib/volume/index.js";
import { Construct } from "constructs";
import {
  brokerNodes,
  refuseTwins,
  type BrokerNode,
  type BrokerProps,
  type Node,
} from "./broker.ts";
import type { Distribution } from "./distribution.ts";
import { Endpoint } from "./endpoint.ts";
import { InvalidSettingError } from "./errors.ts";
import type { Jmx } from "./jmx.ts";
import type { Labels } from "./labels.ts";
import { CLUSTER_LISTENERS, type Listener, type Vantage } from "./listener.ts";
import { Metadata } from "./metadata.ts";
import { isLoopback, isUnspecified } from "./private/external-address.ts";
import { checkHostName } from "./private/host-name.ts";
import { Jvm } from "./private/jvm.ts";
import { brokerSettings, controllerSettings } from "./private/listener-settings.ts";
import { cleanerConflicts } from "./private/log-cleaner.ts";
import { Probe } from "./private/probe.ts";
import { settingConflicts, toEnvironment, type Properties } from "./private/properties.ts";
import { quorumConflict } from "./private/quorum.ts";
import { replicationConflicts, replicationSettings } from "./private/replication.ts";
import { ServiceContainers, sharesPort, type PortBinding } from "./private/service-container.ts";
import { Sizing, type MemoryProps } from "./sizing.ts";
import { Storage } from "./storage.ts";

/** Settings of a {@link KafkaCluster}. Heap and memory limit are a broker's; controllers have theirs by {@link Metadata.kraft}. */
export interface KafkaClusterProps extends MemoryProps {
  /** Name of the cluster: broker n's container is `<name>-<n>`, its volume `<name>-<n>-data`. Lower-case letters, digits and dashes. */
  readonly name: string;
  /**
   * How many brokers there are, or what each has of its own. Replication follows from their number: three replicas at
   * the most, one of which may be lost.
   *
   * @default 1
   */
  readonly brokers?: number | readonly BrokerProps[];
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

/** A node of a cluster that is deployed: a broker or a controller. */
export interface DeployedNode extends Node {
  readonly container: Container;
  /** Undefined with ephemeral storage. */
  readonly volume: Volume | undefined;
}

/** One broker of a cluster: its id, its name on the network, its container and volume. */
export interface Broker extends BrokerNode, DeployedNode {}

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

/** Controller n is node 100 + n, which leaves the numbers below to brokers. */
const CONTROLLERS_FROM = 101;

/**
 * A Kafka cluster: brokers that are their own controllers, or with controllers or ZooKeeper beside them, with a
 * listener for every place that clients stand.
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
  /** Controllers that are no brokers. */
  readonly controllers: readonly DeployedNode[];
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

    const nodes = brokerNodes(props.name, props.brokers ?? 1);
    const { dedicated, ensemble } = this.metadata;
    const controllers = controllerNodes(props.name, dedicated?.controllers ?? 0);
    refuseTwins(props.name, [...nodes, ...controllers]);
    const isCombined = ensemble === undefined && dedicated === undefined;
    const voters = isCombined ? nodes : controllers;

    const { sizing = Sizing.server() } = props;
    const jvm = new Jvm("broker", { ...props, sizing });
    const jvmOfControllers = new Jvm("controller", { ...dedicated, sizing });
    const settings = {
      ...replicationSettings(nodes.length, props.distribution),
      // A first consumer need not wait.
      "group.initial.rebalance.delay.ms": "0",
      ...sizing.brokerSettings,
      ...props.settings,
      "log.dirs": DATA_PATH,
    };
    const refusal = props.distribution.refuses(this.metadata);
    const quorum = isCombined ? quorumConflict(nodes.length, "combined controllers") : undefined;
    this.node.addValidation({
      validate: () => [
        ...(refusal === undefined ? [] : [refusal]),
        ...(quorum === undefined
          ? []
          : [`${quorum}; give 1, 3 or 5 brokers, or Metadata.kraft({ controllers: 3 })`]),
        ...listenerConflicts(this.listeners),
        ...jmxConflicts(nodes, this.listeners, jmx),
        ...strayAddresses(nodes, this.listeners),
        ...portConflicts(bindings),
        ...sharedAddresses(nodes, this.listeners),
        ...(ensemble === undefined ? [] : reservedIds(nodes, settings)),
        ...jvm.conflicts(),
        ...cleanerConflicts(settings, jvm.heap),
        ...(controllers.length === 0 ? [] : jvmOfControllers.conflicts()),
        ...settingConflicts(
          props.settings ?? {},
          OWN_PROPERTIES,
          "Kafka",
          "listeners, metadata or storage",
        ),
        ...replicationConflicts(settings, nodes.length),
      ],
    });

    const kind = {
      image: props.distribution.kafka,
      network: props.network,
      stopSeconds: STOP_SECONDS,
      labels: props.labels,
    };
    const storage = props.storage ?? Storage.volume();
    const identity = this.clusterId === undefined ? {} : { CLUSTER_ID: this.clusterId };

    const quorumScope = new Construct(this, "controllers");
    const controllerContainers =
      controllers.length === 0
        ? undefined
        : new ServiceContainers(quorumScope, {
            ...kind,
            service: "kafka-controller",
            memoryLimit: jvmOfControllers.limit,
          });
    this.controllers = controllers.flatMap((node, i) => {
      if (controllerContainers === undefined) return [];
      const volumeName = `${props.name}-controller-${i + 1}-data`;
      const log = controllerContainers.mount(`volume-${i + 1}`, DATA_PATH, storage, volumeName);
      const container = controllerContainers.container(`controller-${i + 1}`, {
        host: node.host,
        environment: {
          // Of topics that are made without numbers of their own, the controller knows the defaults.
          ...toEnvironment("KAFKA", { ...settings, ...controllerSettings(node, voters) }),
          ...identity,
          ...jvmOfControllers.environment("KAFKA"),
        },
        ports: [],
        mounts: [log],
        probe: Probe.kafka(node.host, CLUSTER_LISTENERS.controller.port),
        outlivedBy: [],
      });
      return [{ ...node, container, volume: log.volume }];
    });

    const containers = new ServiceContainers(this, {
      ...kind,
      service: "kafka",
      memoryLimit: jvm.limit,
    });
    const bindings = nodes.map((node) => ({
      node,
      ports: publishedPorts(node, this.listeners, jmx),
    }));
    this.brokers = bindings.map(({ node, ports }) => {
      const volumeName = `${props.name}-${node.id}-data`;
      const log = containers.mount(`volume-${node.id}`, DATA_PATH, storage, volumeName);
      const container = containers.container(`broker-${node.id}`, {
        host: node.host,
        environment: {
          ...toEnvironment("KAFKA", {
            ...settings,
            ...brokerSettings(node, voters, this.listeners, this.metadata),
          }),
          ...identity,
          ...jvm.environment("KAFKA"),
          ...(jmx === undefined
            ? {}
            : {
                KAFKA_JMX_PORT: String(jmx.portOf(node)),
                KAFKA_JMX_HOSTNAME: jmx.advertised(node),
              }),
        },
        ports,
        mounts: [log],
        probe: Probe.kafka(node.host, CLUSTER_LISTENERS.broker.port),
        // Without those who keep the metadata a broker does not end in order.
        outlivedBy:
          ensemble?.containers ?? this.controllers.map((controller) => controller.container),
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

/** Controllers beside the brokers, by their number. */
function controllerNodes(cluster: string, count: number): Node[] {
  return Array.from({ length: count }, (_, i) => ({
    id: CONTROLLERS_FROM + i,
    host: checkHostName(`${cluster}-controller-${i + 1}`, `cluster ${cluster}: controller`),
  }));
}

/** A port of the Docker host, and whom it leads to. */
interface OwnedPort extends PortBinding {
  /** Such as `broker 2's listener "HOST"`. */
  readonly owner: string;
}

function publishedPorts(
  node: BrokerNode,
  listeners: readonly Listener[],
  jmx: Jmx | undefined,
): OwnedPort[] {
  const ports = listeners.flatMap((listener): OwnedPort[] => {
    const published = listener.published(node);
    if (published === undefined) return [];
    const { endpoint, bindAddress: ip } = published;
    const owner = `broker ${node.id}'s listener "${listener.name}"`;
    return [{ owner, internal: listener.port, external: endpoint.port, ip }];
  });
  if (jmx?.bindAddress === undefined) return ports;
  // JMX sends its clients on to the port that it listens on, so both are the same.
  const port = jmx.portOf(node);
  const owner = `broker ${node.id}'s JMX`;
  return [...ports, { owner, internal: port, external: port, ip: jmx.bindAddress }];
}

/** Ports of the host that two brokers, or two listeners of one, want at one address. */
function portConflicts(
  bindings: readonly { readonly node: Node; readonly ports: readonly OwnedPort[] }[],
): string[] {
  const ports = bindings.flatMap(({ node, ports: its }) => its.map((port) => ({ node, ...port })));
  return ports.flatMap((port, i) =>
    ports
      .slice(0, i)
      // Two on one port inside are told of as such.
      .filter((other) => other.node !== port.node || other.internal !== port.internal)
      .filter((other) => sharesPort(other, port))
      .map(
        (other) =>
          `${other.owner} and ${port.owner} both want port ${port.external} of the host; start the listeners further apart, or give the broker a port of its own (published)`,
      ),
  );
}

/** Addresses of brokers for listeners that there are not. */
function strayAddresses(nodes: readonly BrokerNode[], listeners: readonly Listener[]): string[] {
  const names = listeners.map(({ name }) => name);
  return nodes.flatMap(({ id, published = {} }) =>
    Object.keys(published)
      .filter((name) => !names.includes(name))
      .map(
        (name) =>
          `broker ${id} has an address of its own for listener "${name}", which the cluster has not; it has ${names.join(", ")}`,
      ),
  );
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

/** Addresses that two brokers send their clients to, though the engine could bind both. */
function sharedAddresses(nodes: readonly BrokerNode[], listeners: readonly Listener[]): string[] {
  return listeners.flatMap((listener) => {
    const seen = new Map<string, number>();
    return nodes.flatMap((node) => {
      // Names and IPv6 addresses may be written in either case.
      const address = listener.advertised(node).toString().toLowerCase();
      const other = seen.get(address);
      seen.set(address, other ?? node.id);
      const published = listener.published(node);
      if (other === undefined || published === undefined) return [];
      const twin = nodes.find(({ id }) => id === other);
      const its = twin && listener.published(twin);
      // Told of as a port already.
      const isOnePort =
        its !== undefined &&
        sharesPort(
          { external: its.endpoint.port, ip: its.bindAddress },
          { external: published.endpoint.port, ip: published.bindAddress },
        );
      return isOnePort
        ? []
        : [
            `brokers ${other} and ${node.id} both send clients of listener "${listener.name}" to ${address}, where only one of them can answer; give each a port or an address of its own (published)`,
          ];
    });
  });
}

/** With ZooKeeper, Kafka keeps the ids above for those that it draws itself, and does not start under one of them. */
function reservedIds(nodes: readonly Node[], settings: Properties): string[] {
  if (settings["broker.id.generation.enable"] === "false") return [];
  const most = Number(settings["reserved.broker.max.id"] ?? 1000);
  return nodes
    .filter(({ id }) => id > most)
    .map(
      ({ id }) =>
        `broker ${id}: with ZooKeeper, ids above ${most} are Kafka's own to give; give a lower one, or set reserved.broker.max.id`,
    );
}

/** Ports that brokers want inside their containers for JMX as well as for a listener. */
function jmxConflicts(
  nodes: readonly BrokerNode[],
  listeners: readonly Listener[],
  jmx: Jmx | undefined,
): string[] {
  if (jmx === undefined) return [];
  return nodes.flatMap((node) => {
    const port = jmx.portOf(node);
    const whose = nodes.length === 1 ? "JMX" : `JMX of broker ${node.id}`;
    return [...listeners, ...Object.values(CLUSTER_LISTENERS)]
      .filter((listener) => listener.port === port)
      .map(
        ({ name }) =>
          `${whose} and listener "${name}" both use port ${port}; give each its own port`,
      );
  });
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

/** Properties that the cluster derives; a second opinion on them would break what it promises. */
const OWN_PROPERTIES =
  /^(node\.id|broker\.id|process\.roles|log\.dirs?|(advertised\.)?listeners|listener\.security\.protocol\.map|(inter\.broker|controller)\.listener\.names?|security\.inter\.broker\.protocol|controller\.quorum\..*|zookeeper\.connect|port|host\.name|advertised\.(host\.name|port))$/;
