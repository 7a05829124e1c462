import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { postgresPrograms } from "../../../cli/prepare/postgres.ts";
import { scratchFolder } from "../../constructs/scratch.ts";

it("the newest server that is whole is taken", () => {
  const root = scratchFolder();
  expect(postgresPrograms(join(root, "none"))).toBeUndefined();
  for (const version of ["9.6", "15", "17"])
    mkdirSync(join(root, version, "bin"), { recursive: true });
  expect(postgresPrograms(root)).toBeUndefined();
  for (const version of ["9.6", "15"]) writeFileSync(join(root, version, "bin", "initdb"), "");
  expect(postgresPrograms(root)).toBe(join(root, "15", "bin"));
});
