/** A run as one page. Pure. */
import { fact, htmlDocument, moment } from "../smoke-tests/report/document.ts";
import { html, type Markup } from "../smoke-tests/report/markup.ts";
import { bars, stacks } from "./chart.ts";
import { earlierOf, type BenchReport, type SectionReport } from "./report.ts";
import type { Measurement } from "./section.ts";
import { changeOf, inWords, ratioOf, shown, median, type Ratio } from "./statistics.ts";
import { STYLES } from "./styles.ts";

/** Renders the page. */
export function page(report: BenchReport, against: BenchReport | undefined): string {
  const { at, pairs, machine, sections } = report;
  return htmlDocument(
    `Benchmarks of ${at}`,
    STYLES,
    html`<header>
        <h1>Benchmarks</h1>
        <dl>
          ${fact("begun", moment(new Date(at)))}
          ${against === undefined ? undefined : fact("set against", moment(new Date(against.at)))}
          ${fact("each side measured", pairs === 1 ? "once" : `${pairs} times`)}
          ${machine.map(({ name, value }) => fact(name, value))}
        </dl>
      </header>
      <main>
        <p class="note">
          A bar reaches to the median, a dot is one value, a dashed line is the aim.
        </p>
        ${sections.map((section) => sectionOf(section, against))}
      </main>`,
  );
}

function sectionOf(section: SectionReport, against: BenchReport | undefined): Markup {
  const { name, title, about, failure, measurements, breakdowns, notes } = section;
  const ratios = section.comparisons.map((comparison) => ratioOf(comparison, measurements));
  return html`<section data-section="${name}">
    <h2>${title}</h2>
    <p class="about">${about}</p>
    ${failure === undefined ? undefined : html`<p class="failure">${failure}</p>`}
    ${ratios.map(sentence)}
    ${groupsOf(measurements).map(
      ({ group, members }) =>
        html`<figure>
          <h3>${group}</h3>
          ${bars(members, ratios, (measurement) => changeSince(against, name, measurement))}
        </figure>`,
    )}
    ${breakdowns.length === 0 ? undefined : html`<h3>Where it goes</h3>`} ${stacks(breakdowns)}
    ${notes.map((note) => html`<p class="note">${note}</p>`)}
  </section>`;
}

/** A comparison in a sentence. */
function sentence({ title, baseline, ours, ratio, aim, met }: Ratio): Markup {
  const verdict = met === undefined ? undefined : met ? "met" : "missed";
  const [own, theirs] = [ours, baseline].map(({ values, unit }) => shown(median(values), unit));
  return html`<p class="ratio" ${verdict === undefined ? "" : html`data-verdict="${verdict}"`}>
    ${title}: ${own} is ${ratio.toFixed(2)} times the ${theirs} of
    ${baseline.title}${aim === undefined ? "." : html`; the aim is at most ${aim}: <strong>${verdict}</strong>.`}
  </p>`;
}

/** What an earlier run says of a measurement; undefined where there is none. */
function changeSince(
  against: BenchReport | undefined,
  section: string,
  measurement: Measurement,
): Markup | undefined {
  if (against === undefined) return undefined;
  const before = earlierOf(against, section, measurement);
  if (before === undefined) return html`<span class="change">new</span>`;
  const change = changeOf(measurement, before);
  return html`<span class="change" data-verdict="${change.verdict}"
    >${inWords(change, measurement.unit)}</span
  >`;
}

interface Group {
  readonly group: string;
  readonly members: readonly Measurement[];
}

/** What is drawn in one picture, since it can be compared: the same first part of the key, the same unit. */
function groupsOf(measurements: readonly Measurement[]): Group[] {
  const groups = new Map<string, { group: string; members: Measurement[] }>();
  for (const measurement of measurements) {
    const [group = ""] = measurement.key.split("/");
    const key = `${group} ${measurement.unit}`;
    const found = groups.get(key) ?? { group, members: [] };
    groups.set(key, found);
    found.members.push(measurement);
  }
  return [...groups.values()];
}
