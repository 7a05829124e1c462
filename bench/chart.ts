/** Figures as pictures. Pure: numbers in, markup out; colours come from the page's styles. */
import { html, type Markup } from "../smoke-tests/report/markup.ts";
import type { Breakdown, Measurement } from "./section.ts";
import { TONES } from "./styles.ts";
import { median, rangeOf, shown, type Ratio } from "./statistics.ts";

/** Heights in pixels; widths are shares of what room there is, so that no text is scaled with them. */
const BAR = { height: 26, top: 5, thick: 16 };
/** Room beyond the longest bar, for what is drawn at its end. */
const MARGIN = 1.03;

/**
 * One bar for each measurement, to its median, with each value as a dot, and the aim as a line.
 *
 * @param remark what is said beside a measurement's figures
 */
export function bars(
  measurements: readonly Measurement[],
  ratios: readonly Ratio[],
  remark: (measurement: Measurement) => Markup | undefined,
): Markup {
  const rows = measurements.map((measurement) => ({
    measurement,
    aims: ratios.flatMap(({ ours, baseline, aim }) =>
      aim !== undefined && ours.key === measurement.key ? [aim * median(baseline.values)] : [],
    ),
  }));
  const most =
    MARGIN * Math.max(...rows.flatMap(({ measurement, aims }) => [...measurement.values, ...aims]));
  const at = (value: number): string => share(value, most);
  return html`<div class="bars">
    ${rows.map(
      ({ measurement: { key, title, unit, values }, measurement, aims }) =>
        html`<div class="row" data-key="${key}">
          <p>
            <span>${title}</span> <strong>${shown(median(values), unit)}</strong>
            <span class="range"
              >${[...(values.length > 1 ? [rangeOf(measurement)] : []), ...aims.map((aim) => `aim ${shown(aim, unit)}`)].join("; ")}</span
            >
            ${remark(measurement)}
          </p>
          <svg width="100%" height="${BAR.height}" aria-hidden="true">
            <rect
              class="bar"
              y="${BAR.top}"
              height="${BAR.thick}"
              width="${at(median(values))}"
              rx="2"
            />
            ${aims.map((aim) => html`<line class="aim" x1="${at(aim)}" x2="${at(aim)}" y1="0" y2="${BAR.height}" />`)}
            ${values.map((value) => html`<circle class="value" cx="${at(value)}" cy="${BAR.top + BAR.thick / 2}" r="3.5"><title>${shown(value, unit)}</title></circle>`)}
          </svg>
        </div>`,
    )}
  </div>`;
}

/**
 * One bar for each breakdown, of all its parts, and what each of them is. A part of the same name has the same colour
 * in all of them.
 */
export function stacks(breakdowns: readonly Breakdown[]): Markup[] {
  const names = new Set(breakdowns.flatMap(({ parts }) => parts.map(({ name }) => name)));
  return breakdowns.map((breakdown) => stack(breakdown, [...names]));
}

function stack({ title, unit, parts }: Breakdown, names: readonly string[]): Markup {
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  let left = 0;
  const placed = parts.map((part) => {
    const from = left;
    left += part.value;
    return { ...part, from, tone: names.indexOf(part.name) % TONES.length };
  });
  return html`<div class="stack">
    <p><span>${title}</span> <strong>${shown(whole, unit)}</strong></p>
    <svg width="100%" height="${BAR.height}" aria-hidden="true">
      ${placed.map(({ name, value, from, tone }) => html`<rect data-tone="${tone}" x="${share(from, whole)}" y="${BAR.top}" width="${share(value, whole)}" height="${BAR.thick}"><title>${name}: ${shown(value, unit)}</title></rect>`)}
    </svg>
    <p class="legend">
      ${placed.map(({ name, value, tone }) => html`<span data-tone="${tone}">${name} ${shown(value, unit)}</span> `)}
    </p>
  </div>`;
}

function share(value: number, whole: number): string {
  return `${(whole === 0 ? 0 : (100 * value) / whole).toFixed(2)}%`;
}
