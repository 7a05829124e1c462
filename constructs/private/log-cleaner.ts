import type { Memory } from "../memory.ts";
import type { Properties } from "./properties.ts";

/** Of this many bytes by Kafka's default. */
const BUFFER = "log.cleaner.dedupe.buffer.size";
const DEFAULT_BUFFER = 128 * 1024 * 1024;

/** What a broker was seen to need beside that buffer, in MiB, with some room. */
const BESIDE_BUFFER = 64;

/** What is wrong with a broker's heap and its log cleaner, which takes a buffer of it when the broker starts. */
export function cleanerConflicts(settings: Properties, heap: Memory): string[] {
  if (settings["log.cleaner.enable"] === "false") return [];
  const buffer = Math.ceil(Number(settings[BUFFER] ?? DEFAULT_BUFFER) / 1024 / 1024);
  return buffer + BESIDE_BUFFER > heap.mebibytes
    ? [
        `a heap of ${heap} does not hold the log cleaner's buffer of ${buffer} MiB and what a broker needs beside it; raise the heap to ${buffer + BESIDE_BUFFER} MiB, or lower ${BUFFER}`,
      ]
    : [];
}
