/** What all pages of the kit look like, in light and dark: colours, text, headings, lists of facts. */
export const BASE_STYLES = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --passed: #1a7f37; --failed: #cf222e; --none: #5c6570;
  --passed-paper: #eefaf1; --failed-paper: #fff0ef; --on-sign: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1318; --panel: #171c23; --ink: #e6eaef; --soft: #9aa4af; --line: #343c46;
    --passed: #3fb950; --failed: #ff6a61; --none: #8b949e;
    --passed-paper: #12241a; --failed-paper: #2c1718; --on-sign: #0f1318;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1000px; padding: 20px 12px 48px;
  background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
code, pre {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
code, pre { font-size: 13px; }
code { overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 36px 0 12px; font-size: 19px; }
dl { margin: 0; display: flex; flex-wrap: wrap; gap: 2px 24px; }
dl div { display: flex; gap: 8px; min-width: 0; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
@media print { body { max-width: none; } article { break-inside: avoid; } }
`;

/** Styles of the matrix. */
export const STYLES = `
.picture .address {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
[data-verdict="passed"] { --tone: var(--passed); --tone-paper: var(--passed-paper); }
[data-verdict="failed"] { --tone: var(--failed); --tone-paper: var(--failed-paper); }
[data-verdict="not tried"], [data-verdict="not deployed"] { --tone: var(--none); --tone-paper: var(--panel); }
[data-outcome="green"] { --tone: var(--passed); }
[data-outcome="red"] { --tone: var(--failed); }
[data-outcome="cut off"] { --tone: var(--none); }

header { border-left: 6px solid var(--tone); padding: 2px 0 2px 16px; }
.outcome {
  display: inline-block; margin: 0 0 6px; padding: 1px 10px; border-radius: 99px;
  background: var(--tone); color: var(--on-sign); font-weight: 650; font-size: 14px;
}
.counts { margin: 2px 0 8px; font-size: 17px; }
.images dl { display: block; }
.images dl div { flex-wrap: wrap; }

figure { margin: 24px 0 8px; }
.picture { display: block; width: 100%; height: auto; margin: 0 auto; overflow: visible; }
.picture.narrow { display: none; max-width: 480px; }
@media (max-width: 819px) {
  .picture.wide { display: none; }
  .picture.narrow { display: block; }
}
.picture .frame { fill: var(--panel); stroke: var(--line); }
.picture .frame-label { fill: var(--soft); font-size: 12px; }
.picture .node rect { fill: var(--paper); stroke: var(--tone); stroke-width: 1.5; }
.picture .node[data-verdict="failed"] > rect { fill: var(--failed-paper); }
.picture .node[data-verdict="not tried"] > rect,
.picture .node[data-verdict="not deployed"] > rect { stroke-dasharray: 5 4; fill: transparent; }
.picture .node[data-verdict="not deployed"] text { fill: var(--soft); }
.picture text { fill: var(--ink); }
.picture .title { font-size: 14px; font-weight: 650; }
.picture .address { font-size: 12px; }
.picture .note { font-size: 12px; fill: var(--soft); }
.picture .note[data-verdict] { fill: var(--tone); }
.picture .trunk { fill: none; stroke: var(--soft); stroke-width: 2; stroke-linejoin: round; }
.picture .joint { fill: var(--soft); }
.picture .halo { fill: none; stroke: var(--paper); stroke-width: 7; }
.picture .edge { fill: none; stroke: var(--tone); stroke-width: 2.5; }
.picture .edge[data-verdict="not tried"] { stroke-dasharray: 5 4; }
.picture .sign circle { fill: var(--tone); stroke: var(--paper); stroke-width: 1.5; }
.picture .sign path { fill: none; stroke: var(--on-sign); stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 12px; color: var(--soft); font-size: 13px; }
figcaption span::before {
  content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 6px;
  border-radius: 50%; background: var(--tone);
}

.list { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 12px; margin-bottom: 12px; }
.list article { margin: 0; }
.absent { color: var(--soft); }
article { margin: 0 0 12px; padding: 12px 16px; border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 6px; }
article h3 { margin: 0; font-size: 16px; overflow-wrap: anywhere; }
article p { margin: 2px 0; overflow-wrap: anywhere; }
.way { color: var(--soft); }
.way code { color: var(--ink); display: inline-block; max-width: 100%; }
.result { color: var(--tone); }
.proof { margin-top: 10px; font-weight: 600; }
.finding {
  margin: 6px 0; padding: 10px 12px; border-radius: 6px;
  background: var(--failed-paper); color: var(--ink); line-height: 1.45;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
ul { margin: 6px 0 0; padding: 0; list-style: none; }
li { padding-left: 22px; position: relative; overflow-wrap: anywhere; }
li::before { position: absolute; left: 2px; color: var(--tone); content: "–"; }
li[data-verdict="passed"]::before { content: "✔"; }
li[data-verdict="failed"]::before { content: "✘"; }
.why, .remark { color: var(--soft); }
.remark { font-size: 14px; }
`;
