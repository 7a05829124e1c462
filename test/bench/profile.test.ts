import { describe, expect, it } from "vitest";
import { largest, modulesByPackage, secondsByPackage } from "../../bench/profile.ts";

const MODULES = "file:///home/me/kit/node_modules";

describe("modules by package", () => {
  it("are counted once each, scoped and nested packages by their own names, node's own not at all", () => {
    const counts = modulesByPackage([
      "file:///home/me/kit/stacks/main.ts",
      "file:///home/me/kit/stacks/app.ts?namespace=1",
      "file:///home/me/kit/stacks/app.ts",
      `${MODULES}/cdktf/lib/app.js`,
      "/home/me/kit/node_modules/cdktf/node_modules/semver/index.js",
      `${MODULES}/@cdktf/provider-docker/lib/image/index.js`,
      "node:fs",
      "evalmachine.<anonymous>",
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      "own code": 2,
      cdktf: 1,
      semver: 1,
      "@cdktf/provider-docker": 1,
    });
  });
});

describe("seconds by package", () => {
  const node = (id: number, url: string, children: number[] = [], functionName = "f") => ({
    id,
    callFrame: { functionName, url },
    children,
  });

  it("count node's work for who asked for it, through the loader as well", () => {
    const seconds = secondsByPackage({
      nodes: [
        node(1, "", [2, 6], "(root)"),
        node(2, `${MODULES}/cdktf/lib/app.js`, [3]),
        node(3, `${MODULES}/tsx/dist/register.cjs`, [4]),
        node(4, "node:internal/modules/cjs/loader"),
        node(6, "", [], "(idle)"),
      ],
      samples: [1, 2, 3, 4, 6],
      timeDeltas: [1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000],
    });
    expect(Object.fromEntries(seconds)).toEqual({
      "node itself": 1,
      cdktf: 6,
      tsx: 3,
      waiting: 5,
    });
  });
});

describe("the largest parts", () => {
  const parts = new Map([
    ["a", 1],
    ["b", 5],
    ["c", 2],
  ]);

  it("come first, and the others as one", () => {
    expect(largest(parts, 1)).toEqual([
      { name: "b", value: 5 },
      { name: "2 others", value: 3 },
    ]);
    expect(largest(parts, 3).map(({ name }) => name)).toEqual(["b", "c", "a"]);
  });
});
