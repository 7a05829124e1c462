import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { closest } from "fastest-levenshtein";
import { UsageError } from "../cli/errors.ts";
import { readReport, type BenchReport } from "./report.ts";
import type { Section } from "./section.ts";

/** What is to be measured, and what it is set against. */
export interface BenchOptions {
  readonly sections: readonly Section[];
  readonly pairs: number;
  readonly against: BenchReport | undefined;
}

const PAIRS = 5;
const OPTIONS = {
  pairs: { type: "string" },
  against: { type: "string" },
  help: { type: "boolean" },
} as const;

/**
 * Reads the command's arguments.
 *
 * @param known all sections
 * @returns undefined when only help is wanted
 * @throws UsageError naming what cannot be used
 */
export function readOptions(
  args: readonly string[],
  known: readonly Section[],
): BenchOptions | undefined {
  if (args.includes("--help")) return undefined;
  const { values, positionals } = parse(args);
  const names = known.map(({ name }) => name);
  for (const name of positionals) {
    if (!names.includes(name)) {
      throw new UsageError(
        `unknown section "${name}"; did you mean ${closest(name, names)}? (known: ${names.join(", ")})`,
      );
    }
  }
  const pairs = values.pairs ?? String(PAIRS);
  if (!/^[1-9]\d{0,3}$/.test(pairs)) {
    throw new UsageError(
      `--pairs is "${pairs}"; give how many times each side is measured, 1 or more`,
    );
  }
  return {
    sections: known.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    pairs: Number(pairs),
    against: values.against === undefined ? undefined : earlier(values.against),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const message = (error as Error).message;
    const unknown = /^Unknown option '(--?[^']+)'/.exec(message)?.[1];
    const flags = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw new UsageError(
      unknown === undefined
        ? (message.split(". ")[0] ?? message)
        : `unknown option ${unknown}; did you mean ${closest(unknown, flags)}?`,
      { cause: error },
    );
  }
}

function earlier(file: string): BenchReport {
  if (!existsSync(file)) {
    throw new UsageError(
      `--against names ${file}, which is not there; give the .json file of an earlier run`,
    );
  }
  try {
    return readReport(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(
      `--against names ${file}, which cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** How the command is called. */
export function usage(known: readonly Section[]): string {
  const width = Math.max(...known.map(({ name }) => name.length));
  return `npm run bench -- [<section> …] [--pairs <n>] [--against <earlier.json>]
    measures this checkout on this machine, and writes a report and a page below .kafka-platform/bench/
    --pairs <n>               how many times each side is measured (${PAIRS})
    --against <earlier.json>  shows what changed since an earlier run; nothing fails by it
sections, all of them unless some are named:
${known.map(({ name, title }) => `    ${name.padEnd(width)}  ${title}`).join("\n")}`;
}
