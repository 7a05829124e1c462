import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import { objectsOf, type EngineObjects } from "../../cli/engine-objects.ts";
import {
  importsOf,
  lockFromContainers,
  removeObjects,
  removeOneOffs,
  settleFound,
  unknownTo,
} from "../../cli/found-objects.ts";
import type { StackState, TerraformStack } from "../../cli/terraform-stack.ts";
import { workspace } from "../../stacks/workspace.ts";
import { putOnPath, workInScratchFolder } from "../constructs/scratch.ts";
import { environmentOf, lockOf } from "../stacks/environments.ts";
import { listenToConsole } from "./console.ts";
import { inspectJson, type Inspected } from "./docker.ts";

const LABELS = { "kafka-platform-kit.environment": "trial" };
const NETWORK = {
  Id: "n1",
  Name: "trial-network",
  Created: "2026-11-22T22:22:20.5Z",
  Labels: LABELS,
};

let engine: string;

beforeEach(() => {
  workInScratchFolder();
  engine = putOnPath({
    docker: `
echo "$*" >>"$here/calls"
case "$1 $2" in
"container ls") cat "$here/ids" ;;
"inspect --type") cat "$here/containers.json" ;;
"network ls") echo n1 ;;
"network inspect") echo '${JSON.stringify([NETWORK])}' ;;
"volume ls") echo trial-kafka-1-data ;;
"image inspect") case "$5" in kafka-platform-kit/kafka:3.9.1) echo sha256:39 ;; *) exit 1 ;; esac ;;
esac`,
  });
  containersAre({ id: "c1" });
});

function containersAre(...containers: Inspected[]): void {
  writeFileSync(join(engine, "ids"), containers.map(({ id }) => `${id}\n`).join(""));
  writeFileSync(join(engine, "containers.json"), inspectJson(containers));
}

function changes(): string[] {
  return readFileSync(join(engine, "calls"), "utf8")
    .split("\n")
    .filter((call) => /^(stop|rm|start)|\brm\b/.test(call));
}

function stateOf(...ids: string[]): StackState {
  return {
    addresses: [],
    ids: new Set(ids),
    environment: undefined,
    host: undefined,
    engineIds: [],
  };
}

/** A program that asks for one network and one volume. */
function stack(lock: () => Promise<void> = () => Promise.resolve()): TerraformStack {
  return {
    lockOnce: lock,
    place: () => "the state in trial.tfstate",
    networks: () => [{ address: "terraform_data.a", name: "trial-network" }],
    volumes: () => [{ address: "docker_volume.a", name: "trial-kafka-1-data" }],
  } as unknown as TerraformStack;
}

async function foundIn(state?: StackState): Promise<EngineObjects> {
  return unknownTo(state, await objectsOf("trial"));
}

describe("what is found", () => {
  it("is what the state does not know", async () => {
    const all = await foundIn();
    expect(all).toMatchObject({
      containers: [{ id: "c1" }],
      networks: [{ id: "n1" }],
      volumes: ["trial-kafka-1-data"],
    });
    expect(await foundIn(stateOf("c1", "trial-network", "trial-kafka-1-data"))).toEqual({
      containers: [],
      networks: [],
      volumes: [],
    });
    // As the provider's own network was known.
    expect((await foundIn(stateOf("n1"))).networks).toEqual([]);
    expect(await foundIn(stateOf("c1"))).toMatchObject({
      containers: [],
      networks: [{ id: "n1" }],
    });
  });

  it("is nothing that a command started for a moment", async () => {
    containersAre({ id: "c1", labels: { ...LABELS, "kafka-platform-kit.one-off": "smoke" } });
    expect((await foundIn()).containers).toEqual([]);
    await removeOneOffs((await objectsOf("trial")).containers);
    expect(changes()).toEqual(["rm --force c1"]);
  });
});

