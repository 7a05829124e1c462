import { readFileSync } from "node:fs";
import type { TimedLine } from "./command.ts";

/** Something that took its time, in milliseconds since the epoch. */
export interface Phase {
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The phases of a deploy, from the file that it leaves. */
export function readPhases(file: string): Phase[] {
  return (JSON.parse(readFileSync(file, "utf8")) as { phases: Phase[] }).phases;
}

/** What tells in the output that something begins: the first line that fits. */
export interface Mark {
  readonly name: string;
  readonly begins: RegExp;
}

/** Phases of a command as its output tells them: each begins where it is told, and lasts until the next. */
export function phasesOf(
  lines: readonly TimedLine[],
  marks: readonly Mark[],
  endedAt: number,
): Phase[] {
  const begun = marks
    .flatMap(({ name, begins }) => {
      const line = lines.find(({ text }) => begins.test(text));
      return line === undefined ? [] : [{ name, startedAt: line.at }];
    })
    .sort((a, b) => a.startedAt - b.startedAt);
  return begun.map((phase, i) => ({ ...phase, endedAt: begun[i + 1]?.startedAt ?? endedAt }));
}

/** Seconds by name. */
export type Shares = ReadonlyMap<string, number>;

/**
 * Where the time between two moments went. Each moment counts once: for the phase that began last of those that
 * were under way, before the first phase for the command itself, and for `between` where there was none.
 */
export function sharesOf(phases: readonly Phase[], from: number, to: number): Shares {
  const moments = [from, to, ...phases.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt])]
    .filter((moment) => moment >= from && moment <= to)
    .sort((a, b) => a - b);
  const first = Math.min(...phases.map(({ startedAt }) => startedAt));
  const shares = new Map<string, number>();
  for (const [i, start] of moments.entries()) {
    const end = moments[i + 1] ?? to;
    if (end === start) continue;
    const under = phases
      .filter(({ startedAt, endedAt }) => startedAt <= start && endedAt >= end)
      .sort((a, b) => a.startedAt - b.startedAt)
      .at(-1);
    const name = under?.name ?? (start < first ? "command" : "between");
    shares.set(name, (shares.get(name) ?? 0) + (end - start) / 1000);
  }
  return shares;
}
