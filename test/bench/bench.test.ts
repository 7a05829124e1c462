import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { InterruptedError } from "../../cli/errors.ts";
import { runSections } from "../../bench/bench.ts";
import { readReport } from "../../bench/report.ts";
import type { Section } from "../../bench/section.ts";
import { listenToConsole } from "../cli/console.ts";
import { workInScratchFolder } from "../constructs/scratch.ts";
import { REPORT, SECTION } from "./reports.ts";

const AT = new Date("2026-11-23T12:34:56.789Z");
const FILES = ["2026-11-23T12-34-56.html", "2026-11-23T12-34-56.json"];

const works: Section = { ...SECTION, run: () => Promise.resolve(SECTION) };
const fails: Section = {
  ...{ name: "broken", title: "Broken", about: "It cannot be measured." },
  run: () => Promise.reject(new Error("no such engine")),
};

function run(...sections: Section[]): Promise<number> {
  return runSections({ sections, pairs: 3, against: undefined }, REPORT.machine, AT);
}

it("leaves a report that can be set against later ones, and a page", async () => {
  const folder = join(workInScratchFolder(), ".kafka-platform", "bench");
  const heard = listenToConsole();
  expect(await run(works)).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(FILES);
  const [page = "", json = ""] = FILES.map((file) => readFileSync(join(folder, file), "utf8"));
  expect(readReport(json)).toEqual({ ...REPORT, at: AT.toISOString() });
  expect(page).toContain("kit against Compose: 5.10 s is");
  expect(heard.out.join("\n")).toContain("npm run deploy        5.10 s");
});

it("tells which section could not be measured, and measures the others", async () => {
  const folder = join(workInScratchFolder(), ".kafka-platform", "bench");
  const heard = listenToConsole();
  expect(await run(fails, works)).toBe(1);
  const { sections } = readReport(readFileSync(join(folder, FILES[1] ?? ""), "utf8"));
  expect(sections.map(({ name, failure }) => ({ name, failure }))).toEqual([
    { name: "broken", failure: "no such engine" },
    { name: "deploy", failure: undefined },
  ]);
  expect(heard.out.join("\n")).toContain("broken: Broken\n  failed: no such engine");
});

it("ends at once when somebody asks for it, and keeps what was measured", async () => {
  const folder = join(workInScratchFolder(), ".kafka-platform", "bench");
  listenToConsole();
  const cutOff: Section = { ...fails, run: () => Promise.reject(new InterruptedError()) };
  await expect(run(works, cutOff, works)).rejects.toThrow(InterruptedError);
  const { sections } = readReport(readFileSync(join(folder, FILES[1] ?? ""), "utf8"));
  expect(sections.map(({ name }) => name)).toEqual(["deploy"]);
});
