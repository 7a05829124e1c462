import { existsSync } from "node:fs";
import { workspace } from "../../stacks/workspace.ts";
import { say } from "../progress.ts";
import { buildGoProgram } from "./go.ts";

/** The version that is pinned in `opentofu/go.mod`. */
const VERSION = "1.12.6";

/**
 * Builds OpenTofu in the workspace, where it is not yet.
 *
 * @returns its path
 * @throws CommandError when it cannot be built
 */
export async function ensureOpenTofu(): Promise<string> {
  const file = workspace.openTofu();
  if (existsSync(file)) return file;
  await buildGoProgram(
    {
      module: new URL("../opentofu/", import.meta.url),
      package: "github.com/opentofu/opentofu/cmd/tofu",
      title: `OpenTofu ${VERSION}`,
      // Without it, the program calls itself a development version.
      variables: { "github.com/opentofu/opentofu/version.dev": "no" },
    },
    file,
  );
  say(`built ${file}; plain cdktf takes it with TERRAFORM_BINARY_NAME=${file}`);
  return file;
}
