import type { ITerraformDependable } from "cdktf";
import type { Memory } from "./memory.ts";
import { checkQuorum } from "./private/quorum.ts";

/** A ZooKeeper ensemble, as Kafka needs to know it. */
export interface IZooKeeper {
  /** `host:port` of every server, comma-separated, as containers on the network connect. */
  readonly connect: string;
  /** Containers of the servers; none for an ensemble that is deployed elsewhere. */
  readonly containers: readonly ITerraformDependable[];
}

/** Controllers that are no brokers. */
export interface ControllersProps {
  /**
   * How many there are: 1, 3 or 5, of which none, one or two may be lost. Controller n is node 100 + n, in container
   * `<cluster>-controller-<n>`.
   */
  readonly controllers: number;
  /**
   * Java heap of a controller, at the most.
   *
   * @default - what the cluster's sizing has for it
   */
  readonly heap?: Memory;
  /**
   * Memory limit of a controller's container.
   *
   * @default - the heap and 512 MiB for what the JVM keeps beside it
   */
  readonly memoryLimit?: Memory;
}

/** Where a cluster keeps its metadata: what it knows of topics, partitions and brokers. */
export class Metadata {
  /**
   * KRaft: a quorum of Kafka's own.
   *
   * @param dedicated controllers beside the brokers; without them, every broker is a controller too
   * @throws InvalidSettingError for a number of controllers that makes no quorum
   */
  static kraft(dedicated?: ControllersProps): Metadata {
    if (dedicated !== undefined) {
      checkQuorum(dedicated.controllers, "KRaft controllers", "controllers");
    }
    return new Metadata(undefined, dedicated);
  }

  /** ZooKeeper, which Kafka 4.0 and Confluent 8.0 no longer have. */
  static zooKeeper(ensemble: IZooKeeper): Metadata {
    return new Metadata(ensemble, undefined);
  }

  /** Undefined with KRaft. */
  readonly ensemble: IZooKeeper | undefined;
  /** Undefined with ZooKeeper, and where the brokers are the controllers. */
  readonly dedicated: ControllersProps | undefined;

  private constructor(ensemble: IZooKeeper | undefined, dedicated: ControllersProps | undefined) {
    this.ensemble = ensemble;
    this.dedicated = dedicated;
  }

  get mode(): "kraft" | "zookeeper" {
    return this.ensemble === undefined ? "kraft" : "zookeeper";
  }

  /** The mode as its users write it. */
  toString(): string {
    return this.ensemble === undefined ? "KRaft" : "ZooKeeper";
  }
}
