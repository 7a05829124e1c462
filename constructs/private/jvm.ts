import { Memory } from "../memory.ts";
import { Sizing, type JavaService, type MemoryProps } from "../sizing.ts";

/** What a limit leaves beside the heap when none is given, in MiB: for the JVM itself, commands run beside it, and pages of files. */
const BESIDE_HEAP = 512;

/**
 * What a JVM was seen to need beside its heap under load, in MiB, with some room: code, class data, threads, buffers. Those
 * of ksqlDB, which keeps its tables there, and of the REST Proxy are by recordings of 7.0.1.
 */
const LEAST_BESIDE_HEAP: Readonly<Record<JavaService, number>> = {
  broker: 160,
  controller: 128,
  zooKeeper: 128,
  schemaRegistry: 160,
  connect: 192,
  ksqlDb: 256,
  restProxy: 128,
};

/** The JVM of one service: its heap, its container's memory limit, and the words for both in its image. */
export class Jvm {
  /** At the most. */
  readonly heap: Memory;
  readonly limit: Memory;
  private readonly service: JavaService;
  private readonly sizing: Sizing;

  constructor(service: JavaService, props: MemoryProps) {
    this.service = service;
    this.sizing = props.sizing ?? Sizing.server();
    this.heap = props.heap ?? this.sizing.heaps[service];
    this.limit = props.memoryLimit ?? Memory.mebibytes(this.heap.mebibytes + BESIDE_HEAP);
  }

  /**
   * As the start scripts of Kafka and of Confluent's services read it.
   *
   * @param prefix what their variables begin with
   */
  environment(prefix: "KAFKA" | "SCHEMA_REGISTRY" | "KAFKAREST" | "KSQL"): Record<string, string> {
    const { options } = this.sizing;
    return {
      [`${prefix}_HEAP_OPTS`]: this.heapOptions,
      ...(options === undefined ? {} : { [`${prefix}_JVM_PERFORMANCE_OPTS`]: options }),
    };
  }

  /** As the start script of Quarkus' images reads it, which adds to options of its own. */
  quarkusEnvironment(): Record<string, string> {
    const { options } = this.sizing;
    // Java refuses two collectors, and the image's is the parallel one.
    const added = options === undefined ? "" : ` -XX:-UseParallelGC ${options}`;
    return { JAVA_OPTS_APPEND: `${this.heapOptions}${added}` };
  }

  /** What is wrong with heap and limit together. */
  conflicts(): string[] {
    const { heap, limit } = this;
    const least = heap.mebibytes + LEAST_BESIDE_HEAP[this.service];
    return least > limit.mebibytes
      ? [
          `a heap of ${heap} does not fit a memory limit of ${limit}; lower the heap, or raise the limit to ${heap.mebibytes + BESIDE_HEAP} MiB (${least} MiB at the least)`,
        ]
      : [];
  }

  private get heapOptions(): string {
    const most = this.heap.mebibytes;
    const first = Math.min(this.sizing.initialHeap?.mebibytes ?? most, most);
    return `-Xms${first}m -Xmx${most}m`;
  }
}
