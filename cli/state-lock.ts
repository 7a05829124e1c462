import type { RenderedBackend } from "../stacks/backend.ts";
import { ask } from "./shell.ts";

/** The lock on a state, as Terraform tells of it when it cannot have it. */
export interface StateLock {
  readonly id: string;
  readonly who: string;
  readonly operation: string;
  readonly created: string;
}

/**
 * Reads who holds a lock from what Terraform said.
 *
 * @returns undefined when it speaks of no lock
 */
export function stateLockIn(text: string): StateLock | undefined {
  if (!text.includes("Lock Info:")) return undefined;
  const field = (name: string): string =>
    new RegExp(`^\\W*${name}:[ \\t]+(\\S.*?)\\s*$`, "m").exec(text)?.[1] ?? "unknown";
  return {
    id: field("ID"),
    who: field("Who"),
    operation: field("Operation"),
    created: field("Created").replace(/\.\d+ \+0000 UTC$/, " UTC"),
  };
}

/** Holders of the locks of one schema's states, and of the one that is held while a state is made. */
const HOLDERS = (schema: string): string => `
select concat_ws(', ', nullif(application_name, ''), usename || coalesce('@' || host(client_addr), ''),
                 'connected since ' || backend_start)
from pg_locks join pg_stat_activity using (pid)
where locktype = 'advisory' and granted
  and (objid::bigint = 4294967295 or objid::bigint in (select id from "${schema.replaceAll('"', '""')}".states))
limit 1`;

/**
 * Asks PostgreSQL who holds the lock: Terraform tells only who could not have it.
 *
 * @returns undefined when psql is missing, or may not see it
 */
export async function holderInPostgres({ settings }: RenderedBackend): Promise<string | undefined> {
  const { conn_str: written, schema_name: schema } = settings;
  const connection = String(written ?? process.env["PG_CONN_STR"] ?? "");
  const url = URL.canParse(connection) ? new URL(connection) : undefined;
  const env: Record<string, string> = {};
  if (url !== undefined && url.password !== "") {
    // Arguments are for everybody to see.
    env["PGPASSWORD"] = decodeURIComponent(url.password);
    url.password = "";
  }
  // It may have one elsewhere, too; then nobody is asked.
  if (/password/i.test(url?.href ?? connection)) return undefined;
  const query = HOLDERS(
    String(schema ?? process.env["PG_SCHEMA_NAME"] ?? "terraform_remote_state"),
  );
  const options = ["--no-psqlrc", "--no-password", "--tuples-only", "--no-align"];
  const answer = await ask(
    "psql",
    [...options, `--command=${query}`, `--dbname=${url?.href ?? connection}`],
    { env, timeout: 10_000 },
  );
  return (answer.ok && answer.stdout.trim()) || undefined;
}
