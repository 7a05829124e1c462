/** The platform as a picture: who reaches what, through which address. Pure: a matrix in, SVG out. */
import type { Vantage } from "../outputs.ts";
import { html, type Markup } from "./markup.ts";
import {
  summed,
  VANTAGES,
  waysFrom,
  type Matrix,
  type TargetReport,
  type Verdict,
  type Way,
} from "./matrix.ts";
import { tally } from "./table.ts";

/** How much room there is: `wide` has those who connect at the left, `narrow` at the top. */
export type Format = "wide" | "narrow";

interface Measures {
  readonly width: number;
  /** Of those who connect. */
  readonly who: { readonly left: number; readonly width: number; readonly indent: number };
  /** Where the line of the first of them runs down, and how far the next one is. */
  readonly lane: { readonly first: number; readonly gap: number };
  /** Left edge of what is reached. */
  readonly left: number;
}

const MEASURES: Readonly<Record<Format, Measures>> = {
  wide: {
    width: 960,
    who: { left: 0, width: 232, indent: 0 },
    lane: { first: 268, gap: 28 },
    left: 384,
  },
  narrow: {
    width: 376,
    who: { left: 0, width: 376, indent: 26 },
    lane: { first: 12, gap: 26 },
    left: 92,
  },
};

const FRAME = 14;
const PAD = 14;
const GAP = 14;
const RADIUS = 8;
const TITLE = { size: 14, line: 20 };
const ADDRESS = { size: 12, line: 17 };
const NOTE = { size: 12, line: 16 };

/** Advance of a character, as parts of the font's size, in the widest of the usual fonts. */
const MONO = 0.62;
const SANS = 0.6;
const BOLD = 0.68;

interface Line {
  readonly kind: "title" | "address" | "note";
  readonly text: string;
}

interface Row {
  readonly way: Way;
  readonly lines: readonly Line[];
  readonly top: number;
  readonly height: number;
}

interface Box {
  readonly report: TargetReport;
  readonly top: number;
  readonly height: number;
  readonly head: readonly Line[];
  readonly rows: readonly Row[];
}

interface Who {
  readonly vantage: Vantage;
  readonly verdict: Verdict;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  /** Where its line runs down. */
  readonly lane: number;
}

/** Draws the matrix. Colours come from the page's styles, by `data-verdict`. */
export function picture(matrix: Matrix, format: Format): Markup {
  const measures = MEASURES[format];
  const { width, left } = measures;
  const boxWidth = width - left - (format === "wide" ? FRAME : 0);
  const crowd = whoAt(matrix, format);
  const frameTop = format === "wide" ? 0 : bottomOf(crowd) + GAP;
  const frameLabel = wrap(
    matrix.network === undefined
      ? `platform ${matrix.environment}`
      : `platform ${matrix.environment}, Docker network ${matrix.network}`,
    boxWidth,
    NOTE.size * SANS,
  );
  const boxes: Box[] = [];
  let top = frameTop + FRAME + frameLabel.length * NOTE.line + 6;
  for (const report of matrix.targets) {
    const box = boxAt(matrix, report, top, boxWidth);
    boxes.push(box);
    top += box.height + GAP;
  }
  const bottom = top - GAP + FRAME;
  const height = format === "wide" ? Math.max(bottom, bottomOf(crowd)) : bottom;
  const placed = format === "wide" ? spread(crowd, height) : crowd;
  const frameLeft = left - FRAME;
  return html`<svg
    class="picture ${format}"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Who reaches what of ${matrix.environment}"
  >
    ${format === "wide" ? html`<rect class="frame" x="${frameLeft}" y="${frameTop + 0.5}" width="${width - frameLeft - 0.5}" height="${bottom - frameTop - 1}" rx="${RADIUS}" />` : undefined}
    ${frameLabel.map((line, i) => text("frame-label", left, frameTop + FRAME + NOTE.size + i * NOTE.line - 2, line))}
    ${placed.map((who) => trunk(who, boxes, format))}
    ${placed.flatMap((who) => rowsOf(boxes, who.vantage).map((row) => branch(who, row, left)))}
    ${placed.map(drawWho)} ${boxes.map((box) => drawBox(box, left, boxWidth))}
    ${boxes.flatMap(({ rows }) => rows.map((row) => sign(row.way.verdict, left, middleOf(row))))}
  </svg>`;
}

