import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import type { Volume } from "@cdktf/provider-docker/lib/volume/index.js";
import { Construct } from "constructs";
import type { Distribution } from "./distribution.ts";
import { InvalidSettingError } from "./errors.ts";
import type { Labels } from "./labels.ts";
import { Metadata, type IZooKeeper } from "./metadata.ts";
import { hostNames } from "./private/host-name.ts";
import { Jvm } from "./private/jvm.ts";
import { Probe } from "./private/probe.ts";
import { checkQuorum } from "./private/quorum.ts";
import { publishedPorts, ServiceContainers } from "./private/service-container.ts";
import type { PublishedPort } from "./published-port.ts";
import type { MemoryProps } from "./sizing.ts";
import { Storage } from "./storage.ts";

/** Settings of a {@link ZooKeeper}. */
export interface ZooKeeperProps extends MemoryProps {
  /** Name of the ensemble: server n's container is `<name>-<n>`. Lower-case letters, digits and dashes. */
  readonly name: string;
  /** Where the images come from. */
  readonly distribution: Distribution;
  /** The Docker network that the servers join: a provider resource, or any object with its name. */
  readonly network: { readonly name: string };
  /**
   * How many servers there are: 1, 3 or 5, of which none, one or two may be lost.
   *
   * @default 1
   */
  readonly servers?: number;
  /**
   * Names of the servers' containers, in the order of their ids.
   *
   * @default - `<name>-<n>`
   */
  readonly hosts?: readonly string[];
  /**
   * Port of the Docker host that leads to server 1; that of server n is n - 1 further on. It asks nobody for a password.
   *
   * @default - none: only containers on the network reach it
   */
  readonly publish?: PublishedPort;
  /**
   * Where each server keeps its snapshots and its transaction log.
   *
   * @default Storage.volume()
   */
  readonly storage?: Storage;
  /**
   * Labels on everything the ensemble makes.
   *
   * @default - none but the service's name
   */
  readonly labels?: Labels;
}

/** Port that clients connect to, inside the network. */
const CLIENT_PORT = 2181;

/** Ports that the servers have among themselves: to follow their leader, and to elect one. */
const PEER_PORTS = "2888:3888";

/** Milliseconds of a tick, ZooKeeper's unit of time; sessions live 2 to 20 of them. */
const TICK_TIME = 2000;

const STOP_SECONDS = 60;

/** One server of an ensemble: its id, its name on the network, its container and volumes. */
export interface ZooKeeperServer {
  readonly id: number;
  readonly host: string;
  readonly container: Container;
  /** Snapshots and transaction log, in this order; none with ephemeral storage. */
  readonly volumes: readonly Volume[];
}

/** A ZooKeeper ensemble, which keeps the metadata of Kafka clusters before 4.0. */
export class ZooKeeper extends Construct implements IZooKeeper {
  readonly distribution: Distribution;
  readonly servers: readonly ZooKeeperServer[];

  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: ZooKeeperProps) {
    super(scope, id);
    this.distribution = props.distribution;
    const { name } = props;
    const image = props.distribution.zooKeeper;
    if (image === undefined) {
      throw new InvalidSettingError(
        props.distribution.refuses(Metadata.zooKeeper(this)) ??
          `${props.distribution} names no ZooKeeper image; give zooKeeper to Distribution.of()`,
      );
    }
    const jvm = new Jvm("zooKeeper", props);
    this.node.addValidation({ validate: () => jvm.conflicts() });

    const containers = new ServiceContainers(this, {
      service: "zookeeper",
      image,
      network: props.network,
      memoryLimit: jvm.limit,
      stopSeconds: STOP_SECONDS,
      labels: props.labels,
    });
    const storage = props.storage ?? Storage.volume();
    const count = checkQuorum(props.servers ?? 1, "ZooKeeper servers", "servers");
    const hosts = hostNames(name, count, props.hosts, "ZooKeeper");
    this.servers = hosts.map((host, i) => {
      const server = i + 1;
      // Two folders that both images declare as volumes: the log is written on its own, in the order of the transactions.
      const mounts = ["data", "log"].map((kind) =>
        containers.mount(
          `${kind}-${server}`,
          `/var/lib/zookeeper/${kind}`,
          storage,
          `${name}-${server}-${kind}`,
        ),
      );
      const container = containers.container(`server-${server}`, {
        host,
        environment: {
          ZOOKEEPER_CLIENT_PORT: String(CLIENT_PORT),
          ZOOKEEPER_TICK_TIME: String(TICK_TIME),
          ...(count === 1 ? {} : ensembleSettings(server, hosts)),
          // ZooKeeper by itself never removes an old snapshot.
          ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT: "3",
          ZOOKEEPER_AUTOPURGE_PURGE_INTERVAL: "24",
          ...jvm.environment("KAFKA"),
          // The probe's word and no other; the web server for administrators would be one more open door.
          KAFKA_OPTS:
            "-Dzookeeper.4lw.commands.whitelist=srvr -Dzookeeper.admin.enableServer=false",
        },
        ports: publishedPorts(CLIENT_PORT, props.publish, i),
        mounts,
        probe: Probe.zooKeeper(host, CLIENT_PORT),
        outlivedBy: [],
      });
      return {
        id: server,
        host,
        container,
        volumes: mounts.flatMap(({ volume }) => volume ?? []),
      };
    });
  }

  get containers(): readonly Container[] {
    return this.servers.map(({ container }) => container);
  }

  get connect(): string {
    return this.servers.map(({ host }) => `${host}:${CLIENT_PORT}`).join(",");
  }
}

/** What a server must know of the others. */
function ensembleSettings(server: number, hosts: readonly string[]): Record<string, string> {
  return {
    ZOOKEEPER_SERVER_ID: String(server),
    ZOOKEEPER_SERVERS: hosts.map((host) => `${host}:${PEER_PORTS}`).join(";"),
    // Ticks for a follower to find and catch up with its leader, and to keep up with it.
    ZOOKEEPER_INIT_LIMIT: "10",
    ZOOKEEPER_SYNC_LIMIT: "5",
  };
}
