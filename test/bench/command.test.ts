import { expect, it } from "vitest";
import { command } from "../../bench/command.ts";

it("tells when a command was started, when it had ended, and when it said what", async () => {
  const { startedAt, endedAt, lines } = await command(["sh", "-c", "echo one; echo two >&2"]);
  expect(lines.map(({ text }) => text).sort()).toEqual(["one", "two"]);
  for (const { at } of lines) {
    expect(at).toBeGreaterThanOrEqual(startedAt);
    expect(at).toBeLessThanOrEqual(endedAt);
  }
});

it("fails with the end of what a command said", async () => {
  await expect(command(["sh", "-c", "echo no such thing; exit 3"])).rejects.toThrow(
    '"sh -c echo no such thing; exit 3" failed (exit code 3):\nno such thing',
  );
});

it("fails where there is no such program", async () => {
  await expect(command(["no-such-program-at-all"])).rejects.toThrow("ENOENT");
});
