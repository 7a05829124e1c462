import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  containersOf,
  inspectContainers,
  inspectVolumes,
  objectsOf,
  volumesOf,
} from "../../cli/engine-objects.ts";
import { putOnPath, workInScratchFolder } from "../constructs/scratch.ts";
import { DOCKER_WITH_CONTAINERS, inspectJson } from "./docker.ts";

beforeEach(() => {
  workInScratchFolder();
});

describe("containers", () => {
  it("are told in the commands' own terms", async () => {
    const folder = putOnPath({ docker: DOCKER_WITH_CONTAINERS });
    writeFileSync(
      join(folder, "containers.json"),
      inspectJson([
        {
          id: "a1",
          health: "healthy",
          published: ["127.0.0.1:9092", ":9094"],
          startedAt: "2026-11-22T22:22:22Z",
        },
        { id: "b2", name: "other", status: "exited", labels: {} },
      ]),
    );
    expect(await containersOf("trial")).toEqual([
      {
        id: "a1",
        name: "trial-kafka-1",
        image: "kafka-platform-kit/kafka:4.1.1",
        state: "running",
        health: "healthy",
        startedAt: "2026-11-22T22:22:22Z",
        published: ["127.0.0.1:9092", "0.0.0.0:9094"],
        labels: { "kafka-platform-kit.environment": "trial" },
      },
      expect.objectContaining({ id: "b2", name: "other", state: "exited", health: "none" }),
    ]);
  });

  it("of an environment are those with its label, stopped ones too", async () => {
    const folder = putOnPath({ docker: DOCKER_WITH_CONTAINERS });
    writeFileSync(join(folder, "containers.json"), "[]");
    await containersOf("trial");
    expect(readFileSync(join(folder, "calls"), "utf8")).toBe(
      "container ls --quiet --no-trunc --all --filter label=kafka-platform-kit.environment=trial\ninspect --type container 0123\n",
    );
  });

  it("that do not exist are left out", async () => {
    putOnPath({ docker: `echo '${inspectJson([{}])}'; echo no such container >&2; exit 1` });
    const found = await inspectContainers(["trial-kafka-1", "gone"]);
    expect(found.map(({ name }) => name)).toEqual(["trial-kafka-1"]);
  });

  it("are none where docker says nothing, or nothing is asked", async () => {
    putOnPath({ docker: "exit 1" });
    expect(await inspectContainers(["gone"])).toEqual([]);
    expect(await inspectContainers([])).toEqual([]);
  });
});

it("volumes of an environment are listed by its label", async () => {
  putOnPath({
    docker:
      'case "$*" in "volume ls --quiet --filter label=kafka-platform-kit.environment=trial") echo one; echo two ;; esac',
  });
  expect(await volumesOf("trial")).toEqual(["one", "two"]);
  expect(await volumesOf("other")).toEqual([]);
});

it("networks of an environment are listed by its label, and looked at", async () => {
  const network = {
    Id: "n1",
    Name: "trial-network",
    Created: "2026-11-22T22:22:22Z",
    Labels: null,
  };
  putOnPath({
    docker: `case "$*" in
"network ls --quiet --no-trunc --filter label=kafka-platform-kit.environment=trial") echo n1 ;;
"network inspect n1") echo '${JSON.stringify([network])}' ;;
esac`,
  });
  expect((await objectsOf("trial")).networks).toEqual([
    { id: "n1", name: "trial-network", createdAt: "2026-11-22T22:22:22Z", labels: {} },
  ]);
  expect(await objectsOf("other")).toEqual({ containers: [], networks: [], volumes: [] });
});

it("volumes that do not exist are left out", async () => {
  const labels = { a: "b" };
  putOnPath({
    docker: `echo '${JSON.stringify([{ Name: "one", Labels: labels }])}'; echo no such volume >&2; exit 1`,
  });
  expect(await inspectVolumes(["one", "gone"])).toEqual([{ name: "one", labels }]);
  expect(await inspectVolumes([])).toEqual([]);
});
