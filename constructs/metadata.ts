import type { ITerraformDependable } from "cdktf";

/** A ZooKeeper ensemble, as Kafka needs to know it. */
export interface IZooKeeper {
  /** `host:port` of every server, comma-separated, as containers on the network connect. */
  readonly connect: string;
  /** Containers of the servers; none for an ensemble that is deployed elsewhere. */
  readonly containers: readonly ITerraformDependable[];
}

/** Where a cluster keeps its metadata: what it knows of topics, partitions and brokers. */
export class Metadata {
  /** KRaft, combined: every broker is a controller too. */
  static kraft(): Metadata {
    return new Metadata(undefined);
  }

  /** ZooKeeper, which Kafka 4.0 and Confluent 8.0 no longer have. */
  static zooKeeper(ensemble: IZooKeeper): Metadata {
    return new Metadata(ensemble);
  }

  /** Undefined with KRaft. */
  readonly ensemble: IZooKeeper | undefined;

  private constructor(ensemble: IZooKeeper | undefined) {
    this.ensemble = ensemble;
  }

  get mode(): "kraft" | "zookeeper" {
    return this.ensemble === undefined ? "kraft" : "zookeeper";
  }

  /** The mode as its users write it. */
  toString(): string {
    return this.ensemble === undefined ? "KRaft" : "ZooKeeper";
  }
}