/** What stands for a verdict where colours are not seen. */
function sign(verdict: Verdict, x: number, y: number): Markup {
  const stroke =
    verdict === "passed"
      ? `M${x - 4} ${y + 0.5}l3 3 5-6.5`
      : verdict === "failed"
        ? `M${x - 3.2} ${y - 3.2}l6.4 6.4m0 -6.4l-6.4 6.4`
        : `M${x - 3.5} ${y}h7`;
  return html`<g class="sign" data-verdict="${verdict}"
    ><circle cx="${x}" cy="${y}" r="8.5" /><path d="${stroke}"
  /></g> `;
}

function whoAt(matrix: Matrix, format: Format): Who[] {
  const { who, lane } = MEASURES[format];
  const crowd: Who[] = [];
  let top = 0;
  for (const [i, vantage] of VANTAGES.entries()) {
    const ways = waysFrom(matrix, vantage);
    const left = who.left + i * who.indent;
    const width = who.width - i * who.indent;
    const inner = width - 2 * PAD;
    const lines = [
      ...titleOf(vantage, matrix.network, inner),
      ...linesOf("note", reachOf(ways), inner),
    ];
    const height = heightOf(lines) + 2 * PAD - 6;
    const x = lane.first + i * lane.gap;
    crowd.push({ vantage, verdict: summed(ways), left, top, width, height, lines, lane: x });
    top += height + GAP;
  }
  return crowd;
}

function titleOf(vantage: Vantage, network: string | undefined, width: number): Line[] {
  const title = {
    host: network === undefined ? "Programs on this host" : "Programs on the Docker host",
    network: "Containers on the network",
    external: "Clients elsewhere",
  }[vantage];
  return [
    ...linesOf("title", title, width),
    ...(vantage === "network" && network !== undefined ? linesOf("address", network, width) : []),
  ];
}

function reachOf(ways: readonly Way[]): string {
  if (ways.length === 0) return "no address is for them";
  const count = (verdict: Verdict): number => ways.filter((way) => way.verdict === verdict).length;
  const said = [
    [count("passed"), "proven"],
    [count("failed"), "failed"],
    [count("not tried"), "not tried"],
  ].filter(([number]) => number !== 0);
  return `ways in: ${said.map(([number, what]) => `${number} ${what}`).join(", ")}`;
}

function boxAt(matrix: Matrix, report: TargetReport, top: number, width: number): Box {
  const inner = width - 2 * PAD - 4;
  const { target, title, ways } = report;
  const about = ways.length === 0 ? matrix.absence : target === "kafka" ? matrix.kafka : "";
  const head = [
    ...linesOf("title", title, inner),
    ...(about === "" ? [] : linesOf("note", about, inner)),
  ];
  const rows: Row[] = [];
  let y = top + PAD + heightOf(head) + 2;
  for (const way of ways) {
    const lines = [
      ...way.addresses.flatMap((address) => linesOf("address", address, inner)),
      ...linesOf("note", noteOf(way), inner),
    ];
    const height = heightOf(lines);
    rows.push({ way, lines, top: y, height });
    y += height + 10;
  }
  const end = rows.length === 0 ? y - 6 : y - 10 + 4;
  return { report, top, height: end - top + PAD - 4, head, rows };
}

function noteOf({ title, target, verdict, proofs, client, reason }: Way): string {
  const listener = target === "kafka" ? title.replace(/^Kafka ?/, "") : "";
  const result =
    verdict === "not tried" ? `not tried: ${reason ?? proofs[0]?.reason ?? ""}` : tally(proofs);
  return [listener, result, client === undefined ? "" : `with ${client}`]
    .filter((part) => part !== "")
    .join(" · ");
}

/** Puts those who connect evenly beside what they reach. */
function spread(crowd: readonly Who[], height: number): Who[] {
  const used = crowd.reduce((sum, who) => sum + who.height, 0);
  const gap = (height - used) / (crowd.length + 1);
  let top = gap;
  return crowd.map((who) => {
    const placed = { ...who, top };
    top += who.height + gap;
    return placed;
  });
}

/** The line from somebody along all that is reached from there. */
function trunk(who: Who, boxes: readonly Box[], format: Format): Markup | undefined {
  const ends = rowsOf(boxes, who.vantage).map(middleOf);
  if (ends.length === 0) return undefined;
  const from = format === "wide" ? who.top + who.height / 2 : who.top + who.height;
  const stub = format === "wide" ? `M${who.left + who.width} ${from}H${who.lane}` : "";
  const down = `M${who.lane} ${Math.min(from, ...ends)}V${Math.max(from, ...ends)}`;
  return html`<path class="halo" d="${stub}" /><path class="trunk" d="${stub}${down}" /> `;
}

