import { existsSync } from "node:fs";
import { CommandError } from "../errors.ts";
import { hasProgram } from "../shell.ts";

/**
 * Finds Terraform or OpenTofu.
 *
 * @returns the program's name or path, the one that cdktf uses too
 * @throws CommandError when there is neither
 */
export async function ensureTerraform(): Promise<string> {
  // Terraform warns about it on every run.
  const config = process.env["TF_CLI_CONFIG_FILE"];
  if (config !== undefined && !existsSync(config)) delete process.env["TF_CLI_CONFIG_FILE"];
  const named = process.env["TERRAFORM_BINARY_NAME"];
  const candidates = named ? [named] : ["terraform", "tofu"];
  for (const candidate of candidates) {
    if (await hasProgram(candidate)) {
      process.env["TERRAFORM_BINARY_NAME"] = candidate;
      return candidate;
    }
  }
  throw new CommandError(
    named
      ? `TERRAFORM_BINARY_NAME names ${named}, which is not on the path; install it or unset the variable`
      : "neither terraform nor tofu is on the path; install Terraform 1.5 or later, or OpenTofu",
  );
}
