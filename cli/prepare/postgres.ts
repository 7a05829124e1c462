import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { installPackages, runAsRoot, type Consent } from "./packages.ts";

const SETTINGS = "/etc/postgresql-common/createcluster.conf";

/** Where Debian puts the programs of PostgreSQL's server; undefined where it is not installed. */
export function postgresPrograms(root = "/usr/lib/postgresql"): string | undefined {
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, "bin"))
    .find((programs) => existsSync(join(programs, "initdb")));
}

/**
 * Sees to it that PostgreSQL's server can be run by the tests, without one being made and started for this
 * machine, as the package would do by itself.
 *
 * @throws CommandError when it is missing and cannot be installed
 */
export async function ensurePostgres(consent: Consent): Promise<void> {
  if (postgresPrograms() !== undefined) return;
  const purpose = "the tests' PostgreSQL server, which is not started here";
  await installPackages(purpose, ["postgresql-common"], consent);
  const set = ["pg_conftool", SETTINGS];
  await runAsRoot(purpose, [...set, "set", "create_main_cluster", "false"]);
  try {
    await installPackages(purpose, ["postgresql"], consent);
  } finally {
    await runAsRoot(purpose, [...set, "remove", "create_main_cluster"]);
  }
}
