import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { CommandError, InterruptedError } from "../cli/errors.ts";
import { lastLines } from "../cli/shell.ts";

/** A line that a command printed. */
export interface TimedLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** A command that came to its end, well. */
export interface Finished {
  /** When it was started and when it had ended, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly lines: readonly TimedLine[];
}

/** How a command is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it runs although somebody asked for the end: what cleans up. */
  readonly always?: boolean;
}

const ended = new AbortController();
const running = new Set<number>();

/**
 * From now on, Ctrl-C ends what is being measured in order, and then cleans up. What runs is in process groups of its own, so that
 * nothing which cleans up is told to end.
 */
export function endInOrder(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (ended.signal.aborted) return;
      ended.abort(new InterruptedError());
      console.error("• interrupted; ending what runs, and cleaning up");
      for (const pid of running) interruptGroup(pid);
    });
  }
}

/** Asks a process group to end, unless it has done so by itself at this very moment. */
function interruptGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGINT");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Aborted as soon as somebody asked for the end, with an {@link InterruptedError}. */
export const interruption = ended.signal;

/**
 * Runs a command that must succeed.
 *
 * @throws CommandError with the end of what it printed
 * @throws InterruptedError when somebody asked for the end
 */
export async function command(
  line: readonly string[],
  { cwd, env = {}, always = false }: CommandOptions = {},
): Promise<Finished> {
  if (!always) interruption.throwIfAborted();
  const [file = "", ...args] = line;
  const startedAt = Date.now();
  const child = execa(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { NO_COLOR: "1", ...env },
    stdin: "ignore",
    all: true,
    reject: false,
    buffer: false,
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined && !always) running.add(pid);
  const lines: TimedLine[] = [];
  try {
    const reading = (async () => {
      for await (const text of child.iterable({ from: "all" })) {
        lines.push({ at: Date.now(), text: stripVTControlCharacters(String(text)) });
      }
    })();
    const result = await child;
    const endedAt = Date.now();
    await reading.catch(() => {});
    if (!always) interruption.throwIfAborted();
    if (result.failed) {
      const end = lastLines(lines.map(({ text }) => text).join("\n"));
      throw new CommandError(
        `"${line.join(" ")}" failed (exit code ${result.exitCode ?? "none"}):\n${end || result.shortMessage}`,
      );
    }
    return { startedAt, endedAt, lines };
  } finally {
    if (pid !== undefined) running.delete(pid);
  }
}
