import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspace } from "../stacks/workspace.ts";
import { CommandError } from "./errors.ts";

/** Who is at work on an environment. */
interface Holder {
  readonly pid: number;
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
  const holder: Holder = { pid: process.pid, command, since: new Date().toISOString() };
  mkdirSync(workspace.root(), { recursive: true });
  const take = (): void => {
    writeFileSync(file, JSON.stringify(holder), { flag: "wx" });
  };
  try {
    take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const other = readHolder(file);
    if (other !== undefined && isAlive(other.pid)) {
      throw new CommandError(
        `"${other.command}" (process ${other.pid}) has been at work on ${environment} since ${other.since}; wait until it has ended`,
      );
    }
    // Its command was killed.
    rmSync(file, { force: true });
    take();
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @returns undefined when the file is gone, or was cut off when its writer was killed */
function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
