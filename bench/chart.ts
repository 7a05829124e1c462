/** Figures as pictures. Pure: numbers in, markup out; colours come from the page's styles. */
import { html, type Markup } from "../smoke-tests/report/markup.ts";
import type { Breakdown, Measurement } from "./section.ts";
import { median, rangeOf, shown, type Ratio } from "./statistics.ts";

/** Heights in pixels; widths are shares of what room there is, so that no text is scaled with them. */
const BAR = { height: 26, top: 5, thick: 16 };
/** Colours that parts are told apart by. */
const TONES = 8;
/** Room beyond the longest bar, for what is drawn at its end. */
const MARGIN = 1.03;

/** One bar for each measurement, to its median, with each value as a dot, and the aim as a line. */
export function bars(measurements: readonly Measurement[], ratios: readonly Ratio[]): Markup {
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
              >${rangeOf(measurement)}${aims.map((aim) => `; aim ${shown(aim, unit)}`)}</span
            >
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

/** One bar of all parts, and what each of them is. */
export function stack({ title, unit, parts }: Breakdown): Markup {
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  let left = 0;
  const placed = parts.map((part, i) => {
    const from = left;
    left += part.value;
    return { ...part, from, tone: i % TONES };
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
