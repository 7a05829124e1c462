import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { OUTPUTS_VARIABLE, type PlatformOutputs } from "../smoke-tests/outputs.ts";
import { PAGE_VARIABLE } from "../smoke-tests/report/variables.ts";
import { workspace } from "../stacks/workspace.ts";
import { CommandError } from "./errors.ts";
import { ask } from "./shell.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where reports go. */
export interface SmokeReports {
  /**
   * For the JUnit report.
   *
   * @default - none is written
   */
  readonly junit?: string | undefined;
  /**
   * For the page.
   *
   * @default - beside what else is kept of the environment
   */
  readonly html?: string | undefined;
}

/**
 * Runs the smoke tests against an environment, showing what they print.
 *
 * @returns whether all passed
 */
export async function smoke(
  outputs: PlatformOutputs,
  { junit, html }: SmokeReports = {},
): Promise<boolean> {
  const page = html === undefined ? workspace.report(outputs.environment) : fileFor("html", html);
  const junitFile = junit === undefined ? undefined : fileFor("junit", junit);
  // Should the tests not even start, nothing is to look like their report.
  for (const report of [page, ...(junitFile === undefined ? [] : [junitFile])]) {
    rmSync(report, { force: true });
  }
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
      `--reporter=${join(ROOT, "smoke-tests", "report", "reporter.ts")}`,
      ...(junitFile === undefined ? [] : ["--reporter=junit", `--outputFile.junit=${junitFile}`]),
    ],
    {
      env: { [OUTPUTS_VARIABLE]: file, [PAGE_VARIABLE]: page },
      stdout: "inherit",
      stderr: "inherit",
    },
  );
  return answer.ok;
}

function fileFor(flag: "junit" | "html", file: string): string {
  const path = resolve(file);
  if (file === "" || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new CommandError(`--${flag} "${file}" is a folder; name a file in it`);
  }
  return path;
}
