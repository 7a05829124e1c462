import { expect, it } from "vitest";
import { picture, wrap } from "../../../smoke-tests/report/picture.ts";
import { green, PARTLY, red } from "./platforms.ts";

/** How it looks is judged in a browser, see test/e2e/report.test.ts. */

it.each(["wide", "narrow"] as const)(
  "has an edge for each way in, with its verdict: %s",
  (format) => {
    const drawn = picture(red(), format).text;
    const edges = [...drawn.matchAll(/data-edge="([^"]+)"\s+data-verdict="([^"]+)"/g)].map(
      ([, edge, verdict]) => [edge, verdict],
    );
    expect(edges).toHaveLength(14);
    expect(edges.filter(([, verdict]) => verdict !== "passed")).toEqual([
      ["host Kafka PLAINTEXT_HOST", "failed"],
      ["host restProxy", "not tried"],
      ["network ksqlDbCli", "not tried"],
      ["network restProxy", "not tried"],
    ]);
  },
);

it("has a node for what is not deployed, and for those who have no address", () => {
  const drawn = picture(green(PARTLY), "wide").text;
  const nodes = [...drawn.matchAll(/data-node="([^"]+)"\s+data-verdict="not deployed"/g)];
  expect(nodes.map(([, node]) => node)).toEqual([
    "external",
    "zooKeeper",
    "schemaRegistry",
    "ksqlDb",
    "ksqlDbCli",
    "restProxy",
  ]);
});

it.each([
  { title: "between words", text: "one two three", lines: ["one two", "three"] },
  {
    title: "within a word that is too long",
    text: "abcdefghijkl m",
    lines: ["abcdefgh", "ijkl m"],
  },
  { title: "never, what fits", text: "one two", lines: ["one two"] },
  {
    title: "and ends after three lines",
    text: "aaaaaaaa bbbbbbbb cccccccc dddddddd",
    lines: ["aaaaaaaa", "bbbbbbbb", "ccccccc…"],
  },
  { title: "into none, what is empty", text: " ", lines: [] },
])("breaks a text $title", ({ text, lines }) => {
  expect(wrap(text, 80, 10)).toEqual(lines);
});
