import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { execa, type Options } from "execa";
import { brokersOnly, copyCheckout } from "./checkout.ts";
import { startPostgres, stopPostgres } from "./postgres.ts";

const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
const PREFIX = "kafka-platform-kit-test-";
const DEADLINE_MS = 60_000;

/** How the engine of a host is run; as root and on its socket only, unless it says otherwise. */
export interface TestEngine {
  /** As an unprivileged user, in namespaces of its own. */
  readonly rootless?: boolean;
  /** More of dockerd's flags. */
  readonly flags?: readonly string[];
  /** Size of a file system of its own for the engine's data, such as `4g`; as much as this machine has. */
  readonly dataSize?: string;
}

/** What a command on a test host printed, and how it ended. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly output: string;
}

/** How an engine is started. */
export interface EngineOptions {
  /** Of dockerd. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A machine of its own, as far as Docker and the network go: a network namespace with a real engine in it,
 * and a copy of this checkout to work in. It needs root, and leaves nothing behind.
 */
export class TestHost {
  /**
   * Makes a host whose engine holds some images of this machine's.
   *
   * @param images names that the engine of this machine has
   * @param engine how its engine is run
   */
  static async create(images: readonly string[], engine: TestEngine = {}): Promise<TestHost> {
    await removeLeftovers();
    const folder = mkdtempSync(join(realpathSync(tmpdir()), PREFIX));
    const host = new TestHost(folder, `kpk-${randomBytes(3).toString("hex")}`, engine);
    try {
      host.note();
      await execa("ip", ["netns", "add", host.namespace]);
      await execa("ip", ["-n", host.namespace, "link", "set", "lo", "up"]);
      if (engine.dataSize !== undefined) {
        mkdirSync(host.dataRoot);
        const size = `size=${engine.dataSize}`;
        await execa("mount", ["-t", "tmpfs", "-o", size, host.namespace, host.dataRoot]);
      }
      await host.startEngine();
      if (images.length > 0) await host.load(images);
      await copyCheckout(host.checkout);
      return host;
    } catch (error) {
      await host.remove();
      throw error;
    }
  }

  readonly namespace: string;
  /** The copy of the checkout. */
  readonly checkout: string;
  readonly dockerHost: string;
  /** Where everything of it lies. */
  readonly folder: string;
  private readonly clients: string[] = [];
  private readonly engine: TestEngine;

  private constructor(folder: string, namespace: string, engine: TestEngine) {
    this.folder = folder;
    this.engine = engine;
    this.namespace = namespace;
    this.checkout = join(folder, "checkout");
    this.dockerHost = `unix://${join(folder, "docker.sock")}`;
  }

  /** A file of the host's own, gone when the host is. */
  file(name: string): string {
    return join(this.folder, name);
  }

  /** Gives the engine images of this machine's. */
  async load(images: readonly string[]): Promise<void> {
    await execa("bash", [
      ...["-c", 'set -o pipefail; to=$1; shift; docker save "$@" | docker --host "$to" load'],
      ...["bash", this.dockerHost, ...images],
    ]);
  }

  /** Takes the services beside the brokers out of an environment: for what they add nothing to but time. */
  leaveBrokersOnly(environment: string): void {
    const file = join(this.checkout, "stacks", "environments", `${environment}.ts`);
    writeFileSync(file, brokersOnly(readFileSync(file, "utf8")));
  }

  /** Makes the file system of the engine's data larger or smaller, as it stands. */
  async resizeData(size: string): Promise<void> {
    await execa("mount", ["-o", `remount,size=${size}`, this.dataRoot]);
  }

  /** Runs a command on the host, in the checkout; its failure is an outcome. */
  async run(command: readonly string[], options: Options = {}): Promise<Outcome> {
    const result = await this.spawn(command, options);
    return { exitCode: result.exitCode, output: stripVTControlCharacters(String(result.all)) };
  }

