import { createInterface } from "node:readline/promises";
import { CommandError, InterruptedError } from "../errors.ts";
import { say, step } from "../progress.ts";
import { ask, hasProgram, run } from "../shell.ts";

/** What the person at the terminal allows. */
export interface Consent {
  /** Install nothing on the system. */
  readonly noInstall: boolean;
  /** Ask nothing. */
  readonly yes: boolean;
}

/** Asks a question that is answered by yes or no; without a terminal the answer is `otherwise`. */
export async function confirm(question: string, otherwise: boolean): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return otherwise;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      terminal.once("SIGINT", () => {
        reject(new InterruptedError());
      });
      terminal.question(`${question} [y/N] `).then(resolve, reject);
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** Arguments that run a program as root: itself for root, through sudo for others. */
export async function asRoot(purpose: string): Promise<readonly string[]> {
  if (process.getuid?.() === 0) return [];
  if (await hasProgram("sudo")) return ["sudo", "--"];
  throw new CommandError(
    `${purpose} needs root, and there is no sudo; run this as root, or have it done by somebody who may`,
  );
}

/** Runs a program as root. */
export async function runAsRoot(purpose: string, command: readonly string[]): Promise<string> {
  const [file = "", ...args] = [...(await asRoot(purpose)), ...command];
  // sudo may ask for a password.
  return run(file, args, { stdin: process.stdin.isTTY ? "inherit" : "ignore" });
}

/**
 * Installs Debian packages after saying which, and after asking when somebody is there to answer.
 *
 * @param purpose what they are for, such as `a Docker engine`
 * @throws CommandError when it is not allowed, or this system has no apt
 */
export async function installPackages(
  purpose: string,
  packages: readonly string[],
  consent: Consent,
): Promise<void> {
  const names = packages.join(" ");
  if (consent.noInstall) {
    throw new CommandError(
      `${purpose} is missing, and --no-install was given; install it (on Debian and Ubuntu: apt-get install ${names})`,
    );
  }
  if (!(await hasProgram("apt-get"))) {
    throw new CommandError(
      `${purpose} is missing, and this system has no apt-get to install it with; install it by hand and start again`,
    );
  }
  await asRoot(`installing ${purpose}`);
  say(`to be installed on this system for ${purpose}: ${names}`);
  if (!consent.yes && !(await confirm("install these Debian packages?", true))) {
    throw new CommandError(
      `${purpose} is missing and was not to be installed; nothing was changed`,
    );
  }
  await step(`installing ${names}`, async () => {
    const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"];
    // An installation that was broken off must be finished before apt takes up anything else.
    await runAsRoot("finishing an earlier installation", ["dpkg", "--configure", "-a"]);
    await runAsRoot(`installing ${purpose}`, [...apt, "update"]);
    await runAsRoot(`installing ${purpose}`, [
      ...apt,
      "install",
      "--no-install-recommends",
      ...packages,
    ]);
  });
}

/** Address of the Debian mirror that this system installs from; undefined where it is not Debian. */
export async function debianMirror(): Promise<string | undefined> {
  const answer = await ask("apt-get", [
    "indextargets",
    "--format",
    "$(LABEL)|$(SITE)",
    "Created-By: Packages",
  ]);
  return answer.stdout
    .split("\n")
    .find((line) => line.startsWith("Debian|"))
    ?.slice("Debian|".length);
}
