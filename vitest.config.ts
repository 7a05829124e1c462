import { defineConfig } from "vitest/config";

const MINUTE = 60_000;

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/e2e/**"] },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          // They share one engine and two cores.
          fileParallelism: false,
          testTimeout: 5 * MINUTE,
          hookTimeout: 10 * MINUTE,
        },
      },
    ],
  },
});