describe("without anybody's decision", () => {
  it("nothing is changed, and all that was found is told with the ways to go on", async () => {
    const found = await foundIn();
    await expect(settleFound("trial", found, stack(), false)).rejects.toThrowError(
      new CommandError(
        `trial is there already, but the state in trial.tfstate knows nothing of:
  container trial-kafka-1, running, started 2026-11-22T22:22:22Z
  network trial-network, made 2026-11-22T22:22:20Z
  volume trial-kafka-1-data
it was deployed from elsewhere, or its state was lost; nothing was changed; go on where it was deployed, or adopt it with npm run deploy -- trial --adopt (volumes and networks stay as they are; containers are stopped in order and made anew on them), or remove it with npm run destroy -- trial`,
      ),
    );
    expect(changes()).toEqual([]);
  });

  it("what a cut-off change of this checkout left is gone on with", async () => {
    const { out } = listenToConsole();
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(workspace.changing("trial"), "{}");
    const found = await foundIn();
    expect(await settleFound("trial", found, stack(), false)).toBe(found);
    expect(out).toEqual([
      "• going on with trial-kafka-1, trial-network, trial-kafka-1-data, left by a change that was cut off",
    ]);
  });

  it("one who is making them just now is told of first", async () => {
    const locked = new CommandError("locked by somebody");
    const found = await foundIn();
    const busy = stack(() => Promise.reject(locked));
    await expect(settleFound("trial", found, busy, true)).rejects.toBe(locked);
  });

  it("nothing is asked, not even for the lock, where nothing was found", async () => {
    const none: EngineObjects = { containers: [], networks: [], volumes: [] };
    const busy = stack(() => Promise.reject(new Error("asked for the lock")));
    expect(await settleFound("trial", none, busy, false)).toBe(none);
  });
});

describe("adoption", () => {
  it("takes all of it, and says beforehand what becomes of it", async () => {
    const { out } = listenToConsole();
    const found = await foundIn();
    expect(await settleFound("trial", found, stack(), true)).toBe(found);
    expect(out.join("\n")).toContain(
      "adopting it: volumes and networks stay as they are; containers are stopped in order and made anew on them",
    );
    expect(changes()).toEqual([]);
  });

  it("imports volumes, leaves the network to the one that is asked for; containers are made anew", async () => {
    const found = await foundIn();
    expect(importsOf(found, stack(), stateOf())).toEqual({
      imports: [{ to: "docker_volume.a", id: "trial-kafka-1-data" }],
      rest: { containers: found.containers, networks: [], volumes: [] },
    });
  });

  it("removes a network and leaves a volume that nobody asks for", async () => {
    const { out } = listenToConsole();
    const all = await foundIn();
    const networks = all.networks.map((network) => ({ ...network, name: "trial-other" }));
    const found = { ...all, networks, volumes: ["trial-kafka-2-data"] };
    const { imports, rest } = importsOf(found, stack(), stateOf());
    expect(imports).toEqual([]);
    expect(rest.networks).toEqual(networks);
    expect(rest.volumes).toEqual([]);
    expect(out).toEqual(["• volume trial-kafka-2-data stays, but nothing asks for it any more"]);
  });
});

it("containers are removed in order, before the networks and volumes that they use", async () => {
  listenToConsole();
  await removeObjects(await foundIn());
  expect(changes()).toEqual([
    "stop c1",
    "rm --force c1",
    "network rm n1",
    "volume rm trial-kafka-1-data",
  ]);
});

it("a broker is removed before its controllers and ZooKeeper and after its Schema Registry, whichever is younger", async () => {
  listenToConsole();
  const service = (id: string, name: string): Inspected => ({
    id,
    labels: { ...LABELS, "kafka-platform-kit.service": name },
  });
  containersAre(
    service("z", "zookeeper"),
    service("c", "kafka-controller"),
    service("k", "kafka"),
    service("s", "schema-registry"),
  );
  const { containers } = await foundIn();
  await removeObjects({ containers, networks: [], volumes: [] });
  expect(changes().filter((call) => call.startsWith("stop"))).toEqual([
    "stop s",
    "stop k",
    "stop c",
    "stop z",
  ]);
});

describe("a lost lock", () => {
  it("is made from the images that containers run on", async () => {
    listenToConsole();
    containersAre({ id: "c1", image: "sha256:39" });
    const { containers } = await foundIn();
    expect(await lockFromContainers(environmentOf(), lockOf(), containers)).toEqual(
      lockOf({
        images: {
          distribution: "local",
          version: "3.9.1",
          reason: "found in use by trial-kafka-1",
          proven: true,
        },
      }),
    );
  });

  it("is not guessed from others, nor from none", async () => {
    containersAre({ id: "c1", image: "sha256:99" });
    const { containers } = await foundIn();
    expect(await lockFromContainers(environmentOf(), lockOf(), containers)).toBeUndefined();
    expect(await lockFromContainers(environmentOf(), lockOf(), [])).toBeUndefined();
  });
});
