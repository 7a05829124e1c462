/** Where a cluster keeps its metadata: what it knows of topics, partitions and brokers. */
export class Metadata {
  /** KRaft, combined: every broker is a controller too. */
  static kraft(): Metadata {
    return new Metadata("kraft");
  }

  /** ZooKeeper, which Kafka 4.0 and Confluent 8.0 no longer have. */
  static zooKeeper(): Metadata {
    return new Metadata("zookeeper");
  }

  readonly mode: "kraft" | "zookeeper";

  private constructor(mode: "kraft" | "zookeeper") {
    this.mode = mode;
  }

  /** The mode as its users write it. */
  toString(): string {
    return this.mode === "kraft" ? "KRaft" : "ZooKeeper";
  }
}
