import type { Breakdown, Comparison, Measurement, Unit } from "./section.ts";

/**
 * The middle one of some values, or the mean of the two in the middle.
 *
 * @throws RangeError when there is none
 */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new RangeError("no values, no median");
  return (low + high) / 2;
}

/**
 * Where the seconds of several runs went, by name; nothing where they tell nothing of themselves.
 */
export function medians(title: string, runs: readonly ReadonlyMap<string, number>[]): Breakdown[] {
  const names = new Set(runs.flatMap((run) => [...run.keys()]));
  if (names.size < 2) return [];
  const parts = [...names].map((name) => ({
    name,
    value: median(runs.map((run) => run.get(name) ?? 0)),
  }));
  return [{ title, unit: "s", parts }];
}

/** A comparison with its figures. */
export interface Ratio {
  readonly title: string;
  readonly baseline: Measurement;
  readonly ours: Measurement;
  /** Ours / baseline, of the medians. */
  readonly ratio: number;
  readonly aim: number | undefined;
  /** Whether the aim is met; undefined where there is none. */
  readonly met: boolean | undefined;
}

/**
 * The figures of a comparison.
 *
 * @throws RangeError when it names a measurement that is not there
 */
export function ratioOf(
  { title, baseline, ours, aim }: Comparison,
  measurements: readonly Measurement[],
): Ratio {
  const named = (key: string): Measurement => {
    const found = measurements.find((measurement) => measurement.key === key);
    if (found === undefined) throw new RangeError(`"${title}" compares ${key}, which is not there`);
    return found;
  };
  const [theirs, own] = [named(baseline), named(ours)];
  const ratio = median(own.values) / median(theirs.values);
  return {
    ...{ title, baseline: theirs, ours: own, ratio, aim },
    met: aim === undefined ? undefined : ratio <= aim,
  };
}

/** Fewer values than this tell nothing of their spread. */
const ENOUGH = 3;

/** How a measurement changed since an earlier run. */
export interface Change {
  /** Median of the earlier run. */
  readonly before: number;
  /** Of the median: 0.1 for a tenth more than before. */
  readonly share: number;
  /** `worse` and `better` only where every value is so than each earlier one. */
  readonly verdict: "worse" | "better" | "within the spread" | "too few values";
}

/** Sets a measurement against the same one of an earlier run. */
export function changeOf(now: Measurement, earlier: Measurement): Change {
  const before = median(earlier.values);
  const share = median(now.values) / before - 1;
  const above = Math.min(...now.values) > Math.max(...earlier.values);
  const below = Math.max(...now.values) < Math.min(...earlier.values);
  const verdict =
    Math.min(now.values.length, earlier.values.length) < ENOUGH
      ? "too few values"
      : above || below
        ? above === isMoreBetter(now.unit)
          ? "better"
          : "worse"
        : "within the spread";
  return { before, share, verdict };
}

function isMoreBetter(unit: Unit): boolean {
  return unit === "MB/s";
}

/** A value as people read it: `4.31 s`, `38 ms`, `312 MiB`. */
export function shown(value: number, unit: Unit): string {
  if (unit === "s" && Math.abs(value) < 0.1) return `${Math.round(value * 1000)} ms`;
  const digits = unit === "s" ? 2 : value < 10 && unit !== "modules" ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}

/** The values from the least to the greatest, or one of them: `4.21 s to 4.50 s`. */
export function rangeOf({ values, unit }: Measurement): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) =>
    shown(value, unit),
  );
  return least === most ? `${least}` : `${least} to ${most}`;
}

/** A change as people read it: `+8 % (was 4.00 s), worse`. */
export function inWords({ before, share, verdict }: Change, unit: Unit): string {
  const percent = Math.round(share * 100);
  const sign = percent > 0 ? "+" : "";
  return `${sign}${percent} % (was ${shown(before, unit)}), ${verdict}`;
}

/** A ratio in words: `1.31 ×, aim 1.25 ×: missed`. */
export function verdictOf({ ratio, aim, met }: Ratio): string {
  const times = `${ratio.toFixed(2)} ×`;
  return aim === undefined
    ? `${times}, no aim`
    : `${times}, aim ${aim} ×: ${met ? "met" : "missed"}`;
}
