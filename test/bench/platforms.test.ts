import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PLATFORMS, type Platform } from "../../bench/platforms.ts";

function settingsOf({ from, settings }: Platform): { before: string; after: string } {
  const file = new URL(`../../stacks/environments/${from}.ts`, import.meta.url);
  const before = readFileSync(file, "utf8");
  return { before, after: settings(before) };
}

const portsOf = (text: string): number[] =>
  (text.match(/\b[89]\d{3}\b|\b\d{5}\b/g) ?? []).map(Number);

it.each(PLATFORMS)("$environment is on ports of its own", (platform) => {
  const { before, after } = settingsOf(platform);
  expect(portsOf(before)).toContain(9092);
  for (const port of portsOf(after)) expect(portsOf(before)).not.toContain(port);
  expect(after).toContain("Listener.host({ port: 29092 })");
});

it.each(PLATFORMS.filter(({ name }) => name !== "broker"))(
  "$environment is else what a user deploys",
  (platform) => {
    const { before, after } = settingsOf(platform);
    const back = after.replaceAll(/\b2(\d{4})\b/g, (_, port) => String(Number(port)));
    expect(back).toBe(before);
  },
);

it.each(PLATFORMS.filter(({ name }) => name === "broker"))(
  "$environment has nothing beside its brokers",
  (platform) => {
    const { after } = settingsOf(platform);
    expect(after).not.toMatch(/schemaRegistry|connect|ksqlDb|restProxy/);
    expect(after).toContain("kafka: {");
  },
);
