import { describe, expect, it } from "vitest";
import { InvalidSettingError, Memory } from "../../constructs/index.ts";

describe("Memory", () => {
  it.each([
    { memory: Memory.mebibytes(1), mebibytes: 1, text: "1 MiB" },
    { memory: Memory.mebibytes(512), mebibytes: 512, text: "512 MiB" },
    { memory: Memory.gibibytes(2), mebibytes: 2048, text: "2048 MiB" },
    { memory: Memory.gibibytes(1.5), mebibytes: 1536, text: "1536 MiB" },
  ])("is $text", ({ memory, mebibytes, text }) => {
    expect(memory.mebibytes).toBe(mebibytes);
    expect(String(memory)).toBe(text);
  });

  it.each([
    { amount: () => Memory.mebibytes(0), shown: "0" },
    { amount: () => Memory.mebibytes(-512), shown: "-512" },
    { amount: () => Memory.mebibytes(0.5), shown: "0.5" },
    { amount: () => Memory.mebibytes(Number.NaN), shown: "NaN" },
    { amount: () => Memory.mebibytes(Number.POSITIVE_INFINITY), shown: "Infinity" },
    { amount: () => Memory.gibibytes(0), shown: "0" },
    { amount: () => Memory.gibibytes(0.3), shown: "307.2" },
  ])("rejects $shown MiB", ({ amount, shown }) => {
    expect(amount).toThrowError(
      new InvalidSettingError(
        `${shown} MiB is not an amount of memory; give a positive whole number`,
      ),
    );
  });
});
