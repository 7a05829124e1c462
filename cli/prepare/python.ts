import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { workspace } from "../../stacks/workspace.ts";
import { step } from "../progress.ts";
import { ask, run } from "../shell.ts";
import { installPackages, type Consent } from "./packages.ts";

const REQUIREMENTS = fileURLToPath(
  new URL("../../examples/python/requirements.txt", import.meta.url),
);

/** Debian's own, which its packages make whole; another one may come first on the path. */
const PYTHONS = ["python3", "/usr/bin/python3"];

/**
 * Sees to it that the Python examples can be run by the tests, in an environment of their own in the workspace: nothing is
 * installed into the system's Python.
 *
 * @throws CommandError when there is no Python that can make one, and none can be installed
 */
export async function ensurePython(consent: Consent): Promise<void> {
  const wanted = readFileSync(REQUIREMENTS, "utf8");
  // Written last, so that an environment that was broken off is made anew.
  const installed = workspace.python("installed.txt");
  const python = workspace.python("bin", "python3");
  if (existsSync(installed) && readFileSync(installed, "utf8") === wanted) {
    // The Python that it was made with may be gone.
    if ((await ask(python, ["--version"])).ok) return;
  }
  const maker = (await able()) ?? (await install(consent));
  await step("installing what the Python examples need (pip)", async () => {
    await run(maker, ["-m", "venv", "--clear", workspace.python()]);
    const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"];
    // From source, it would need a compiler and the C library.
    await run(python, [...pip, "--only-binary=:all:", `--requirement=${REQUIREMENTS}`]);
    writeFileSync(installed, wanted);
  });
}

async function install(consent: Consent): Promise<string> {
  await installPackages("the Python examples in the tests", ["python3-venv"], consent);
  return (await able()) ?? "python3";
}

/** The first Python that can make an environment with pip in it. */
async function able(): Promise<string | undefined> {
  for (const python of PYTHONS) {
    if ((await ask(python, ["-c", "import venv, ensurepip"])).ok) return python;
  }
  return undefined;
}
