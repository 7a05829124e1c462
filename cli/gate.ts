import { gateProgram } from "../constructs/readiness-gate.ts";
import { ask } from "./shell.ts";
import type { TerraformStack } from "./terraform-stack.ts";

/**
 * Asks the gate of the deploy: Terraform itself asks it only about containers that it has just made.
 *
 * @returns whether all is ready, what it said of those that are, and of those that are not
 */
export async function askGate(
  stack: TerraformStack,
  timeoutSeconds: number,
): Promise<{ readonly ready: boolean; readonly said: string; readonly complaint: string }> {
  const [, ...args] = gateProgram();
  const question = JSON.stringify({ ...stack.gateQuestion(), timeoutSeconds });
  const { ok, stdout, stderr } = await ask(process.execPath, [...args, question]);
  return { ready: ok, said: stdout.trim(), complaint: stderr.trim() };
}
