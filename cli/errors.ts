/** A command cannot go on, for a reason that its message tells whole: no stack is shown. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** What was given cannot be used; the command's usage follows, and the exit status is 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Somebody pressed Ctrl-C or asked for the end otherwise. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("interrupted; the same command goes on from here");
  }
}
