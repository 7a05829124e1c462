import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const text = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const README = text("README.md");
const { scripts } = JSON.parse(text("package.json")) as { scripts: Record<string, string> };

describe("the README", () => {
  it.each(["own-stack", "services"])("quotes the example %s as it is deployed", (example) => {
    expect(README).toContain(text(`examples/${example}/main.ts`));
  });

  it("names no command that is not there", () => {
    const named = [...README.matchAll(/npm run ([a-z][a-z0-9:-]*)/g)].map(
      (match) => match[1] ?? "",
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it("links to nothing that is not there", () => {
    const links = [...README.matchAll(/\]\((?!#|https?:)([^)]+)\)/g)].map(
      (match) => match[1] ?? "",
    );
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(existsSync(new URL(`../${link}`, import.meta.url)), link).toBe(true);
    }
  });
});
