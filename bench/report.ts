import type { Measurement, SectionResult } from "./section.ts";

/** What one section found, or why it could not. */
export interface SectionReport extends SectionResult {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** Why there are no figures. */
  readonly failure?: string;
}

/** Something that the machine was, such as `memory` and `23.4 GiB`. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** All that one run found: the content of its `.json` file. */
export interface BenchReport {
  /** Of this shape. */
  readonly format: typeof FORMAT;
  /** When the run began, as ISO 8601. */
  readonly at: string;
  readonly pairs: number;
  readonly machine: readonly Fact[];
  readonly sections: readonly SectionReport[];
}

/** What this version writes, and reads. */
export const FORMAT = "kafka-platform-kit.bench/1";

/**
 * Reads the report of an earlier run.
 *
 * @throws Error that says what is not as a run writes it
 */
export function readReport(text: string): BenchReport {
  let report: Partial<BenchReport> | null;
  try {
    report = JSON.parse(text) as Partial<BenchReport> | null;
  } catch {
    throw new Error("it is not JSON; give the .json file of an earlier run");
  }
  if (report?.format !== FORMAT) {
    throw new Error(
      `it is no report of npm run bench, or one of another version (its format is ${JSON.stringify(report?.format)}, not "${FORMAT}")`,
    );
  }
  if (!Array.isArray(report.sections) || !report.sections.every(isSection)) {
    throw new Error("its sections are not as a run writes them");
  }
  return report as BenchReport;
}

function isSection(section: Partial<SectionReport> | null): boolean {
  return (
    typeof section?.name === "string" &&
    Array.isArray(section.measurements) &&
    (section.measurements as (Partial<Measurement> | null)[]).every(
      (measurement) =>
        typeof measurement?.key === "string" &&
        Array.isArray(measurement.values) &&
        measurement.values.length > 0 &&
        measurement.values.every((value) => Number.isFinite(value)),
    )
  );
}

/** The same measurement of an earlier run, where it has one. */
export function earlierOf(
  against: BenchReport | undefined,
  section: string,
  { key, unit }: Measurement,
): Measurement | undefined {
  return against?.sections
    .find(({ name }) => name === section)
    ?.measurements.find((measurement) => measurement.key === key && measurement.unit === unit);
}