function branch(who: Who, row: Row, to: number): Markup {
  const y = middleOf(row);
  const { verdict, addresses } = row.way;
  return html`<path class="halo" d="M${who.lane + 5} ${y}H${to - 12}" /><path
      class="edge"
      data-edge="${edgeOf(row.way)}"
      data-verdict="${verdict}"
      d="M${who.lane} ${y}H${to}"
      ><title>${addresses.join(", ")}: ${verdict}</title></path
    ><circle class="joint" cx="${who.lane}" cy="${y}" r="3" /> `;
}

/** Names the edge of a way in, for those who look for it in the page. */
export function edgeOf({ vantage, target, title }: Way): string {
  return `${vantage} ${target === "kafka" ? title : target}`;
}

function drawWho({ vantage, verdict, left, top, width, height, lines }: Who): Markup {
  return html`<g class="node who" data-node="${vantage}" data-verdict="${verdict}"
    ><rect
      x="${left + 1}"
      y="${top + 1}"
      width="${width - 2}"
      height="${height - 2}"
      rx="${RADIUS}"
    />${draw(lines, left + PAD, top + PAD - 3)}</g
  > `;
}

function drawBox({ report, top, height, head, rows }: Box, left: number, width: number): Markup {
  const { target, verdict } = report;
  return html`<g class="node" data-node="${target}" data-verdict="${verdict}"
    ><rect
      x="${left}"
      y="${top}"
      width="${width - 1}"
      height="${height}"
      rx="${RADIUS}"
    />${draw(head, left + PAD + 4, top + PAD - 3)}${rows.map((row) =>
      draw(row.lines, left + PAD + 4, row.top, row.way.verdict),
    )}</g
  > `;
}

function draw(lines: readonly Line[], x: number, top: number, verdict?: Verdict): Markup[] {
  let y = top;
  return lines.map(({ kind, text: content }) => {
    const { size, line } = FONTS[kind];
    const baseline = y + (line + size) / 2 - size * 0.12;
    y += line;
    return text(kind, x, baseline, content, kind === "note" ? verdict : undefined);
  });
}

function text(kind: string, x: number, y: number, content: string, verdict?: Verdict): Markup {
  const coloured = verdict === undefined ? "" : html` data-verdict="${verdict}"`;
  return html`<text class="${kind}" x="${x}" y="${Math.round(y * 10) / 10}" ${coloured}
    >${content}</text
  >`;
}

const FONTS = { title: TITLE, address: ADDRESS, note: NOTE } as const;
const ADVANCE = {
  title: TITLE.size * BOLD,
  address: ADDRESS.size * MONO,
  note: NOTE.size * SANS,
} as const;

function linesOf(kind: Line["kind"], content: string, width: number): Line[] {
  return wrap(content, width, ADVANCE[kind]).map((line) => ({ kind, text: line }));
}

function heightOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { kind }) => sum + FONTS[kind].line, 0);
}

function bottomOf(crowd: readonly Who[]): number {
  return Math.max(...crowd.map(({ top, height }) => top + height));
}

function middleOf({ top, height }: Row): number {
  return top + height / 2;
}

function rowsOf(boxes: readonly Box[], vantage: Vantage): Row[] {
  return boxes.flatMap(({ rows }) => rows.filter((row) => row.way.vantage === vantage));
}

/** How many lines a text takes at most: the whole of it is below the picture. */
const MOST_LINES = 3;

/**
 * Breaks a text into lines that fit, between words where it can.
 *
 * @param advance of a character
 */
export function wrap(content: string, width: number, advance: number): string[] {
  const most = Math.max(1, Math.floor(width / advance));
  const lines: string[] = [];
  let line = "";
  for (const word of content.split(/\s+/).filter((each) => each !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if ([...longer].length <= most) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    let rest = [...word];
    while (rest.length > most) {
      lines.push(rest.slice(0, most).join(""));
      rest = rest.slice(most);
    }
    line = rest.join("");
  }
  if (line !== "") lines.push(line);
  if (lines.length <= MOST_LINES) return lines;
  const last = [...(lines[MOST_LINES - 1] ?? "")].slice(0, most - 1).join("");
  return [...lines.slice(0, MOST_LINES - 1), `${last}…`];
}
