import { expect, it } from "vitest";
import { text } from "../../bench/terminal.ts";
import { EARLIER, SECTION } from "./reports.ts";

it("tells medians, ratios with their aims, and where the time goes", () => {
  expect(text(SECTION, undefined)).toBe(
    `deploy: From the command to the first record
  docker-compose up -d  4.10 s   4.00 s to 4.20 s
  npm run deploy        5.10 s   5.00 s to 5.20 s
  its memory            310 MiB  310 MiB
  kit against Compose  1.24 ×, aim 1.1 ×: missed
  and back             0.80 ×, aim 1 ×: met
  without aim          1.24 ×, no aim
  npm run deploy
    synth  1.00 s
    plan   3.00 s`,
  );
});

it("sets each measurement against an earlier run", () => {
  const lines = text(SECTION, EARLIER).split("\n");
  expect(lines.slice(1, 4)).toEqual([
    "  docker-compose up -d  4.10 s   4.00 s to 4.20 s  0 % (was 4.10 s), within the spread",
    "  npm run deploy        5.10 s   5.00 s to 5.20 s  +24 % (was 4.10 s), worse",
    "  its memory            310 MiB  310 MiB           new",
  ]);
});

it("says why there are no figures", () => {
  expect(text({ ...SECTION, failure: "no engine" }, undefined)).toBe(
    "deploy: From the command to the first record\n  failed: no engine",
  );
});
