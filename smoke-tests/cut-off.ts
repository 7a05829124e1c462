import type { TestProject } from "vitest/node";

/**
 * Lets a run that is interrupted end in order: the step that runs is the last one, what was made is removed, and the
 * report says that the run was cut off.
 */
export default function endInOrder({ vitest }: TestProject): void {
  // vitest's own would end the process at once.
  process.removeAllListeners("SIGINT");
  let isCutOff = false;
  process.on("SIGINT", () => {
    if (isCutOff) return;
    isCutOff = true;
    // At the very end: vitest gives a status of its own before that.
    process.on("exit", () => (process.exitCode = 130));
    void vitest.cancelCurrentRun("keyboard-input");
    // When those that run the steps have been told.
    setImmediate(() => {
      console.error(
        "interrupted: the step that runs comes to its end, then what was made is removed",
      );
    });
  });
}
