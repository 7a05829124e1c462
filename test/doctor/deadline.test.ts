import { describe, expect, test } from "vitest";
import { eventually, within } from "../../doctor/deadline.ts";

describe("within", () => {
  test("gives what the work gives", async () => {
    await expect(within(1, "working", Promise.resolve(7))).resolves.toBe(7);
  });

  test("passes on what the work throws", async () => {
    await expect(within(1, "working", Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  test("says what was not done in time", async () => {
    await expect(within(0.05, 'reading topic "t"', new Promise(() => {}))).rejects.toThrow(
      'reading topic "t" was not done in 0.05 s',
    );
  });
});

describe("eventually", () => {
  test("asks until nothing stands in the way", async () => {
    const answers = ["still there", undefined];
    await eventually(5, "it to be gone", () => Promise.resolve(answers.shift()));
    expect(answers).toEqual([]);
  });

  test("gives up with the goal and the last answer", async () => {
    await expect(
      eventually(0.05, "it to be gone", () => Promise.reject(new Error("refused"))),
    ).rejects.toThrow("waited 0.05 s for it to be gone; the last answer was: refused");
  });
});
