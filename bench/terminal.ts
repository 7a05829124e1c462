/** A section's figures as text. Pure. */
import { earlierOf, type BenchReport, type SectionReport } from "./report.ts";
import { changeOf, inWords, median, rangeOf, ratioOf, shown, verdictOf } from "./statistics.ts";

/** Renders a section: medians, what was compared, where the time goes. */
export function text(section: SectionReport, against: BenchReport | undefined): string {
  const { name, title, failure, measurements, comparisons, breakdowns } = section;
  const heading = `${name}: ${title}`;
  if (failure !== undefined) return `${heading}\n  failed: ${failure}`;
  const rows = measurements.map((measurement) => {
    const before = earlierOf(against, name, measurement);
    const change =
      against === undefined
        ? []
        : [before === undefined ? "new" : inWords(changeOf(measurement, before), measurement.unit)];
    return [
      measurement.title,
      shown(median(measurement.values), measurement.unit),
      rangeOf(measurement),
      ...change,
    ];
  });
  const ratios = comparisons.map((comparison) => {
    const ratio = ratioOf(comparison, measurements);
    return [ratio.title, verdictOf(ratio)];
  });
  const parts = breakdowns.flatMap((breakdown) => [
    `  ${breakdown.title}`,
    ...table(breakdown.parts.map((part) => [part.name, shown(part.value, breakdown.unit)])).map(
      (line) => `  ${line}`,
    ),
  ]);
  return [heading, ...table(rows), ...table(ratios), ...parts].join("\n");
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
}
