import { Memory } from "../memory.ts";

/** What a JVM needs beside its heap, in MiB: code, class data, threads, buffers. */
const BESIDE_HEAP = { least: 128, usual: 512 } as const;

/** Heap and memory limit of a Java service. */
export interface ServiceMemory {
  readonly heap: Memory;
  readonly limit: Memory;
}

/** The limit that goes with a heap when none is given. */
export function serviceMemory(heap: Memory, limit: Memory | undefined): ServiceMemory {
  return { heap, limit: limit ?? Memory.mebibytes(heap.mebibytes + BESIDE_HEAP.usual) };
}

/** The heap as Java's options say it: all of it from the start, so that a limit that is too small shows at once. */
export function heapOptions({ heap }: ServiceMemory): string {
  return `-Xms${heap.mebibytes}m -Xmx${heap.mebibytes}m`;
}

/** What is wrong with heap and limit together. */
export function memoryConflicts({ heap, limit }: ServiceMemory): string[] {
  return heap.mebibytes + BESIDE_HEAP.least > limit.mebibytes
    ? [
        `a heap of ${heap} does not fit a memory limit of ${limit}; lower the heap, or raise the limit to ${heap.mebibytes + BESIDE_HEAP.usual} MiB (${heap.mebibytes + BESIDE_HEAP.least} MiB at the least)`,
      ]
    : [];
}
