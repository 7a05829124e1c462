import { describe, expect, it } from "vitest";
import { CommandError } from "../../cli/errors.ts";
import { askBeforeOutage, outages } from "../../cli/outage.ts";
import type { PlannedChange } from "../../cli/terraform-stack.ts";
import { listenToConsole } from "./console.ts";

function change(service: string | undefined, n: number, ...actions: string[]): PlannedChange {
  const name = `trial-${service ?? "new"}-${n}`;
  const address = `docker_container.${name}`;
  return { address, type: "docker_container", name, actions, imported: false, service };
}

const replaced = (service: string, n: number): PlannedChange =>
  change(service, n, "delete", "create");

describe("what a plan takes down at once", () => {
  it.each([
    { title: "nothing", changes: [], down: [] },
    { title: "one of each kind", changes: ["kafka", "kafka-controller", "zookeeper"], down: [] },
    { title: "services", changes: ["connect", "connect"], down: [] },
    {
      title: "brokers",
      changes: ["kafka", "kafka"],
      down: ["brokers trial-kafka-0, trial-kafka-1"],
    },
    {
      title: "brokers and controllers",
      changes: ["kafka", "kafka", "kafka-controller", "kafka-controller"],
      down: [
        "brokers trial-kafka-0, trial-kafka-1",
        "controllers trial-kafka-controller-2, trial-kafka-controller-3",
      ],
    },
    {
      title: "ZooKeeper servers",
      changes: ["zookeeper", "zookeeper"],
      down: ["ZooKeeper servers trial-zookeeper-0, trial-zookeeper-1"],
    },
  ])("is seen: $title", ({ changes, down }) => {
    expect(outages(changes.map((service, n) => replaced(service, n)))).toEqual(down);
  });

  it("is none where containers are made or changed as they run", () => {
    const changes = [1, 2, 3].flatMap((n) => [
      change(undefined, n, "create"),
      change("kafka", n, "update"),
    ]);
    expect(outages(changes)).toEqual([]);
  });

  it("is the same whichever way Terraform replaces, or removes for good", () => {
    const changes = [change("kafka", 1, "create", "delete"), change("kafka", 2, "delete")];
    expect(outages(changes)).toEqual(["brokers trial-kafka-1, trial-kafka-2"]);
  });
});

describe("the question before it", () => {
  const changes = [replaced("kafka", 1), replaced("kafka", 2)];
  const what =
    "this deploy replaces brokers trial-kafka-1, trial-kafka-2 at the same time: until they are back, clients of trial wait or fail";

  it("is a refusal where nobody can answer, with the way out", async () => {
    await expect(askBeforeOutage("trial", changes, false)).rejects.toThrowError(
      new CommandError(`${what}; nothing was changed; say --all-at-once to have that`),
    );
  });

  it("is only said where it was allowed beforehand", async () => {
    const { out } = listenToConsole();
    await askBeforeOutage("trial", changes, true);
    expect(out.join("\n")).toContain(what);
  });

  it("is none where one goes", async () => {
    await expect(askBeforeOutage("trial", [replaced("kafka", 1)], false)).resolves.toBeUndefined();
  });
});