  /** Like {@link run}, for a command that must succeed. */
  async must(...command: string[]): Promise<string> {
    const { exitCode, output } = await this.run(command);
    if (exitCode !== 0)
      throw new Error(`"${command.join(" ")}" ended with ${exitCode}:\n${output}`);
    return output;
  }

  /** What a command that must succeed prints, line by line in alphabetical order. */
  async lines(...command: string[]): Promise<string[]> {
    const output = await this.must(...command);
    return output
      .split("\n")
      .filter((line) => line !== "")
      .sort();
  }

  /** Plans an environment as it is synthesized: exit code 0 says that there is nothing to do. */
  async plan(environment: string, options: Pick<Options, "env"> = {}): Promise<Outcome> {
    return this.run(["terraform", "plan", "-detailed-exitcode", "-no-color"], {
      ...options,
      cwd: join(this.checkout, "cdktf.out", "stacks", environment),
    });
  }

  /** Runs a command of the kit, such as `start dev --yes`. */
  async kit(...args: string[]): Promise<Outcome> {
    return this.run(["node", "cli/run.mjs", ...args]);
  }

  /**
   * A project of its own, made from an example, with the package as npm would publish it.
   *
   * @param stack the name of the example's stack
   * @returns its folder
   */
  async projectFrom(example: string, stack: string): Promise<string> {
    const project = join(this.folder, `project-${stack}`);
    cpSync(join(CHECKOUT, example), project, { recursive: true });
    writeFileSync(join(project, "package.json"), '{ "type": "module" }');
    const modules = join(project, "node_modules");
    const installed = join(modules, "kafka-platform-kit");
    mkdirSync(installed, { recursive: true });
    const { stdout: tarball } = await execa(
      "npm",
      ["pack", "--silent", `--pack-destination=${this.folder}`],
      { cwd: CHECKOUT },
    );
    await execa("tar", ["-xzf", join(this.folder, tarball), "--strip=1", "-C", installed]);
    for (const name of ["cdktf", "@cdktf", "constructs", "tsx", ".bin"]) {
      symlinkSync(join(CHECKOUT, "node_modules", name), join(modules, name));
    }
    // Where Terraform looks for providers by itself.
    const folder = join(project, "cdktf.out", "stacks", stack);
    mkdirSync(join(folder, "terraform.d"), { recursive: true });
    symlinkSync(workspaceFile("providers"), join(folder, "terraform.d", "plugins"));
    copyFileSync(workspaceFile("providers.lock.hcl"), join(folder, ".terraform.lock.hcl"));
    return project;
  }

  /** Starts a command without waiting for its end. */
  spawn(command: readonly string[], options: Options = {}) {
    return execa("nsenter", [`--net=/run/netns/${this.namespace}`, "--", ...command], {
      cwd: this.checkout,
      stdin: "ignore",
      all: true,
      reject: false,
      ...options,
      env: {
        DOCKER_HOST: this.dockerHost,
        IMAGES: "",
        CHECKPOINT_DISABLE: "1",
        TF_CLI_CONFIG_FILE: "",
        NO_COLOR: "1",
        ...options.env,
      },
    });
  }

  /** Stops the engine as a shutdown of the machine does, and starts it again. */
  async restartEngine(options: EngineOptions = {}): Promise<void> {
    await this.stopEngine();
    await this.startEngine(options);
  }

