import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../cli/errors.ts";
import { buildGoProgram } from "../cli/prepare/go.ts";
import { hasProgram } from "../cli/shell.ts";
import { workspace } from "../stacks/workspace.ts";

/** The version that is pinned in `compose/go.mod`. */
const VERSION = "2.40.3";

/**
 * Builds Docker Compose in the workspace, where it is not yet: the same one is measured everywhere.
 *
 * @returns its path
 * @throws CommandError when it cannot be built
 */
export async function ensureCompose(): Promise<string> {
  const file = join(workspace.root(), "bin", `docker-compose-${VERSION}`);
  if (existsSync(file)) return file;
  if (!(await hasProgram("go"))) {
    throw new CommandError(
      "there is no Go toolchain to build Docker Compose with, which this kit is measured against; install Go 1.24.9 or later",
    );
  }
  await buildGoProgram(
    {
      module: new URL("./compose/", import.meta.url),
      package: "github.com/docker/compose/v2/cmd",
      title: `Docker Compose ${VERSION}`,
      variables: { "github.com/docker/compose/v2/internal.Version": `v${VERSION}` },
    },
    file,
  );
  return file;
}
