/** What is measured, in which unit. */
export type Unit = "s" | "MiB" | "MB/s" | "modules";

/** One thing that was measured several times, in one run with all others of its section. */
export interface Measurement {
  /**
   * Stays the same from run to run, so that runs can be set against each other: `broker/compose`. What comes
   * before the first slash names the picture that it is drawn in.
   */
  readonly key: string;
  /** What it is, for people. */
  readonly title: string;
  readonly unit: Unit;
  /** Each single one, in the order in which they were taken; less is better, but for MB/s. */
  readonly values: readonly number[];
}

/** Two measurements, and how far ours may be from the other. */
export interface Comparison {
  readonly title: string;
  /** Key of the measurement that is the yardstick. */
  readonly baseline: string;
  /** Key of the measurement that is ours. */
  readonly ours: string;
  /** What the ratio ours / baseline, of the medians, is not to exceed; undefined where there is no aim. */
  readonly aim?: number;
}

/** Where the time of one measurement goes, as medians. */
export interface Breakdown {
  readonly title: string;
  readonly unit: Unit;
  readonly parts: readonly { readonly name: string; readonly value: number }[];
}

/** What one section of the report found. */
export interface SectionResult {
  readonly measurements: readonly Measurement[];
  readonly comparisons: readonly Comparison[];
  readonly breakdowns: readonly Breakdown[];
  /** What a reader must know of the figures, a sentence each. */
  readonly notes: readonly string[];
}

/** How thorough a run is. */
export interface SectionOptions {
  /** How many times each side is measured. */
  readonly pairs: number;
  /** Tells how far it is; one short line each. */
  readonly tell: (what: string) => void;
}

/** One part of the report: it measures, and cleans up after itself whatever happens. */
export interface Section {
  /** As it is given to the command, such as `deploy`. */
  readonly name: string;
  readonly title: string;
  /** What is measured and how, in one or two sentences. */
  readonly about: string;
  run(options: SectionOptions): Promise<SectionResult>;
}