  /**
   * Another machine: a namespace joined to this one by a cable.
   *
   * @param hostAddress this host's address on that cable
   * @param clientAddress the other one's
   * @returns the name of its network namespace
   */
  async addClientMachine(hostAddress: string, clientAddress: string): Promise<string> {
    const client = `${this.namespace}-c${this.clients.length}`;
    const [near, far] = [`kpk${this.clients.length}`, `kpkc${this.clients.length}`];
    this.clients.push(client);
    this.note();
    await execa("ip", ["netns", "add", client]);
    const ip = (...args: string[]) => execa("ip", args);
    await ip("-n", this.namespace, "link", "add", near, "type", "veth", "peer", "name", far);
    await ip("-n", this.namespace, "link", "set", far, "netns", client);
    await ip("-n", this.namespace, "addr", "add", `${hostAddress}/24`, "dev", near);
    await ip("-n", this.namespace, "link", "set", near, "up");
    await ip("-n", client, "addr", "add", `${clientAddress}/24`, "dev", far);
    await ip("-n", client, "link", "set", far, "up");
    await ip("-n", client, "link", "set", "lo", "up");
    return client;
  }

  /**
   * Another checkout of the same files on this host, with nothing decided or deployed in it.
   *
   * @returns its folder
   */
  secondCheckout(): string {
    const other = join(this.folder, "second");
    cpSync(this.checkout, other, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !/\/(cdktf\.out|\.kafka-platform\/dev\..*|commands\.log)$/.test(file),
    });
    return other;
  }

  /**
   * Starts a PostgreSQL server on this host, with an empty database.
   *
   * @returns where it is, without user and password
   */
  async startPostgres(user: string, password: string): Promise<string> {
    const { folder, namespace } = this;
    // The server does not run as root, and has to get to its folder.
    chmodSync(folder, 0o711);
    return startPostgres({ folder, namespace, user, password });
  }

  /** Ends that server; {@link startPostgres} starts it again with what it has. */
  async stopPostgres(): Promise<void> {
    await stopPostgres(this.folder);
  }

  /** Removes containers, engine, programs, namespaces and files. */
  async remove(): Promise<void> {
    await removeHost(this.folder);
  }

  private get dataRoot(): string {
    return join(this.folder, "data");
  }

  private async startEngine({ flags = [], env = {} }: EngineOptions = {}): Promise<void> {
    const log = openSync(join(this.folder, "dockerd.log"), "a");
    spawn(
      "nsenter",
      [
        `--net=/run/netns/${this.namespace}`,
        "--",
        ...(this.engine.rootless === true ? rootless(this.folder) : ["dockerd"]),
        ...(this.engine.flags ?? []),
        `--host=${this.dockerHost}`,
        `--data-root=${this.dataRoot}`,
        `--exec-root=${join(this.folder, "exec")}`,
        `--pidfile=${join(this.folder, "docker.pid")}`,
        ...flags,
      ],
      { detached: true, stdio: ["ignore", log, log], env: { ...process.env, ...env } },
    ).unref();
    await this.until("the engine answers", async () => {
      const answer = await execa("docker", ["info"], {
        env: { DOCKER_HOST: this.dockerHost },
        reject: false,
      });
      return answer.exitCode === 0;
    });
  }

  private async stopEngine(): Promise<void> {
    const pid = enginePidIn(this.folder);
    if (pid !== undefined) await endEngine(pid);
  }

