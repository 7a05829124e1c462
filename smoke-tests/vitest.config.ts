import { join } from "node:path";
import { defineConfig } from "vitest/config";
import Sequence from "./sequence.ts";

export default defineConfig({
  test: {
    // Not this directory: vitest resolves --outputFile against its root.
    root: join(import.meta.dirname, ".."),
    include: ["smoke-tests/**/*.smoke.ts"],
    // Not every platform has every service. That none at all is tried is refused by the listeners' tests.
    passWithNoTests: true,
    // A platform that works at the second attempt does not work.
    retry: 0,
    fileParallelism: false,
    sequence: { concurrent: false, sequencer: Sequence },
    // Every wait has a deadline and a message of its own; these only bound their sum.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    globalSetup: join(import.meta.dirname, "cut-off.ts"),
    reporters: ["verbose", join(import.meta.dirname, "report", "reporter.ts")],
  },
});
