import { gateProgram } from "../constructs/readiness-gate.ts";
import { ask } from "./shell.ts";
import type { TerraformStack } from "./terraform-stack.ts";

/** What the gate said. */
export interface GateAnswer {
  readonly ready: boolean;
  /** Of those that are ready. */
  readonly said: string;
  /** Of those that are not. */
  readonly complaint: string;
}

/**
 * Asks the gate of the deploy: Terraform itself asks it only about containers that it has just made.
 *
 * @param cancelled ends it without an answer
 * @returns whether all is ready, what it said of those that are, and of those that are not
 */
export async function askGate(
  stack: TerraformStack,
  timeoutSeconds: number,
  cancelled?: AbortSignal,
): Promise<GateAnswer> {
  const [, ...args] = gateProgram();
  const question = JSON.stringify({ ...stack.gate().question, timeoutSeconds });
  const { ok, stdout, stderr } = await ask(
    process.execPath,
    [...args, question],
    cancelled === undefined ? {} : { cancelSignal: cancelled },
  );
  return { ready: ok, said: stdout.trim(), complaint: stderr.trim() };
}
