/** Styles of the page, beside those that all pages have. */
export const STYLES = `
:root { --bar: #a9c4e8; --dot: #1f4e8c; --aim: #b35900;
  --tone-0: #4e79a7; --tone-1: #e08a2e; --tone-2: #59a14f; --tone-3: #c44e6c; --tone-4: #76b7b2; --tone-5: #9c6fb0; --tone-6: #c9b12f; --tone-7: #8c8c8c; }
@media (prefers-color-scheme: dark) { :root { --bar: #2f4a6d; --dot: #9cc3f5; --aim: #f0a04b; } }
[data-verdict="met"], [data-verdict="better"] { --tone: var(--passed); }
[data-verdict="missed"], [data-verdict="worse"] { --tone: var(--failed); }
header { border-color: var(--none); }
h3 { margin: 20px 0 6px; font-size: 16px; }
p { margin: 4px 0; overflow-wrap: anywhere; }
.about, .note, .range { color: var(--soft); }
.range { font-size: 13px; }
.ratio { padding: 2px 0 2px 12px; border-left: 4px solid var(--tone, var(--none)); }
.ratio strong, .change[data-verdict] { color: var(--tone, var(--soft)); }
.failure { padding: 10px 12px; border-radius: 6px; background: var(--failed-paper); white-space: pre-wrap; }
svg { display: block; overflow: visible; }
.bars, .stack { margin: 12px 0; }
.bars .row { margin: 6px 0; }
.bars .bar { fill: var(--bar); }
.bars .value { fill: var(--dot); fill-opacity: 0.75; stroke: var(--paper); stroke-width: 1; }
.bars .aim { stroke: var(--aim); stroke-width: 2; stroke-dasharray: 4 3; }
.stack rect { fill: var(--part); stroke: var(--paper); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; color: var(--soft); }
.legend span::before { content: ""; display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; background: var(--part); }
${Array.from({ length: 8 }, (_, i) => `[data-tone="${i}"] { --part: var(--tone-${i}); }`).join("\n")}
`;
