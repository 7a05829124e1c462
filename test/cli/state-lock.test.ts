import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { holderInPostgres, stateLockIn } from "../../cli/state-lock.ts";
import { putOnPath, setVariable } from "../constructs/scratch.ts";

describe("a lock on the state", () => {
  it("is read from what Terraform says, boxed or not", () => {
    const lines = [
      "Error: Error acquiring the state lock",
      "Lock Info:",
      "  ID:        1234",
      "  Path:      ",
      "  Operation: OperationTypeApply",
      "  Who:       root@vm",
      "  Created:   2026-11-23 01:45:32.121967056 +0000 UTC",
      "  Info:      ",
    ];
    const lock = {
      id: "1234",
      who: "root@vm",
      operation: "OperationTypeApply",
      created: "2026-11-23 01:45:32 UTC",
    };
    expect(stateLockIn(lines.join("\n"))).toEqual(lock);
    expect(stateLockIn(lines.map((line) => `│ ${line}`).join("\n"))).toEqual(lock);
  });

  it("is none where Terraform failed for something else", () => {
    expect(stateLockIn("Error: no such network")).toBeUndefined();
  });

  it("says what is not told", () => {
    expect(stateLockIn("Lock Info:\n  ID: 1234")).toMatchObject({ id: "1234", who: "unknown" });
  });
});

describe("the holder of a lock in PostgreSQL", () => {
  let folder: string;

  beforeEach(() => {
    setVariable("PG_CONN_STR", undefined);
    setVariable("PG_SCHEMA_NAME", undefined);
    setVariable("PGPASSWORD", undefined);
    folder = putOnPath({
      psql: `echo "$*" >"$here/arguments"; echo "$PGPASSWORD" >"$here/password"; echo somebody`,
    });
  });

  const asked = (file: string): string => readFileSync(join(folder, file), "utf8");

  it("is asked for in the schema of the state", async () => {
    const settings = { conn_str: "postgres://db/states", schema_name: 'a"b' };
    expect(await holderInPostgres({ type: "pg", settings })).toBe("somebody");
    expect(asked("arguments")).toContain("--dbname=postgres://db/states");
    expect(asked("arguments")).toContain('from "a""b".states');
  });

  it("is asked for without the password among the arguments", async () => {
    setVariable("PG_CONN_STR", "postgres://me:hu%40sh@db/states");
    await holderInPostgres({ type: "pg", settings: {} });
    expect(asked("arguments")).toContain("--dbname=postgres://me@db/states");
    expect(asked("arguments")).toContain('"terraform_remote_state".states');
    expect(asked("password")).toBe("hu@sh\n");
  });

  it.each(["host=db user=me password=hush", "postgres://db/states?password=hush"])(
    "is not asked for where a password would be among the arguments (%s)",
    async (connection) => {
      setVariable("PG_CONN_STR", connection);
      expect(await holderInPostgres({ type: "pg", settings: {} })).toBeUndefined();
      expect(() => asked("arguments")).toThrowError("ENOENT");
    },
  );

  it.each(["exit 1", "exit 0"])("is not known where psql cannot tell (%s)", async (psql) => {
    putOnPath({ psql });
    const settings = { conn_str: "postgres://db/states" };
    expect(await holderInPostgres({ type: "pg", settings })).toBeUndefined();
  });
});
