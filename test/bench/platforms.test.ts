import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PLATFORMS } from "../../bench/platforms.ts";

describe.each(PLATFORMS)("$environment", ({ name, from, settings }) => {
  const before = readFileSync(
    new URL(`../../stacks/environments/${from}.ts`, import.meta.url),
    "utf8",
  );
  const after = settings(before);
  const portsOf = (text: string): number[] => (text.match(/\b\d{4,5}\b/g) ?? []).map(Number);

  it("is on ports of its own", () => {
    for (const port of portsOf(before).filter((each) => each > 8000)) {
      expect(portsOf(after)).not.toContain(port);
    }
    expect(after).toContain("Listener.host({ port: 29092 })");
  });

  it.runIf(name !== "broker")("is else what a user deploys", () => {
    expect(after.replaceAll(/\b2(\d{4})\b/g, (_, port) => String(Number(port)))).toBe(before);
  });

  it.runIf(name === "broker")("has nothing beside its brokers", () => {
    expect(after).not.toMatch(/schemaRegistry|connect|ksqlDb|restProxy/);
    expect(after).toContain("kafka: {");
  });
});
