import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { OUTPUTS_VARIABLE, readOutputs } from "../../smoke-tests/outputs.ts";

const directory = mkdtempSync(join(tmpdir(), "outputs-"));

function fileWith(content: string): string {
  const file = join(directory, "outputs.json");
  writeFileSync(file, content);
  return file;
}

afterAll(() => rmSync(directory, { recursive: true }));

describe("readOutputs", () => {
  test("reads what an environment says of itself", () => {
    const outputs = { environment: "dev", kafka: { listeners: {} } };
    const file = fileWith(JSON.stringify(outputs));
    expect(readOutputs({ [OUTPUTS_VARIABLE]: file })).toEqual(outputs);
  });

  test.for([undefined, ""])("says how to run when the variable is %j", (value) => {
    expect(() => readOutputs({ [OUTPUTS_VARIABLE]: value })).toThrow(
      'KAFKA_PLATFORM_OUTPUTS is not set; run "npm run smoke -- <environment>"',
    );
  });

  test("names a file that is not there", () => {
    const file = join(directory, "nonesuch.json");
    expect(() => readOutputs({ [OUTPUTS_VARIABLE]: file })).toThrow(file);
  });

  test.for(["{}", '{"environment":"dev"}', '{"environment":"dev","kafka":{}}'])(
    "rejects a file that holds %s",
    (content) => {
      const file = fileWith(content);
      expect(() => readOutputs({ [OUTPUTS_VARIABLE]: file })).toThrow(
        `${file} does not describe a platform; make it with "npm run outputs -- <environment>"`,
      );
    },
  );
});
