/** How a proof goes step by step, and how it fails. */
import type { TestContext } from "vitest";
import { afterAll, test } from "vitest";
import { messageOf } from "../doctor/deadline.ts";
import type { CellOptions } from "./report/cell.ts";

/**
 * Adds a step to a proof.
 *
 * @param cell where the step stands in the report's matrix, if not where its `describe` does
 */
export type Step = (
  title: string,
  run: (context: TestContext) => Promise<void>,
  cell?: CellOptions,
) => void;

/** As long as a step and a removal may take together. */
const END_SECONDS = 360;

/** The step that runs, or ran last. One that is cut off goes on by itself until it comes to its end. */
let running: Promise<void> = Promise.resolve();

/**
 * Begins a proof whose steps build on each other: what a later one would say is only noise once an
 * earlier one has named the fault, so it is not tried.
 *
 * @param prepare is called by each step before its own work, and not by a hook: a report shows
 * failed tests, and may omit failed hooks
 * @param remark follows the title of each step
 */
export function beginProof(prepare: () => Promise<void>, remark = ""): Step {
  let broken: string | undefined;
  return (title, run, cell = {}) => {
    test(`${title}${remark}`, cell, async (context) => {
      if (broken !== undefined) context.skip(`not tried: "${broken}" failed`);
      context.onTestFailed(() => {
        broken = title;
      });
      running = prepare().then(() => run(context));
      await running;
    });
  };
}

/**
 * Ends a proof: takes back what it made. It is no step, as what a failed one made must go as well; and where the run was
 * cut off, no test is run any more, but this is done all the same.
 *
 * @param hasMade whether there is anything
 */
export function endProof(hasMade: () => boolean, remove: () => Promise<void>): void {
  let removal: Promise<void> | undefined;
  test("removes what it made", async ({ skip }) => {
    if (!hasMade()) skip("nothing was made");
    removal = remove();
    await removal;
  });
  afterAll(async () => {
    // What it makes at its very end must go as well; how it ends was told, or nobody waits for it.
    await running.catch(() => {});
    if (removal !== undefined) await removal.catch(() => {});
    else if (hasMade()) await remove();
  }, END_SECONDS * 1000);
}

/** Waits for all, and fails with what every one of them has to say. */
export async function failWithAll(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const messages = results.flatMap((result) =>
    result.status === "rejected" ? [messageOf(result.reason)] : [],
  );
  if (messages.length > 0) throw finding(...new Set(messages));
}

/** A failure of the platform: where in the tests it was noticed helps nobody. */
export function finding(...messages: readonly string[]): Error {
  const error = new Error(messages.filter((message) => message !== "").join("\n"));
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
