import { FORMAT, type BenchReport, type SectionReport } from "../../bench/report.ts";

/** A section's findings, of two sides that were measured three times. */
export const SECTION: SectionReport = {
  name: "deploy",
  title: "From the command to the first record",
  about: "Brought up by turns.",
  measurements: [
    { key: "broker/compose", title: "docker-compose up -d", unit: "s", values: [4, 4.2, 4.1] },
    { key: "broker/kit", title: "npm run deploy", unit: "s", values: [5.2, 5, 5.1] },
    { key: "broker/kit/memory", title: "its memory", unit: "MiB", values: [310] },
  ],
  comparisons: [
    { title: "kit against Compose", baseline: "broker/compose", ours: "broker/kit", aim: 1.1 },
    { title: "and back", baseline: "broker/kit", ours: "broker/compose", aim: 1 },
    { title: "without aim", baseline: "broker/compose", ours: "broker/kit" },
  ],
  breakdowns: [
    {
      title: "npm run deploy",
      unit: "s",
      parts: [
        { name: "synth", value: 1 },
        { name: "plan", value: 3 },
      ],
    },
  ],
  notes: ["Images are there before."],
};

/** A run that found that. */
export const REPORT: BenchReport = {
  format: FORMAT,
  at: "2026-11-23T12:00:00.000Z",
  pairs: 3,
  machine: [{ name: "processor", value: "2 × Some <CPU>" }],
  sections: [SECTION],
};

/** An earlier one, in which the kit was quicker. */
export const EARLIER: BenchReport = {
  ...REPORT,
  at: "2026-11-22T12:00:00.000Z",
  sections: [
    {
      ...SECTION,
      measurements: SECTION.measurements.flatMap((measurement) =>
        measurement.key === "broker/kit"
          ? [{ ...measurement, values: [4.1, 4, 4.2] }]
          : measurement.unit === "s"
            ? [measurement]
            : [],
      ),
    },
  ],
};
