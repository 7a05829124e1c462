import { Memory } from "./memory.ts";
import type { Properties } from "./private/properties.ts";

/** The kinds of service that are a JVM each. */
export type JavaService =
  "broker" | "controller" | "zooKeeper" | "schemaRegistry" | "connect" | "ksqlDb" | "restProxy";

/** What every Java service takes on its memory. */
export interface MemoryProps {
  /**
   * What the service is sized for.
   *
   * @default Sizing.server()
   */
  readonly sizing?: Sizing;
  /**
   * Java heap, at the most.
   *
   * @default - what the sizing has for the service
   */
  readonly heap?: Memory;
  /**
   * Memory limit of the container.
   *
   * @default - the heap and 512 MiB for what the JVM keeps beside it
   */
  readonly memoryLimit?: Memory;
}

/** What one size comes to. */
interface Size {
  /** The heap of each service at the most, in MiB. */
  readonly heaps: Readonly<Record<JavaService, number>>;
  /** What a heap begins with, in MiB. */
  readonly initialHeap?: number;
  readonly options?: readonly string[];
  readonly brokerSettings?: Properties;
}

/**
 * What Java services are sized for: how large their heaps are, and what their JVMs and brokers do to keep memory
 * small. A heap or a limit that a construct is given wins over it.
 */
export class Sizing {
  /** For machines that are there for Kafka: each heap is there from the start, and all else is as the images have it. */
  static server(): Sizing {
    return new Sizing({
      heaps: {
        broker: 1024,
        controller: 512,
        zooKeeper: 256,
        schemaRegistry: 256,
        connect: 512,
        ksqlDb: 512,
        restProxy: 256,
      },
    });
  }

  /**
   * For a machine that has other things to do, a developer's or CI's: heaps begin small and grow as they must, the
   * collector has one thread, and the compiler its first stage only. On two cores, which it shared with its clients, a
   * broker of this size took as much as a server's, some 60 MB/s.
   */
  static laptop(): Sizing {
    return new Sizing({
      heaps: {
        broker: 256,
        controller: 128,
        zooKeeper: 128,
        schemaRegistry: 128,
        connect: 256,
        // Chosen by recordings, not by measurement: as large as a server's, which they only begin a part of.
        ksqlDb: 512,
        restProxy: 256,
      },
      initialHeap: 16,
      options: [
        "-XX:+UseSerialGC",
        // The compiler's second stage was seen to take 40 MiB of a broker's memory and nearly half of the processor time of its
        // start, for the same throughput.
        "-XX:TieredStopAtLevel=1",
        // A service whose heap is too small ends and says so, instead of living on in parts.
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
      ],
      brokerSettings: {
        // It is taken from the heap at the start; by default, it is half of this one.
        "log.cleaner.dedupe.buffer.size": String(4 * 1024 * 1024),
      },
    });
  }

  /** The heap of each service at the most. */
  readonly heaps: Readonly<Record<JavaService, Memory>>;
  /** What a heap begins with; undefined: all of it. */
  readonly initialHeap: Memory | undefined;
  /** Options of the JVM in place of the image's own; undefined: those stay. */
  readonly options: string | undefined;
  /** Settings of brokers and their controllers. */
  readonly brokerSettings: Properties;

  private constructor(size: Size) {
    this.heaps = Object.fromEntries(
      Object.entries(size.heaps).map(([service, heap]) => [service, Memory.mebibytes(heap)]),
    ) as Record<JavaService, Memory>;
    this.initialHeap =
      size.initialHeap === undefined ? undefined : Memory.mebibytes(size.initialHeap);
    this.options = size.options?.join(" ");
    this.brokerSettings = size.brokerSettings ?? {};
  }
}
