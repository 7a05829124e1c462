import { spawnSync } from "node:child_process";

/** How a docker command ended. */
interface Ended {
  readonly ok: boolean;
  /** All that it said, or why it said nothing. */
  readonly output: string;
  readonly stdout: string;
  /** Whether there is no such command here. */
  readonly missing?: boolean;
}

/**
 * Runs a docker command, by nothing but Node's own means.
 *
 * @param milliseconds the engine that takes longer for one answer hangs
 */
export function docker(args: readonly string[], milliseconds = 15_000): Ended {
  const options = { encoding: "utf8", timeout: milliseconds } as const;
  const { status, stdout, stderr, error } = spawnSync("docker", args, options);
  if (error !== undefined) {
    const missing = "code" in error && error.code === "ENOENT";
    return { ok: false, output: `docker: ${error.message}`, stdout: "", missing };
  }
  return { ok: status === 0, output: `${stdout}${stderr}`.trim(), stdout };
}
