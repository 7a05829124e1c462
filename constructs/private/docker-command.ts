import { execFile } from "node:child_process";

/** How a docker command ended. */
interface Ended {
  readonly ok: boolean;
  /** All that it said, or why it said nothing. */
  readonly output: string;
  readonly stdout: string;
  /** Whether there is no such command here. */
  readonly missing?: boolean;
}

/** How long a docker command may take. */
interface Patience {
  /** The engine that takes longer for one answer hangs. */
  readonly milliseconds?: number;
  /** Nobody wants the answer any more. */
  readonly signal?: AbortSignal;
}

/** Runs a docker command, by nothing but Node's own means. */
export function docker(
  args: readonly string[],
  { milliseconds = 15_000, ...more }: Patience = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile("docker", args, { timeout: milliseconds, ...more }, (error, stdout, stderr) => {
      // An exit code is an answer; anything else means that there was none.
      if (error === null || typeof error.code === "number") {
        resolve({ ok: error === null, output: `${stdout}${stderr}`.trim(), stdout });
        return;
      }
      const missing = error.code === "ENOENT";
      const why = error.killed === true ? `no answer in ${milliseconds / 1000} s` : error.message;
      resolve({ ok: false, output: `docker: ${why}`, stdout: "", missing });
    });
  });
}
