import { describe, expect, it } from "vitest";
import { inCell, ksqlDbCliCell, serviceCell } from "../../../smoke-tests/report/cell.ts";
import { servicesUnderTest } from "../../../smoke-tests/services.ts";
import { beginProof } from "../../../smoke-tests/steps.ts";
import { WHOLE } from "./platforms.ts";

const CELL = {
  target: "zooKeeper",
  vantage: "network",
  address: "z:2181",
  client: "shell",
} as const;

describe("a declared cell", inCell(CELL), () => {
  it("is known of all tests in it before they run", ({ task }) => {
    expect(task.meta.cell).toEqual(CELL);
    expect(task.suite?.tasks.map(({ meta }) => meta.cell?.address)).toEqual(
      Array(4).fill("z:2181"),
    );
  });

  const own = { ...CELL, target: "ksqlDbCli" } as const;
  let seen: unknown;
  beginProof(async () => {})(
    "a step that declares its own",
    async ({ task }) => {
      seen = task.meta.cell;
    },
    inCell(own),
  );

  it("is another of a step that declares its own", () => expect(seen).toEqual(own));

  describe("and of those within", () => {
    it("is the same", ({ task }) => expect(task.meta.cell).toEqual(CELL));
  });
});

describe("without a declaration", () => {
  it("there is none", ({ task }) => expect(task.meta.cell).toBeUndefined());
});

it("takes a service's vantage and address", () => {
  const [host] = servicesUnderTest(WHOLE, "connect");
  expect(host && serviceCell(host)).toEqual({
    meta: {
      cell: {
        target: "connect",
        vantage: "host",
        address: "http://localhost:8083",
        client: "HTTP",
      },
    },
  });
});

it("takes the network's address for ksqlDB's command line", () => {
  expect(ksqlDbCliCell("http://k:8088").meta?.cell).toMatchObject({
    target: "ksqlDbCli",
    vantage: "network",
    address: "http://k:8088",
  });
});
