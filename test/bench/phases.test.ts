import { describe, expect, it } from "vitest";
import { phasesOf, sharesOf } from "../../bench/phases.ts";

const phase = (name: string, startedAt: number, endedAt: number) => ({ name, startedAt, endedAt });

describe("where the time went", () => {
  it("counts each moment once, for what began last", () => {
    const shares = sharesOf(
      [phase("load", 1300, 1500), phase("container", 2000, 4000), phase("readiness", 3000, 5000)],
      1000,
      6000,
    );
    expect(Object.fromEntries(shares)).toEqual({
      command: 0.3,
      load: 0.2,
      between: 1.5,
      container: 1,
      readiness: 2,
    });
  });

  it("adds up to the whole, also of phases that lie within others", () => {
    const shares = sharesOf(
      [phase("a", 0, 900), phase("b", 100, 200), phase("c", 150, 950)],
      0,
      1000,
    );
    expect([...shares.values()].reduce((sum, value) => sum + value, 0)).toBeCloseTo(1);
  });

  it("is all the command's own where it tells nothing", () => {
    expect(Object.fromEntries(sharesOf([], 1000, 3000))).toEqual({ command: 2 });
  });
});

describe("phases in an output", () => {
  const lines = [
    { at: 10, text: "Synthesizing" },
    { at: 20, text: "x: Creating..." },
    { at: 30, text: "y: Creating..." },
  ];

  it("begin at the first line that tells it, and last until the next", () => {
    const marks = [
      { name: "apply", begins: /: Creating/ },
      { name: "synth", begins: /Synthesizing/ },
      { name: "never", begins: /Destroying/ },
    ];
    expect(phasesOf(lines, marks, 99)).toEqual([phase("synth", 10, 20), phase("apply", 20, 99)]);
  });
});
