import { describe, expect, it } from "vitest";
import type { Measurement, Unit } from "../../bench/section.ts";
import {
  changeOf,
  inWords,
  median,
  medians,
  rangeOf,
  ratioOf,
  shown,
  verdictOf,
} from "../../bench/statistics.ts";

function measured(key: string, values: readonly number[], unit: Unit = "s"): Measurement {
  return { key, title: key, unit, values };
}

describe("a median", () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 100], 3],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("is refused of nothing", () => {
    expect(() => median([])).toThrow("no values");
  });

  it("leaves the values in their order", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("a ratio", () => {
  const measurements = [measured("b/compose", [4, 4, 5]), measured("b/kit", [5, 5, 9])];
  const comparison = { title: "kit", baseline: "b/compose", ours: "b/kit" };

  it("is that of the medians, and holds itself to its aim", () => {
    expect(ratioOf({ ...comparison, aim: 1.25 }, measurements)).toMatchObject({
      ratio: 1.25,
      met: true,
    });
    expect(ratioOf({ ...comparison, aim: 1.2 }, measurements).met).toBe(false);
    expect(ratioOf(comparison, measurements).met).toBeUndefined();
  });

  it("says whether the aim is met", () => {
    const verdict = (aim?: number): string =>
      verdictOf(ratioOf({ ...comparison, ...(aim === undefined ? {} : { aim }) }, measurements));
    expect([verdict(1.3), verdict(1.1), verdict()]).toEqual([
      "1.25 ×, aim 1.3 ×: met",
      "1.25 ×, aim 1.1 ×: missed",
      "1.25 ×, no aim",
    ]);
  });

  it("is refused where a measurement is missing", () => {
    expect(() => ratioOf({ ...comparison, ours: "b/other" }, measurements)).toThrow(
      '"kit" compares b/other, which is not there',
    );
  });
});

describe("a change since an earlier run", () => {
  const earlier = measured("b/kit", [4, 4.2, 4.4]);
  const verdict = (values: readonly number[], unit: Unit = "s"): string =>
    changeOf(measured("b/kit", values, unit), { ...earlier, unit }).verdict;

  it("is one only where all values lie on one side of all earlier ones", () => {
    expect(verdict([4.5, 4.6, 4.7])).toBe("worse");
    expect(verdict([3.7, 3.8, 3.9])).toBe("better");
    expect(verdict([4.3, 4.9, 5])).toBe("within the spread");
  });

  it("is the better for more where more is better", () => {
    expect(verdict([5, 5, 5], "MB/s")).toBe("better");
    expect(verdict([3, 3, 3], "MB/s")).toBe("worse");
  });

  it("is none of few values", () => {
    expect(verdict([9, 9])).toBe("too few values");
  });

  it("is told in per cent of the median", () => {
    const change = changeOf(measured("b/kit", [4.6, 4.62, 4.7]), earlier);
    expect(inWords(change, "s")).toBe("+10 % (was 4.20 s), worse");
  });
});

describe("values", () => {
  it.each([
    [4.312, "s", "4.31 s"],
    [0.0384, "s", "38 ms"],
    [312.4, "MiB", "312 MiB"],
    [4.26, "MiB", "4.3 MiB"],
    [61.3, "MB/s", "61 MB/s"],
    [7, "modules", "7 modules"],
  ] as const)("are shown as people read them: %d %s", (value, unit, text) => {
    expect(shown(value, unit)).toBe(text);
  });

  it("are shown from the least to the greatest", () => {
    expect(rangeOf(measured("k", [2, 1, 3]))).toBe("1.00 s to 3.00 s");
    expect(rangeOf(measured("k", [2, 2]))).toBe("2.00 s");
  });
});

describe("the parts of several runs", () => {
  it("are the medians by name, where one that is missing took no time", () => {
    const runs = [
      new Map([["plan", 1]]),
      new Map([
        ["plan", 3],
        ["init", 2],
      ]),
      new Map([
        ["plan", 2],
        ["init", 3],
      ]),
    ];
    expect(medians("kit", runs)).toEqual([
      {
        title: "kit",
        unit: "s",
        parts: [
          { name: "plan", value: 2 },
          { name: "init", value: 2 },
        ],
      },
    ]);
  });

  it("are left out where runs tell nothing of themselves", () => {
    expect(medians("compose", [new Map([["command", 4]])])).toEqual([]);
  });
});
