import { defineConfig } from "vitest/config";

const MINUTE = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          // Processes, since some tests work in folders of their own; shared, since loading the provider costs most.
          pool: "forks",
          isolate: false,
          maxWorkers: 2,
          // Some start a program, which a busy machine lets wait.
          testTimeout: MINUTE,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          // Each has hosts or containers of its own, and mostly waits for them.
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 5 * MINUTE,
          hookTimeout: 10 * MINUTE,
        },
      },
    ],
  },
});
