import { describe, expect, it } from "vitest";
import { page } from "../../bench/page.ts";
import { EARLIER, REPORT, SECTION } from "./reports.ts";

/** Text as a reader sees it. */
function wordsOf(html: string): string {
  return html
    .replace(/<style>[^]*?<\/style>/, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
}

describe("the page", () => {
  const html = page(REPORT, undefined);

  it("tells the medians, the ratios in words and whether the aims are met", () => {
    const words = wordsOf(html);
    expect(words).toContain("npm run deploy 5.10 s 5.00 s to 5.20 s");
    expect(words).toContain(
      "kit against Compose: 5.10 s is 1.24 times the 4.10 s of docker-compose up -d; the aim is at most 1.1: missed .",
    );
    expect(words).toMatch(/and back: 4.10 s is 0.80 times .* the aim is at most 1: met/);
    expect(html.match(/class="ratio"\s+data-verdict="(met|missed)"/g)).toHaveLength(2);
  });

  it("draws each value as a dot, each median as a bar and each aim as a line", () => {
    expect(html.match(/<circle/g)).toHaveLength(7);
    expect(html.match(/<rect\s+class="bar"/g)).toHaveLength(3);
    expect(html.match(/<line\s+class="aim"/g)).toHaveLength(2);
  });

  it("draws what has different units in pictures of their own", () => {
    expect(html.match(/<figure/g)).toHaveLength(2);
  });

  it("draws parts by their shares", () => {
    expect(html).toMatch(/<rect\s+data-tone="1"\s+x="25.00%"\s+y="\d+"\s+width="75.00%"/);
    expect(wordsOf(html)).toContain("synth 1.00 s plan 3.00 s");
  });

  it("draws parts of one name in one colour, wherever they are", () => {
    const [breakdown] = SECTION.breakdowns;
    const [first, second] = breakdown!.parts;
    const other = { ...breakdown!, parts: [second!, first!] };
    const both = { ...REPORT, sections: [{ ...SECTION, breakdowns: [breakdown!, other] }] };
    const legend = [...page(both, undefined).matchAll(/<span\s+data-tone="(\d)"\s*>(\w+) /g)];
    expect(legend.map(([, tone, name]) => `${name} ${tone}`)).toEqual([
      ...["synth 0", "plan 1", "plan 1", "synth 0"],
    ]);
  });

  it("loads nothing from anywhere, runs no script and escapes what the machine says", () => {
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base)\b|@import|url\(/i);
    expect(html).not.toMatch(/\s(src|href|srcset|on\w+)=/i);
    expect(html).toContain("2 × Some &lt;CPU&gt;");
  });

  it("shows beside an earlier run what changed, and what is new", () => {
    const against = page(REPORT, EARLIER);
    expect(against).toMatch(/data-verdict="worse"\s*>\+24 % \(was 4.10 s\), worse/);
    const words = wordsOf(against);
    expect(words).toContain(
      "docker-compose up -d 4.10 s 4.00 s to 4.20 s; aim 5.10 s 0 % (was 4.10 s), within the spread",
    );
    expect(words).toContain("its memory 310 MiB new");
  });

  it("says why a section has no figures", () => {
    const failed = {
      ...SECTION,
      ...{ failure: "no <engine>", measurements: [], comparisons: [], breakdowns: [] },
    };
    expect(page({ ...REPORT, sections: [failed] }, undefined)).toContain("no &lt;engine&gt;");
  });
});
