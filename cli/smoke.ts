import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { OUTPUTS_VARIABLE, type PlatformOutputs } from "../smoke-tests/outputs.ts";
import { workspace } from "../stacks/workspace.ts";
import { ask } from "./shell.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs the smoke tests against an environment, showing what they print.
 *
 * @param junit where to leave a JUnit report
 * @returns whether all passed
 */
export async function smoke(outputs: PlatformOutputs, junit?: string): Promise<boolean> {
  const file = workspace.outputs(outputs.environment);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(outputs, undefined, 2)}\n`);
  const answer = await ask(
    process.execPath,
    [
      join(ROOT, "node_modules", "vitest", "vitest.mjs"),
      "run",
      `--root=${ROOT}`,
      `--config=${join(ROOT, "smoke-tests", "vitest.config.ts")}`,
      "--reporter=verbose",
      ...(junit === undefined ? [] : ["--reporter=junit", `--outputFile.junit=${resolve(junit)}`]),
    ],
    { env: { [OUTPUTS_VARIABLE]: file }, stdout: "inherit", stderr: "inherit" },
  );
  return answer.ok;
}
