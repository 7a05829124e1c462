import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, InterruptedError, UsageError } from "../cli/errors.ts";
import { exclusively } from "../cli/exclusive.ts";
import { ensureProvider } from "../cli/prepare/provider.ts";
import { findTerraform } from "../cli/prepare/terraform.ts";
import { findRunningEngine } from "../cli/prepare/engine.ts";
import { say } from "../cli/progress.ts";
import { messageOf } from "../doctor/deadline.ts";
import { workspace } from "../stacks/workspace.ts";
import { endInOrder, interruption } from "./command.ts";
import { ensureCompose } from "./docker-compose.ts";
import { describeMachine } from "./machine.ts";
import { readOptions, usage, type BenchOptions } from "./options.ts";
import { page } from "./page.ts";
import { FORMAT, type BenchReport, type Fact, type SectionReport } from "./report.ts";
import type { Section } from "./section.ts";
import { text } from "./terminal.ts";

/**
 * Runs the benchmarks.
 *
 * @param args the command's arguments
 * @param known all sections
 * @returns the exit status: 0 all was measured, whatever came out; 1 something could not be; 2 wrong usage, 130 interrupted
 */
export async function bench(args: readonly string[], known: readonly Section[]): Promise<number> {
  try {
    const options = readOptions(args, known);
    if (options === undefined) {
      console.log(usage(known));
      return 0;
    }
    endInOrder();
    return await exclusively("benchmarks", "npm run bench", () => measure(options));
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`error: ${error.message}\n\n${usage(known)}`);
      return 2;
    }
    if (error instanceof InterruptedError) {
      console.error("interrupted");
      return 130;
    }
    if (!(error instanceof CommandError)) throw error;
    console.error(`error: ${error.message}`);
    return 1;
  }
}

async function measure(options: BenchOptions): Promise<number> {
  const terraform = await findTerraform();
  await findRunningEngine();
  await ensureProvider(terraform);
  const machine = await describeMachine(terraform, await ensureCompose());
  return runSections(options, machine, new Date());
}

/**
 * Runs sections one after another; one that fails keeps none of the others from being measured.
 *
 * @param at when the run began, which names its files
 * @returns the exit status: 0 when all was measured, else 1
 */
export async function runSections(
  { sections, pairs, against }: BenchOptions,
  machine: readonly Fact[],
  at: Date,
): Promise<number> {
  const measured: SectionReport[] = [];
  const files = filesOf(at.toISOString());
  for (const section of sections) {
    say(`measuring ${section.name}`);
    const report = await reportOf(section, pairs);
    measured.push(report);
    // What was measured stays, whatever becomes of the next one.
    const whole: BenchReport = {
      format: FORMAT,
      at: at.toISOString(),
      pairs,
      machine,
      sections: measured,
    };
    write(files, whole, against);
    console.log(`\n${text(report, against)}\n`);
  }
  say(`figures: ${files.json}`);
  say(`the same as a page: ${files.html}`);
  return measured.every(({ failure }) => failure === undefined) ? 0 : 1;
}

async function reportOf(section: Section, pairs: number): Promise<SectionReport> {
  const { name, title, about } = section;
  try {
    return { name, title, about, ...(await section.run({ pairs, tell: say })) };
  } catch (error) {
    // What Ctrl-C cut off may fail in ways of its own.
    interruption.throwIfAborted();
    if (error instanceof InterruptedError) throw error;
    const failure = messageOf(error);
    return {
      ...{ name, title, about, failure },
      ...{ measurements: [], comparisons: [], breakdowns: [], notes: [] },
    };
  }
}

function filesOf(at: string): { readonly json: string; readonly html: string } {
  const base = join(workspace.root(), "bench", at.slice(0, 19).replaceAll(":", "-"));
  return { json: `${base}.json`, html: `${base}.html` };
}

function write(
  files: ReturnType<typeof filesOf>,
  report: BenchReport,
  against: BenchReport | undefined,
): void {
  mkdirSync(join(workspace.root(), "bench"), { recursive: true });
  writeFileSync(files.json, `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(files.html, page(report, against));
}
