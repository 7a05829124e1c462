import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { postgresPrograms } from "../../cli/prepare/postgres.ts";

const ACCOUNT = "postgres";
const DATABASE = "states";

interface ServerSettings {
  /** Folder of the host; all of the server is below it. */
  readonly folder: string;
  readonly namespace: string;
  readonly user: string;
  readonly password: string;
}

/** Starts a server on a host's loopback address, making it at first. */
export async function startPostgres(settings: ServerSettings): Promise<string> {
  const { folder, namespace, user, password } = settings;
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error("PostgreSQL's server is not installed; see npm test");
  const inside = (file: string, ...args: string[]) =>
    execa("nsenter", [`--net=/run/netns/${namespace}`, "--", file, ...args], {
      cwd: "/",
      env: { PGUSER: user, PGPASSWORD: password },
      // The server keeps what it was given open.
      stdio: ["ignore", "ignore", "pipe"],
      buffer: false,
    });
  const asAccount = (file: string, ...args: string[]) =>
    execa(
      "nsenter",
      [`--net=/run/netns/${namespace}`, "--", "runuser", "-u", ACCOUNT, "--", file, ...args],
      { cwd: "/", stdio: "ignore" },
    );
  const home = join(folder, "postgres");
  const isNew = !existsSync(home);
  if (isNew) {
    mkdirSync(home);
    const secret = join(home, "password");
    writeFileSync(secret, password, { mode: 0o644 });
    await execa("chown", ["-R", ACCOUNT, home]);
    await asAccount(
      join(programs, "initdb"),
      ...[`--pgdata=${join(home, "data")}`, `--username=${user}`, `--pwfile=${secret}`],
      ...["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"],
    );
    rmSync(secret);
  }
  await asAccount(
    join(programs, "pg_ctl"),
    ...["start", "--wait", `--pgdata=${join(home, "data")}`, `--log=${join(home, "log")}`],
    `--options=-c listen_addresses=127.0.0.1 -c port=5432 -c unix_socket_directories=${home} -c fsync=off`,
  );
  if (isNew) await inside(join(programs, "createdb"), "--host=127.0.0.1", DATABASE);
  return `postgres://127.0.0.1/${DATABASE}?sslmode=disable`;
}

/** Ends a host's server, if it has one. */
export async function stopPostgres(folder: string): Promise<void> {
  const data = join(folder, "postgres", "data");
  const file = join(data, "postmaster.pid");
  const programs = postgresPrograms();
  if (programs === undefined || !existsSync(file)) return;
  const pid = readFileSync(file, "utf8").split("\n")[0] ?? "";
  // A process that has the number by chance is none of ours.
  const command = `/proc/${pid}/cmdline`;
  if (!existsSync(command) || !readFileSync(command, "utf8").includes(data)) return;
  await execa(
    "runuser",
    [
      ...["-u", ACCOUNT, "--", join(programs, "pg_ctl"), "stop", "--wait", "--mode=fast"],
      `--pgdata=${data}`,
    ],
    { cwd: "/", stdio: "ignore" },
  );
}
