import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa, type Options } from "execa";
import { workspace } from "../stacks/workspace.ts";
import { CommandError, InterruptedError } from "./errors.ts";

/** What a program that was run answered. */
export interface Answer {
  readonly ok: boolean;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** How many of a failed program's last lines are shown. */
const LAST_LINES = 20;

/** Size at which the log of the commands is put aside. */
const LOG_BYTES = 4 * 1024 ** 2;

const running = new Set<{
  readonly child: { kill(signal: "SIGINT"): boolean };
  readonly detached: boolean;
}>();
let interrupted = false;
let listening = false;

/**
 * Ends a command in order when it is interrupted: the program that runs is told once and may finish what it
 * holds, nothing new is started. Terraform, told twice, would drop its state.
 */
export function endInOrder(): void {
  if (listening) return;
  listening = true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupted) return;
      interrupted = true;
      console.error("• interrupted; waiting for the running step to end");
      for (const { child, detached } of running) {
        // A terminal's Ctrl-C has reached all but the detached ones already.
        if (detached || signal !== "SIGINT") child.kill("SIGINT");
      }
    });
  }
}

/**
 * For work that starts no program by {@link ask}.
 *
 * @throws InterruptedError when somebody asked for the end already
 */
export function refuseInterrupted(): void {
  if (interrupted) throw new InterruptedError();
}

/**
 * Asks a program something; a failure is an answer too.
 *
 * @throws InterruptedError when somebody asked for the end
 */
export async function ask(
  file: string,
  args: readonly string[],
  options: Options = {},
): Promise<Answer> {
  if (interrupted) throw new InterruptedError();
  const child = execa(file, args, {
    stdin: "ignore",
    cleanup: options.detached !== true,
    ...options,
    reject: false,
  });
  const entry = { child, detached: options.detached === true };
  running.add(entry);
  const result = await child.finally(() => running.delete(entry));
  if (interrupted) throw new InterruptedError();
  return {
    ok: !result.failed,
    exitCode: result.exitCode,
    stdout: plain(result.stdout),
    stderr: plain(result.stderr) || (result.failed ? (result.shortMessage ?? "") : ""),
  };
}

/**
 * Runs a program that must succeed; what it printed goes to the log.
 *
 * @returns what it printed
 * @throws CommandError with the end of its output
 */
export async function run(
  file: string,
  args: readonly string[],
  options: Options = {},
): Promise<string> {
  return (await succeed(file, args, options, outputOf)).stdout;
}

/** Like {@link run}, for answers that are read and not worth keeping; only the question goes to the log. */
export async function read(
  file: string,
  args: readonly string[],
  options: Options = {},
): Promise<string> {
  return (await succeed(file, args, options, ({ stderr }) => stderr)).stdout;
}

/**
 * Like {@link run}, for programs that say something by their exit code.
 *
 * @param good exit codes that are no failure, beside 0
 * @returns the exit code
 */
export async function runFor(
  good: readonly number[],
  file: string,
  args: readonly string[],
  options: Options = {},
): Promise<number> {
  const { exitCode = 1 } = await succeed(file, args, options, outputOf, good);
  return exitCode;
}

function outputOf({ stdout, stderr }: Answer): string {
  return `${stdout}\n${stderr}`;
}

async function succeed(
  file: string,
  args: readonly string[],
  options: Options,
  toLog: (answer: Answer) => string,
  good: readonly number[] = [],
): Promise<Answer> {
  const answer = await ask(file, args, options);
  const line = [file, ...args].join(" ");
  const log = join(workspace.root(), "commands.log");
  mkdirSync(dirname(log), { recursive: true });
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES) {
    renameSync(log, `${log}.1`);
  }
  appendFileSync(log, `$ ${line}\n${toLog(answer)}\n`);
  if (!answer.ok && (answer.exitCode === undefined || !good.includes(answer.exitCode))) {
    const end = lastLines(`${answer.stdout}\n${answer.stderr}`);
    throw new CommandError(`"${line}" failed (exit code ${answer.exitCode ?? "none"}):\n${end}`);
  }
  return answer;
}

/** Output as text without colours. */
function plain(output: unknown): string {
  return stripVTControlCharacters(String(output ?? ""));
}

/** The end of a program's output, without empty lines. */
export function lastLines(text: string, count = LAST_LINES): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .join("\n");
}

/** Whether a program is on the path. */
export async function hasProgram(file: string): Promise<boolean> {
  return (await ask("sh", ["-c", 'command -v "$1"', "sh", file])).ok;
}