  /** Before a namespace is made, so that it is found even if this run is killed. */
  private note(): void {
    const note: HostNote = {
      runner: process.pid,
      namespaces: [...this.clients, this.namespace],
    };
    writeFileSync(join(this.folder, "host.json"), JSON.stringify(note));
  }

  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (!(await holds())) {
      if (Date.now() > deadline) {
        const log = readFileSync(join(this.folder, "dockerd.log"), "utf8").slice(-2000);
        throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}\n${log}`);
      }
      await sleep(100);
    }
  }
}

/** Waits until a command that was started prints something; that it ends without is an error. */
export async function untilOutput(
  child: ReturnType<TestHost["spawn"]>,
  text: string,
): Promise<void> {
  let seen = "";
  await new Promise<void>((resolve, reject) => {
    child.all?.on("data", (chunk: Buffer) => {
      seen += String(chunk);
      if (seen.includes(text)) resolve();
    });
    void child.then(() => {
      reject(new Error(`ended before it said "${text}":\n${seen}`));
    });
  });
}

/** Nobody's: it exists in the namespace of its engine only. */
const ROOTLESS_UID = 61_234;

/** A command that runs dockerd's rootless script as an unprivileged user, in a mount namespace that knows that user. */
function rootless(folder: string): string[] {
  const etc = join(folder, "etc");
  mkdirSync(etc, { recursive: true });
  const line = `kpk:x:${ROOTLESS_UID}:${ROOTLESS_UID}::${folder}:/bin/sh\n`;
  writeFileSync(join(etc, "passwd"), `${readFileSync("/etc/passwd", "utf8")}${line}`);
  for (const file of ["subuid", "subgid"]) writeFileSync(join(etc, file), "kpk:1000000:65536\n");
  // It is the user's own home; root may work in it all the same.
  chownSync(folder, ROOTLESS_UID, ROOTLESS_UID);
  const script = `set -e
    mount --make-rprivate /
    for file in passwd subuid subgid; do mount --bind "$1/etc/$file" /etc/$file; done
    mknod --mode=666 "$1/tun" c 10 200
    mount --bind "$1/tun" /dev/net/tun
    mount --make-rshared /
    export HOME="$1" XDG_RUNTIME_DIR="$1" user="$2"
    shift 2
    exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"`;
  return [
    ...["unshare", "--mount", "bash", "-c", script, "bash", folder, String(ROOTLESS_UID)],
    "/usr/share/docker.io/contrib/dockerd-rootless.sh",
  ];
}

function enginePidIn(folder: string): number | undefined {
  const file = join(folder, "docker.pid");
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, "utf8"));
  const command = `/proc/${pid}/cmdline`;
  // A process that has the number by chance is none of ours.
  return existsSync(command) && readFileSync(command, "utf8").includes(file) ? pid : undefined;
}

function workspaceFile(name: string): string {
  return join(CHECKOUT, ".kafka-platform", name);
}

/** What a host's folder says of it, for the run that finds it left behind. */
interface HostNote {
  /** Process of the test run that made it. */
  readonly runner: number;
  readonly namespaces: readonly string[];
}

/** Removes the hosts of test runs that were killed. */
async function removeLeftovers(): Promise<void> {
  const parent = realpathSync(tmpdir());
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(PREFIX))) {
    const note = noteIn(join(parent, name));
    if (note === undefined || !existsSync(`/proc/${note.runner}`)) {
      await removeHost(join(parent, name));
    }
  }
}

async function removeHost(folder: string): Promise<void> {
  await stopPostgres(folder);
  const pid = enginePidIn(folder);
  if (pid !== undefined) {
    const env = { DOCKER_HOST: `unix://${join(folder, "docker.sock")}` };
    const ids = await execa("docker", ["ps", "-aq"], { env, reject: false, lines: true });
    if (ids.stdout.length > 0) {
      await execa("docker", ["rm", "--force", "--volumes", ...ids.stdout], { env, reject: false });
    }
    await endEngine(pid);
  }
  // The engine's data, and the namespace of its host that an engine keeps once a container has been in it.
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  const below = mounts
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of below.reverse()) await execa("umount", [path]);
  for (const name of noteIn(folder)?.namespaces ?? []) {
    if (!existsSync(`/run/netns/${name}`)) continue;
    const { stdout: programs } = await execa("ip", ["netns", "pids", name], { lines: true });
    for (const program of programs) kill(Number(program));
    await execa("ip", ["netns", "delete", name]);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Kills a program that may have ended by itself meanwhile. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function endEngine(pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + DEADLINE_MS;
  while (existsSync(`/proc/${pid}`)) {
    if (Date.now() > deadline) throw new Error(`the engine (process ${pid}) does not stop`);
    await sleep(100);
  }
}

function noteIn(folder: string): HostNote | undefined {
  const file = join(folder, "host.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as HostNote) : undefined;
}
