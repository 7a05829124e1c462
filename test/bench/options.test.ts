import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bench } from "../../bench/bench.ts";
import { readOptions } from "../../bench/options.ts";
import { sections } from "../../bench/sections.ts";
import { listenToConsole } from "../cli/console.ts";
import { scratchFolder } from "../constructs/scratch.ts";
import { REPORT } from "./reports.ts";

function fileWith(content: unknown): string {
  const file = join(scratchFolder(), "earlier.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const names = (args: readonly string[]): string[] | undefined =>
  readOptions(args, sections)?.sections.map(({ name }) => name);

describe("the arguments", () => {
  it("mean all sections unless some are named, in the order of the report", () => {
    expect(names([])).toEqual(sections.map(({ name }) => name));
    expect(names(["synth", "deploy"])).toEqual(["deploy", "synth"]);
  });

  it("mean five pairs unless another number is given", () => {
    expect(readOptions([], sections)?.pairs).toBe(5);
    expect(readOptions(["--pairs", "12"], sections)?.pairs).toBe(12);
  });

  it("take the report of an earlier run", () => {
    expect(readOptions(["--against", fileWith(REPORT)], sections)?.against).toEqual(REPORT);
  });
});

describe("arguments that cannot be used", () => {
  it.each([
    [["deplyo"], 'unknown section "deplyo"; did you mean deploy? (known: deploy,'],
    [["--pair", "3"], "unknown option --pair; did you mean --pairs?"],
    [["--pairs"], "argument missing"],
    [["--pairs", "0"], '--pairs is "0"; give how many times each side is measured, 1 or more'],
    [["--pairs", "2.5"], '--pairs is "2.5"'],
    [["--pairs", "many"], '--pairs is "many"'],
    [["--against", "/nowhere.json"], "--against names /nowhere.json, which is not there"],
  ])("are refused by name, with the usage, before anything is measured: %j", async (args, why) => {
    const heard = listenToConsole();
    expect(await bench(args, sections)).toBe(2);
    expect(heard.err.join("\n")).toContain(why);
    expect(heard.err.join("\n")).toContain("npm run bench -- [<section> …]");
    expect(heard.out).toEqual([]);
  });

  const empty = [{ name: "deploy", measurements: [{ key: "k", values: [] }] }];
  it.each([
    ["text", "not JSON", "it is not JSON"],
    ["a list", [], "it is no report of npm run bench"],
    ["null", null, "it is no report of npm run bench"],
    ["another format", { ...REPORT, format: "other" }, '(its format is "other", not "'],
    ["no time", { ...REPORT, at: "lately" }, 'it was begun at "lately", which is no time'],
    ["no values", { ...REPORT, sections: empty }, "its sections are not as a run writes them"],
  ])("are refused where the earlier report is none: %s", (_, content, why) => {
    const file = fileWith(content);
    const read = (): unknown => readOptions(["--against", file], sections);
    expect(read).toThrow(`--against names ${file}, which cannot be used: `);
    expect(read).toThrow(why);
  });
});

it("shows its usage when asked, with every section", async () => {
  const heard = listenToConsole();
  expect(await bench(["--help"], sections)).toBe(0);
  for (const { name, title } of sections) {
    expect(heard.out.join("\n")).toMatch(new RegExp(`${name} +${title}`));
  }
});
