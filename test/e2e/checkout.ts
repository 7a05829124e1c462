import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Copies this checkout: the files that git would give somebody else, with the modules and the provider that were
 * fetched and built here already.
 *
 * @param folder where it goes, which is not there yet
 */
export async function copyCheckout(folder: string): Promise<void> {
  const { stdout } = await execa(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"],
    { cwd: CHECKOUT, lines: true },
  );
  for (const file of stdout.filter((name) => existsSync(join(CHECKOUT, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(CHECKOUT, file), join(folder, file));
  }
  symlinkSync(join(CHECKOUT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, ".kafka-platform"));
  for (const name of ["providers", "providers.lock.hcl"]) {
    symlinkSync(join(CHECKOUT, ".kafka-platform", name), join(folder, ".kafka-platform", name));
  }
}

/**
 * Takes the services beside the brokers out of an environment's file.
 *
 * @throws Error when there is none
 */
export function brokersOnly(settings: string): string {
  const services =
    /^ {2}(schemaRegistry|connect|ksqlDb|restProxy): (.*\},|\{\n( {4}.*\n)*? {2}\},)\n/gm;
  const left = settings.replace(services, "");
  if (left === settings) throw new Error("no service to take out");
  return left;
}
