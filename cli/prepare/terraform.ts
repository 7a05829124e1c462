import { existsSync } from "node:fs";
import { sep, resolve } from "node:path";
import { workspace } from "../../stacks/workspace.ts";
import { CommandError } from "../errors.ts";
import { say } from "../progress.ts";
import { ask, hasProgram, lastLines } from "../shell.ts";
import { ensureOpenTofu } from "./opentofu.ts";
import type { Consent } from "./packages.ts";

/** Oldest versions that take the program: its `required_version`, and the first of OpenTofu. */
const OLDEST: Readonly<Record<string, { readonly major: number; readonly minor: number }>> = {
  Terraform: { major: 1, minor: 5 },
  OpenTofu: { major: 1, minor: 6 },
};
const WANTED = Object.entries(OLDEST)
  .map(([product, { major, minor }]) => `${product} ${major}.${minor} or later`)
  .join(" or ");

/** The variable that names the program for cdktf; here it means the same. */
const VARIABLE = "TERRAFORM_BINARY_NAME";

/** What was found, and what was not taken and why. */
interface Search {
  readonly found?: string;
  readonly passedOver: readonly string[];
}

/**
 * Finds Terraform or OpenTofu; builds OpenTofu in the workspace where there is neither.
 *
 * @returns the program's name or path, the one that cdktf is to use too
 * @throws CommandError when there is neither and none can be built
 */
export async function ensureTerraform({ noInstall }: Pick<Consent, "noInstall">): Promise<string> {
  const { found, passedOver } = await search();
  if (found !== undefined) {
    for (const complaint of passedOver) say(`${complaint}; taking ${found}`);
    return found;
  }
  const missing = lacking(passedOver);
  if (noInstall) {
    throw new CommandError(
      `${missing}, and --no-install was given; install ${WANTED}, or start without --no-install to have OpenTofu built in ${workspace.root()}`,
    );
  }
  if (!(await hasProgram("go"))) {
    throw new CommandError(
      `${missing}, and there is no Go toolchain to build OpenTofu with; install ${WANTED}, or Go 1.26.6 or later, and start again`,
    );
  }
  say(`${missing}; building OpenTofu from its Go module`);
  return use(await ensureOpenTofu());
}

/**
 * Finds Terraform or OpenTofu.
 *
 * @throws CommandError when there is neither; nothing is built
 */
export async function findTerraform(): Promise<string> {
  const { found, passedOver } = await search();
  if (found !== undefined) return found;
  throw new CommandError(
    `${lacking(passedOver)}; install ${WANTED}, or let npm run deploy build OpenTofu`,
  );
}

async function search(): Promise<Search> {
  // Terraform warns about it on every run.
  const config = process.env["TF_CLI_CONFIG_FILE"];
  if (config !== undefined && !existsSync(config)) delete process.env["TF_CLI_CONFIG_FILE"];
  const named = process.env[VARIABLE];
  if (named) {
    // It is run from other folders than this one.
    const program = named.includes(sep) ? resolve(named) : named;
    const complaint = await complaintOf(program);
    if (complaint !== undefined) {
      throw new CommandError(
        `${VARIABLE} names ${named}, which ${complaint}; name ${WANTED}, or unset the variable`,
      );
    }
    return { found: use(program), passedOver: [] };
  }
  const passedOver: string[] = [];
  for (const candidate of ["terraform", "tofu", workspace.openTofu()]) {
    if (!(await hasProgram(candidate))) continue;
    const complaint = await complaintOf(candidate);
    if (complaint === undefined) return { found: use(candidate), passedOver };
    passedOver.push(`${candidate} ${complaint}`);
  }
  return { passedOver };
}

/** @returns why a program cannot be taken; undefined when it can */
async function complaintOf(program: string): Promise<string | undefined> {
  if (!(await hasProgram(program))) return "is not on the path";
  // It would ask its maker for news.
  const answer = await ask(program, ["version"], { env: { CHECKPOINT_DISABLE: "1" } });
  const [, product = "", version = ""] =
    /^(Terraform|OpenTofu) v(\d+\.\d+\.\S+)/m.exec(answer.stdout) ?? [];
  const oldest = OLDEST[product];
  if (oldest === undefined) {
    const said = lastLines(answer.stdout || answer.stderr, 1) || "nothing";
    return `does not say its version, but: ${said}`;
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const old = major < oldest.major || (major === oldest.major && minor < oldest.minor);
  return old ? `is ${product} ${version}, which is too old` : undefined;
}

function lacking(passedOver: readonly string[]): string {
  return passedOver.length === 0
    ? "neither terraform nor tofu is on the path"
    : `no Terraform or OpenTofu that will do: ${passedOver.join("; ")}`;
}

function use(program: string): string {
  process.env[VARIABLE] = program;
  return program;
}
