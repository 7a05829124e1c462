import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ForeignPlatformError,
  foreignPlatform,
  outputsOf,
  type ForeignPlatform,
} from "../smoke-tests/foreign.ts";
import { OUTPUTS_VARIABLE, type PlatformOutputs } from "../smoke-tests/outputs.ts";
import { PAGE_VARIABLE } from "../smoke-tests/report/variables.ts";
import { workspace } from "../stacks/workspace.ts";
import { CommandError } from "./errors.ts";
import { ask } from "./shell.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where somebody wants reports. */
export interface ReportFiles {
  /**
   * For the JUnit report.
   *
   * @default - none is written
   */
  readonly junit?: string | undefined;
  /**
   * For the page.
   *
   * @default - beside what else is kept of the platform
   */
  readonly html?: string | undefined;
}

/** Where the reports of one run go; nothing is there yet. */
export interface Reports {
  readonly page: string;
  readonly junit: string | undefined;
}

/**
 * Makes room for the reports: whatever becomes of the run, an earlier one's are not taken for its own.
 *
 * @throws CommandError when there is no room
 */
export function clearReports(platform: string, { junit, html }: ReportFiles = {}): Reports {
  const reports = {
    page: html === undefined ? workspace.report(platform) : fileFor("html", html),
    junit: junit === undefined ? undefined : fileFor("junit", junit),
  };
  for (const file of [reports.page, ...(reports.junit === undefined ? [] : [reports.junit])]) {
    try {
      rmSync(file, { force: true });
      mkdirSync(dirname(file), { recursive: true });
    } catch (error) {
      throw new CommandError(`no report can be written to ${file}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return reports;
}

/**
 * Runs the smoke tests against a platform, showing what they print.
 *
 * @returns whether all passed
 */
export async function smoke(
  outputs: PlatformOutputs,
  { page, junit }: Reports = clearReports(outputs.environment),
): Promise<boolean> {
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
      ...(junit === undefined ? [] : ["--reporter=junit", `--outputFile.junit=${junit}`]),
    ],
    {
      env: { [OUTPUTS_VARIABLE]: file, [PAGE_VARIABLE]: page },
      // A terminal's Ctrl-C would end the tests' own processes at once, and leave what they made.
      detached: true,
      stdout: "inherit",
      stderr: "inherit",
    },
  );
  return answer.ok;
}

/**
 * The same for a platform that this kit did not deploy: no engine and no Terraform is asked.
 *
 * @throws CommandError when what was given cannot be used, or leads nowhere
 */
export async function smokeElsewhere(
  bootstrapServers: string,
  urls: ForeignPlatform["urls"],
  files: ReportFiles,
): Promise<boolean> {
  try {
    const platform = foreignPlatform(bootstrapServers, urls);
    const reports = clearReports(platform.bootstrapServers, files);
    return await smoke(await outputsOf(platform), reports);
  } catch (error) {
    if (error instanceof ForeignPlatformError) throw new CommandError(error.message);
    throw error;
  }
}

function fileFor(option: keyof ReportFiles, file: string): string {
  const path = resolve(file);
  if (file === "" || (existsSync(path) && statSync(path).isDirectory())) {
    throw new CommandError(`--${option} "${file}" is a folder; name a file in it`);
  }
  return path;
}
