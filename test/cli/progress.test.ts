import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { say, step } from "../../cli/progress.ts";
import { listenToConsole } from "./console.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}

describe("step", () => {
  it("says nothing of what takes less than two seconds", async () => {
    const { out } = listenToConsole();
    const result = step("planning", () => sleep(1.9).then(() => "planned"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await result).toBe("planned");
    expect(out).toEqual([]);
  });

  it("says that a longer one is under way, again as it lasts, and how long it took", async () => {
    const { out } = listenToConsole();
    const result = step("building", () => sleep(31));
    await vi.advanceTimersByTimeAsync(60_000);
    await result;
    expect(out).toEqual([
      "• building …",
      "  building, 15 s so far",
      "  building, 30 s so far",
      "  done in 31 s",
    ]);
  });

  it("repeats how far it is, as the work tells it", async () => {
    const { out } = listenToConsole();
    const result = step("pulling", async (tell) => {
      tell("1 of 7 layers");
      await sleep(20);
      tell("6 of 7 layers");
      await sleep(20);
    });
    await vi.advanceTimersByTimeAsync(60_000);
    await result;
    expect(out).toEqual([
      "• pulling …",
      "  pulling, 15 s so far: 1 of 7 layers",
      "  pulling, 30 s so far: 6 of 7 layers",
      "  done in 40 s",
    ]);
  });

  it("passes a failure on and falls silent", async () => {
    const { out } = listenToConsole();
    const work = step("building", async () => {
      await sleep(3);
      throw new Error("no");
    });
    const failure = work.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await failure).toEqual(new Error("no"));
    expect(out).toEqual(["• building …"]);
  });
});

it("say marks what was done", () => {
  const { out } = listenToConsole();
  say("done");
  expect(out).toEqual(["• done"]);
});
