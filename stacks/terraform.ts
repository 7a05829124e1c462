import { existsSync } from "node:fs";
import { delimiter, isAbsolute, join, sep } from "node:path";
import { workspace } from "./workspace.ts";

/**
 * What to tell somebody whose plain cdktf will not find Terraform: it runs `terraform` or what
 * `TERRAFORM_BINARY_NAME` names, and where there is none it says no more than "No such file or directory".
 *
 * @returns undefined when it will find it
 */
export function terraformHint(): string | undefined {
  const name = process.env["TERRAFORM_BINARY_NAME"] || "terraform";
  if (canRun(name)) return undefined;
  const other = ["terraform", "tofu", workspace.openTofu()].find(canRun);
  const way =
    other === undefined
      ? "npm run deploy finds or builds one"
      : `to have cdktf run ${other}: export TERRAFORM_BINARY_NAME=${other}`;
  return `cdktf will not find ${name}; ${way}`;
}

function canRun(program: string): boolean {
  // cdktf runs it in folders of its own, so a path must be whole.
  if (program.includes(sep)) return isAbsolute(program) && existsSync(program);
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}
