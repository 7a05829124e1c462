import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { workspace } from "../../stacks/workspace.ts";
import { step } from "../progress.ts";
import { run } from "../shell.ts";

/** A program that is built from a Go module. */
export interface GoProgram {
  /** Folder with the `go.mod` and `go.sum` that pin the sources; its URL ends in a slash. */
  readonly module: URL;
  /** Import path of the program itself. */
  readonly package: string;
  /** What it is called while it is being built. */
  readonly title: string;
  /** Variables of the sources that are set at linking. */
  readonly variables?: Readonly<Record<string, string>>;
}

/**
 * Builds a program; until that is done, nothing lies under the name.
 *
 * @param file where it goes
 * @throws CommandError with the end of what the compiler said
 */
export async function buildGoProgram(program: GoProgram, file: string): Promise<void> {
  mkdirSync(workspace.build(), { recursive: true });
  const module = fileURLToPath(program.module);
  const scratch = mkdtempSync(workspace.build(`${basename(module)}-`));
  try {
    // A copy: go may write to the module's folder.
    for (const name of ["go.mod", "go.sum"]) cpSync(join(module, name), join(scratch, name));
    const variables = Object.entries(program.variables ?? {}).map(
      ([name, to]) => `-X ${name}=${to}`,
    );
    const flags = ["-trimpath", `-ldflags=${["-s", "-w", ...variables].join(" ")}`];
    const built = join(scratch, "built");
    await step(`building ${program.title}`, () =>
      run("go", ["build", ...flags, "-o", built, program.package], {
        cwd: scratch,
        env: { CGO_ENABLED: "0" },
      }),
    );
    mkdirSync(dirname(file), { recursive: true });
    renameSync(built, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
