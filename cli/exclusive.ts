import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspace } from "../stacks/workspace.ts";
import { CommandError } from "./errors.ts";

/** Who is at work on an environment. */
interface Claim {
  readonly pid: number;
  /** When the process began, by the kernel's clock: a later process may get the same number. */
  readonly began: string;
  readonly command: string;
  readonly since: string;
}

/**
 * Does some work on an environment while no other command of this checkout changes it.
 *
 * @param command what is being done, for the one who finds it taken
 * @throws CommandError naming who is at work
 */
export async function exclusively<T>(
  environment: string,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  const file = join(workspace.root(), `${environment}.busy.json`);
  const claim: Claim = {
    pid: process.pid,
    began: beganAt(process.pid) ?? "",
    command,
    since: new Date().toISOString(),
  };
  mkdirSync(workspace.root(), { recursive: true });
  while (!take(file, claim)) {
    const found = textOf(file);
    if (found === undefined) continue;
    const other = claimIn(found);
    if (other !== undefined && holds(other)) {
      throw new CommandError(
        `"${other.command}" (process ${other.pid}) has been at work on ${environment} since ${other.since}; wait until it has ended (${file} says so)`,
      );
    }
    clear(file, found, claim);
  }
  try {
    return await work();
  } finally {
    if (textOf(file) === JSON.stringify(claim)) rmSync(file);
  }
}

/** A link appears with its whole content, and for one of two only. */
function take(file: string, claim: Claim): boolean {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify(claim));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Removes a claim that nobody holds any more, unless another command has done so. Only one command at a time
 * may, so that what it has looked at is what it removes.
 *
 * @param stale the claim's text
 */
function clear(file: string, stale: string, claim: Claim): void {
  const guard = `${file}.clearing`;
  if (!take(guard, claim)) {
    const other = claimIn(textOf(guard));
    if (other !== undefined && !holds(other)) {
      throw new CommandError(`${guard} was left behind by a command that was killed; remove it`);
    }
    return;
  }
  try {
    if (textOf(file) === stale) rmSync(file);
  } finally {
    rmSync(guard);
  }
}

/** @returns undefined when there is no such file */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @returns undefined when it is none of this kit */
function claimIn(text: string | undefined): Claim | undefined {
  try {
    return (JSON.parse(text ?? "") as Claim | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Whether the one that made the claim still runs. */
function holds({ pid, began }: Claim): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return (beganAt(pid) ?? began) === began;
}

/** Boot and ticks since then at which a process began; undefined where the system has no /proc. */
function beganAt(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name, in parentheses, may hold spaces; the start is the twentieth field behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
