import { describe, expect, it } from "vitest";
import { html, plain } from "../../../smoke-tests/report/markup.ts";

describe("a template", () => {
  it("escapes what is put in, in texts and in attributes", () => {
    const text = `<script>"it's" & more</script>`;
    expect(html`<a title="${text}">${text}</a>`.text).toBe(
      '<a title="&lt;script&gt;&quot;it&#39;s&quot; &amp; more&lt;/script&gt;">&lt;script&gt;&quot;it&#39;s&quot; &amp; more&lt;/script&gt;</a>',
    );
  });

  it("takes templates as they are, joins lists and leaves out what is undefined", () => {
    const parts = ["a", "&"].map((each) => html`<b>${each}</b>`);
    expect(html`${parts}${undefined}${0}`.text).toBe("<b>a</b><b>&amp;</b>0");
  });
});

describe("plain text", () => {
  it.each([
    { title: "a terminal's colours", text: "\u{1b}[31mred\u{1b}[39m", shown: "red" },
    {
      title: "control characters",
      text: "a\u{0}b\u{7f}c\u{85}d",
      shown: "a\u{fffd}b\u{fffd}c\u{fffd}d",
    },
    { title: "half a character", text: `a${"😀"[0]}b`, shown: "a\u{fffd}b" },
    { title: "line ends of other systems", text: "a\r\nb\rc\td", shown: "a\nb\nc\td" },
    {
      title: "whole characters beyond the first plane, which stay",
      text: "größe 雪 😀",
      shown: "größe 雪 😀",
    },
  ])("is without $title", ({ text, shown }) => {
    expect(plain(text)).toBe(shown);
  });
});
