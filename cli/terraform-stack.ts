import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, userInfo } from "node:os";
import { join, relative, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { SERVICE_LABEL } from "../constructs/index.ts";
import { backendIn, type RenderedBackend } from "../stacks/backend.ts";
import { adoptionFile, stackFolder, workspace } from "../stacks/workspace.ts";
import type { DeployedOutputs } from "../smoke-tests/outputs.ts";
import type { DeployedOn } from "./deployed-engine.ts";
import { CommandError } from "./errors.ts";
import type { Import } from "./found-objects.ts";
import { confirm } from "./prepare/packages.ts";
import { say, step } from "./progress.ts";
import { ask, lastLines, read, runFor, type Answer } from "./shell.ts";
import { holderInPostgres, stateLockIn } from "./state-lock.ts";
import type { Phase } from "./timings.ts";
import type { Quorum } from "./volumes.ts";

/** One change that a plan would make. */
export interface PlannedChange {
  /** Address in the program, such as `docker_volume.kafka_volume-1_…`. */
  readonly address: string;
  readonly type: string;
  /** Name of the object in the engine, where it has one. */
  readonly name: string;
  readonly actions: readonly string[];
  /** Whether it is there already and only enters the state. */
  readonly imported: boolean;
  /** The service that it is of, by its label; undefined for what is not there yet. */
  readonly service: string | undefined;
}

/** What a deploy would change. */
export interface Plan {
  /** Where Terraform keeps it; undefined where it is to work it out by itself. */
  readonly file: string | undefined;
  readonly changes: readonly PlannedChange[];
}

/** What a state knows. */
export interface StackState {
  /** Addresses in the program. */
  readonly addresses: readonly string[];
  /** Ids of what the engine knows by an id, names of volumes and networks. */
  readonly ids: ReadonlySet<string>;
  /** The environment that was deployed by it. */
  readonly environment: string | undefined;
  /** Address of the engine that it was deployed on. */
  readonly host: string | undefined;
  /** Ids of containers, and of networks of the provider's own, which no two engines share. */
  readonly engineIds: readonly string[];
}

/** What the program says of a container, as far as the commands need it. */
export interface ProgramContainer {
  readonly name: string;
  readonly ports?: readonly { readonly ip: string; readonly external: number }[];
  /** Its variables, `NAME=value` each. */
  readonly env?: readonly string[];
}

/** What the program says of a network or volume, as far as the commands need it. */
export interface ProgramObject {
  readonly address: string;
  readonly name: string;
}

interface Program {
  readonly terraform: object;
  readonly resource: {
    readonly docker_container?: Readonly<Record<string, ProgramContainer>>;
    readonly terraform_data?: Readonly<Record<string, ProgramData>>;
    readonly docker_volume?: Readonly<Record<string, { readonly name: string }>>;
  };
}

/** A network, whose name is the input, or the gate. */
interface ProgramData {
  readonly input?: string;
  readonly provisioner: readonly { "local-exec": { readonly command: string } }[];
}

interface StateJson {
  readonly outputs?: Readonly<Record<string, { readonly value: unknown } | undefined>>;
  readonly resources?: readonly {
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances: readonly {
      readonly attributes?: {
        readonly id?: string;
        readonly input?: { readonly value: unknown } | null;
      };
    }[];
  }[];
}

interface PlanJson {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly type: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly importing?: object;
      readonly before: {
        readonly name?: string;
        readonly labels?: readonly { readonly label: string; readonly value: string }[];
      } | null;
      readonly after: { readonly name?: string } | null;
    };
  }[];
}

/** Terraform's exit code for a plan that changes something. */
const CHANGES = 2;

/** Wait this long for somebody else's lock on the state, then say who holds it. */
const LOCK_TIMEOUT = "-lock-timeout=10s";

/** The synthesized program of an environment, and Terraform on it. */
export class TerraformStack {
  private readonly folder: string;
  private readonly terraform: string;
  private readonly environment: string;

  /** @param terraform the program: Terraform's or OpenTofu's */
  constructor(terraform: string, environment: string) {
    this.terraform = terraform;
    this.environment = environment;
    this.folder = stackFolder(environment);
  }

  /** Containers that the program asks for. */
  containers(): ProgramContainer[] {
    return Object.values(this.program().resource.docker_container ?? {});
  }

  /** Who decides on the metadata of the program's cluster. */
  quorum(): Quorum {
    const values = this.containers()
      .flatMap(({ env = [] }) => env)
      .map((line) => /^(KAFKA_CONTROLLER_QUORUM_VOTERS|ZOOKEEPER_SERVERS)=(.*)$/.exec(line));
    const of = (name: string): string | undefined =>
      values.find((match) => match?.[1] === name)?.[2];
    const voters = of("KAFKA_CONTROLLER_QUORUM_VOTERS");
    if (voters !== undefined) {
      const members = voters.split(",").map((voter) => Number.parseInt(voter, 10));
      return { metadata: "kraft", members: members.sort((a, b) => a - b) };
    }
    const servers = of("ZOOKEEPER_SERVERS")?.split(";") ?? ["the only one"];
    return { metadata: "zookeeper", members: servers.map((_, i) => i + 1) };
  }

  /** The program's gate: its address, and what it asks of which containers. */
  gate(): { readonly address: string; readonly question: object } {
    const [key = "", gate] =
      Object.entries(this.program().resource.terraform_data ?? {}).find(
        ([, { input }]) => input === undefined,
      ) ?? [];
    const question = gate?.provisioner[0]?.["local-exec"].command ?? "{}";
    return { address: `terraform_data.${key}`, question: JSON.parse(question) as object };
  }

  /** Whether it was ever synthesized here. */
  exists(): boolean {
    return existsSync(join(this.folder, "cdk.tf.json"));
  }

  /** Whether the program has a resource at this address. */
  asksFor(address: string): boolean {
    return this.resources().some((resource) => resource.address === address);
  }

  /** Volumes that the program asks for. */
  volumes(): ProgramObject[] {
    return Object.entries(this.program().resource.docker_volume ?? {}).map(([key, { name }]) => ({
      address: `docker_volume.${key}`,
      name,
    }));
  }

  /** Networks that the program asks for. */
  networks(): ProgramObject[] {
    return Object.entries(this.program().resource.terraform_data ?? {}).flatMap(
      ([key, { input }]) =>
        input === undefined ? [] : [{ address: `terraform_data.${key}`, name: input }],
    );
  }

  /** Whether the state is a file, which only this checkout's commands change. */
  isLocal(): boolean {
    return this.backend().type === "local";
  }

  /** Where the state is kept, in words. */
  place(): string {
    const { type, settings } = this.backend();
    if (type === "local") return `the state in ${this.localState()}`;
    const words = Object.entries(settings).flatMap(([name, value]) =>
      typeof value === "string" && value !== "" ? [`${name} ${value}`] : [],
    );
    return `the state in backend ${type}${words.length > 0 ? ` (${words.join(", ")})` : ""}`;
  }

  /**
   * Prepares the working folder; does nothing when program, providers and backend are as they were. A state that is
   * kept elsewhere until now is never left behind unasked.
   *
   * @param migrate whether a state that was kept elsewhere is to be moved to where the program wants it
   * @throws CommandError when the backend cannot be reached, or holds another environment's state
   */
  async init(migrate = false): Promise<void> {
    await this.prepare(migrate, (work) => step("preparing Terraform", work));
  }

  private async prepare(
    migrate: boolean,
    show: <T>(work: () => Promise<T>) => Promise<T>,
  ): Promise<void> {
    const stamp = join(this.folder, ".terraform", "kafka-platform-kit");
    const lock = join(this.folder, ".terraform.lock.hcl");
    const settled = `${stamp}.lock.hcl`;
    const prepared = createHash("sha256")
      .update(this.terraform)
      .update(JSON.stringify(this.program().terraform))
      .update(existsSync(workspace.providerLock()) ? readFileSync(workspace.providerLock()) : "")
      .digest("hex");
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === prepared) {
      // A synth lays down the lock for Terraform and OpenTofu; either takes its own part only, once it is prepared.
      copyFileSync(settled, lock);
      return;
    }
    const answer = await show(() => this.tryInit());
    if (!answer.ok) {
      if (!/Backend configuration changed/.test(answer.stderr)) throw this.initFailed(answer);
      await this.switchBackend(migrate);
    }
    await this.takeLocalState(migrate);
    copyFileSync(lock, settled);
    writeFileSync(stamp, prepared);
  }

  /** Moves to another backend, taking the state along when there is one. */
  private async switchBackend(migrate: boolean): Promise<void> {
    const there = await this.stateThere();
    if (there.addresses.length > 0) {
      throw new CommandError(
        `the backend of ${this.environment} was changed, and ${this.place()} is one already; nothing was changed; to go on with that one, run "${this.terraform} init -reconfigure" in ${this.shownFolder()}; to go on with the former, change the backend back`,
      );
    }
    // Without -force-copy it goes through only when there is nothing to copy.
    const answer = await this.tryInit("-migrate-state");
    if (answer.ok) return;
    if (!/migration.*input is disabled/is.test(answer.stderr)) {
      throw new CommandError(
        `the backend of ${this.environment} was changed, and the state cannot be read where it was kept until now; nothing was changed; change the backend back, or forget the former one: run "${this.terraform} init -reconfigure" in ${this.shownFolder()}\n${lastLines(answer.stderr, 6)}`,
      );
    }
    await this.allowMigration(migrate);
    const moved = await this.tryInit("-migrate-state", "-force-copy");
    if (!moved.ok) throw this.initFailed(moved);
    this.putLocalStateAside();
  }

  /** A state file that nothing in the working folder tells of any more: it was made anew. */
  private async takeLocalState(migrate: boolean): Promise<void> {
    const file = workspace.state(this.environment);
    if (this.isLocal() || !existsSync(file)) return;
    const here = stateFrom(readFileSync(file, "utf8"));
    if (here.addresses.length === 0 || (await this.state()).addresses.length > 0) return;
    await this.allowMigration(migrate);
    await this.run("state", "push", LOCK_TIMEOUT, file);
    this.putLocalStateAside();
  }

  private async allowMigration(migrate: boolean): Promise<void> {
    const question = `the state of ${this.environment} is kept elsewhere until now; move it to where its file says, ${this.place()}?`;
    if (migrate || (await confirm(question, false))) {
      say(`moving the state of ${this.environment}: from now on it is ${this.place()}`);
      return;
    }
    throw new CommandError(
      `the backend of ${this.environment} was changed, but its state is still where it was; nothing was changed; npm run deploy -- ${this.environment} --migrate-state moves it, so that it is ${this.place()}`,
    );
  }

  /** So that nobody takes it for the state. */
  private putLocalStateAside(): void {
    const file = workspace.state(this.environment);
    if (!this.isLocal() && existsSync(file)) renameSync(file, `${file}.moved`);
  }

  /** The state in the program's backend, without a change to what the working folder knows of backends. */
  private async stateThere(): Promise<StackState> {
    // Beside it, so that a relative path means the same file.
    const folder = mkdtempSync(`${this.folder}.`);
    try {
      const { type, settings } = this.backend();
      const terraform = type === "cloud" ? { cloud: settings } : { backend: { [type]: settings } };
      writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ terraform }));
      const options = { ...this.options(), cwd: folder };
      const answer = await ask(this.terraform, ["init", "-input=false"], options);
      if (!answer.ok) throw this.initFailed(answer);
      return stateFrom(await read(this.terraform, ["state", "pull"], options));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  private tryInit(...flags: string[]): Promise<Answer> {
    return ask(this.terraform, ["init", "-input=false", ...flags], this.options());
  }

  private initFailed({ stdout, stderr }: Answer): CommandError {
    // It comes to providers only when it has the backend.
    const what = /Initializing provider plugins/.test(stdout)
      ? "Terraform cannot be prepared"
      : `${this.place()} cannot be reached; see that it is there and that its variables are set`;
    return new CommandError(`${what}; nothing was changed\n${lastLines(stderr)}`);
  }

  /**
   * Works out what a deploy would change.
   *
   * @param imports what is there already and only enters the state
   * @param replace addresses of what is to be made anew, though Terraform does not see why
   * @returns undefined when there is nothing to change, not even in the outputs
   */
  async plan(
    imports: readonly Import[] = [],
    replace: readonly string[] = [],
  ): Promise<Plan | undefined> {
    const file = "kafka-platform-kit.tfplan";
    const adoption = adoptionFile(this.environment);
    const anew = replace.map((address) => `-replace=${address}`);
    const flags = ["-input=false", LOCK_TIMEOUT, "-detailed-exitcode", `-out=${file}`, ...anew];
    let isEmpty: boolean;
    try {
      if (imports.length > 0) writeFileSync(adoption, JSON.stringify({ import: imports }));
      isEmpty = (await this.runFor([CHANGES], "plan", ...flags)) !== CHANGES;
    } finally {
      rmSync(adoption, { force: true });
    }
    if (isEmpty) return undefined;
    const json = JSON.parse(await this.read("show", "-json", file)) as PlanJson;
    const changes = (json.resource_changes ?? [])
      .filter(
        ({ change }) =>
          change.importing !== undefined ||
          !["no-op", "read"].includes(change.actions[0] ?? "no-op"),
      )
      .map(({ address, type, change }) => ({
        address,
        type,
        name: change.before?.name ?? change.after?.name ?? address,
        actions: change.actions,
        imported: change.importing !== undefined,
        service: change.before?.labels?.find(({ label }) => label === SERVICE_LABEL)?.value,
      }));
    return { file, changes };
  }

  /** What a deploy makes where nothing is there yet: all of the program. No Terraform is asked. */
  planFromNothing(): Plan {
    const changes = this.resources().map((resource) => ({
      ...resource,
      actions: ["create"],
      imported: false,
      service: undefined,
    }));
    return { file: undefined, changes };
  }

  /** Forgets resources without touching what they are. A deploy that gets no further is one that was cut off: the next one takes them up. */
  async forget(addresses: readonly string[]): Promise<void> {
    this.mark("state rm");
    await this.run("state", "rm", LOCK_TIMEOUT, ...addresses);
  }

  /**
   * Takes the lock on the state for a moment.
   *
   * @throws CommandError naming who has it
   */
  async lockOnce(): Promise<void> {
    await this.run("plan", "-input=false", "-refresh=false", LOCK_TIMEOUT);
  }

  /**
   * Carries out a plan, showing what Terraform says.
   *
   * @returns when each resource was made
   */
  async apply({ file }: Plan): Promise<Phase[]> {
    return this.show("apply", "-input=false", LOCK_TIMEOUT, file ?? "-auto-approve");
  }

  /** Leaves word that a change has begun. */
  private mark(command: string): void {
    const since = new Date().toISOString();
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(workspace.changing(this.environment), `${JSON.stringify({ command, since })}\n`);
  }

  /** Forgets a change that was cut off: a later one has taken up all that it left. */
  settled(): void {
    rmSync(workspace.changing(this.environment), { force: true });
  }

  /** Removes what the state knows, or only some of it. */
  async destroy(targets: readonly string[] = []): Promise<void> {
    const only = targets.map((address) => `-target=${address}`);
    await this.show("destroy", "-input=false", "-auto-approve", LOCK_TIMEOUT, ...only);
  }

  /**
   * What the state knows; nothing when there is none.
   *
   * @throws CommandError when it cannot be read, or is another environment's
   */
  async state(): Promise<StackState> {
    const unsaved = join(this.folder, "errored.tfstate");
    if (existsSync(unsaved)) {
      throw new CommandError(
        `the last change of ${this.environment} could not save its state, which lies in ${relative("", unsaved)}; bring it in by "${this.terraform} state push errored.tfstate" in that folder and remove the file`,
      );
    }
    if (this.isLocal() && !this.hasWorkspaces() && !existsSync(this.localState())) {
      return stateFrom("");
    }
    const answer = await ask(this.terraform, ["state", "pull"], this.options());
    if (!answer.ok) {
      throw new CommandError(
        `${this.place()} cannot be read; nothing was changed\n${lastLines(answer.stderr, 6)}`,
      );
    }
    const state = stateFrom(answer.stdout);
    if (
      state.addresses.length > 0 &&
      (state.environment ?? this.environment) !== this.environment
    ) {
      throw new CommandError(
        `${this.place()} is that of environment ${state.environment}; nothing was changed; give ${this.environment} one of its own, such as another schema, key or path`,
      );
    }
    return state;
  }

  /** What its state tells of the engine that it is deployed on. */
  deployedOn({ host, engineIds }: StackState): DeployedOn {
    return { host, ids: engineIds, place: this.place() };
  }

  /**
   * What the environment says of itself.
   *
   * @throws CommandError when it is not deployed
   */
  async outputs(): Promise<DeployedOutputs> {
    const look = (): Promise<Answer> => ask(this.terraform, ["output", "-json"], this.options());
    let answer = this.exists() ? await look() : undefined;
    if (answer?.ok === false) {
      // Synthesized anew since it was prepared, or prepared for the other of Terraform and OpenTofu.
      await this.prepare(false, (work) => work());
      answer = await look();
    }
    if (answer?.ok === false) {
      throw new CommandError(
        `the outputs of ${this.environment} cannot be read; npm run deploy -- ${this.environment} prepares them anew\n${lastLines(answer.stderr)}`,
      );
    }
    const outputs = Object.fromEntries(
      Object.entries(
        JSON.parse(answer?.stdout || "{}") as Record<string, { readonly value: unknown }>,
      ).map(([name, { value }]) => [name, value]),
    );
    if (outputs["kafka"] === undefined) {
      throw new CommandError(
        `environment ${this.environment} is not deployed; deploy it with "npm run deploy -- ${this.environment}"`,
      );
    }
    return outputs as unknown as DeployedOutputs;
  }

  private resources(): Pick<PlannedChange, "address" | "type" | "name">[] {
    return Object.entries(this.program().resource).flatMap(([type, resources]) =>
      Object.keys(resources).map((name) => ({ address: `${type}.${name}`, type, name })),
    );
  }

  private program(): Program {
    return JSON.parse(readFileSync(join(this.folder, "cdk.tf.json"), "utf8")) as Program;
  }

  private backend(): RenderedBackend {
    return backendIn(this.program().terraform);
  }

  private localState(): string {
    const path = this.backend().settings["path"];
    return relative(
      "",
      resolve(this.folder, typeof path === "string" ? path : "terraform.tfstate"),
    );
  }

  /** Whether one of Terraform's own workspaces was chosen: the state's file has another name then. */
  private hasWorkspaces(): boolean {
    const chosen = join(this.folder, ".terraform", "environment");
    return Boolean(process.env["TF_WORKSPACE"]) || existsSync(chosen);
  }

  private shownFolder(): string {
    return relative("", this.folder);
  }

  private options() {
    // PostgreSQL tells others by this name who holds a lock; it keeps 63 characters.
    const name = `kafka-platform-kit of ${userInfo().username}@${hostname()}, process ${process.pid}`;
    // Not -chdir: with it, Terraform looks for terraform.d/plugins where it was started.
    return {
      cwd: this.folder,
      detached: true,
      env: { PGAPPNAME: process.env["PGAPPNAME"] ?? name.slice(0, 63) },
    } as const;
  }

  private async read(command: string, ...args: string[]): Promise<string> {
    return read(this.terraform, [command, ...args], this.options());
  }

  private async run(command: string, ...args: string[]): Promise<void> {
    await this.runFor([], command, ...args);
  }

  private async runFor(
    good: readonly number[],
    command: string,
    ...args: string[]
  ): Promise<number> {
    try {
      return await runFor(good, this.terraform, [command, ...args], this.options());
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw (await this.lockedOut(error.message)) ?? error;
    }
  }

  /**
   * Shows what Terraform does as it goes, without the details of its plan and its warnings.
   *
   * @returns when it made what
   */
  private async show(command: string, ...args: string[]): Promise<Phase[]> {
    const begun = new Map<string, number>();
    const made: Phase[] = [];
    const progress = function* (chunk: unknown): Generator<string> {
      const line = stripVTControlCharacters(String(chunk));
      const said = /^\S+ \(local-exec\): (?!Executing: )(.*)$/.exec(line)?.[1];
      if (said !== undefined) console.log(`  ${said}`);
      const [, address = "", event] = /^(\S+): (Creating\.\.\.|Creation complete)/.exec(line) ?? [];
      if (event === "Creating...") begun.set(address, Date.now());
      const startedAt = begun.get(address);
      if (event === "Creation complete" && startedAt !== undefined) {
        made.push({ name: kindOf(address), startedAt, endedAt: Date.now() });
      }
      if (/: (Creation|Destruction|Modifications|Import) complete/.test(line)) {
        console.log(`  ${line}`);
      }
      yield line;
    };
    const options = { ...this.options(), stdout: progress };
    const isMarked = existsSync(workspace.changing(this.environment));
    if (!isMarked) this.mark(command);
    const answer = await ask(this.terraform, [command, ...args], options);
    // Without an exit code it was killed, and may not have written down what it has made. An earlier one that
    // was killed is made good by a change that succeeds only.
    if (answer.exitCode !== undefined && (answer.ok || !isMarked)) this.settled();
    if (!answer.ok) {
      throw (
        (await this.lockedOut(answer.stderr)) ??
        new CommandError(
          `${this.terraform} ${command} failed:\n${answer.stderr}\nwhat was done stays; the same command goes on from here`,
        )
      );
    }
    return made;
  }

  /** @returns undefined when it was not for a lock that Terraform failed */
  private async lockedOut(said: string): Promise<CommandError | undefined> {
    const lock = stateLockIn(said);
    if (lock === undefined) return undefined;
    const backend = this.backend();
    if (backend.type === "pg") {
      const holder = (await holderInPostgres(backend)) ?? "another connection to that database";
      return new CommandError(
        `${this.place()} is locked by ${holder}; nothing was changed; wait until that has ended; the lock goes with its connection, so one that was killed holds nothing`,
      );
    }
    return new CommandError(
      `${this.place()} is locked by ${lock.who} (${lock.operation}) since ${lock.created}; nothing was changed; wait until that has ended; if it was killed, release the lock with "${this.terraform} force-unlock ${lock.id}" in ${this.shownFolder()}`,
    );
  }
}

/** What a resource is, by its address: `container`, `network`, `readiness`. */
function kindOf(address: string): string {
  const [type = "", name = ""] = address.split(".");
  if (type !== "terraform_data") return type.replace(/^docker_/, "");
  return name.startsWith("network_") ? "network" : "readiness";
}

function stateFrom(json: string): StackState {
  const { resources = [], outputs = {} } = JSON.parse(json || "{}") as StateJson;
  const managed = resources.filter(
    ({ mode, instances }) => mode !== "data" && instances.length > 0,
  );
  const environment = outputs["environment"]?.value;
  return {
    addresses: managed.map(({ type, name }) => `${type}.${name}`),
    ids: new Set(
      managed.flatMap(({ instances }) =>
        instances.flatMap(({ attributes: { id, input } = {} }) =>
          [id, input?.value].filter((value) => typeof value === "string"),
        ),
      ),
    ),
    environment: typeof environment === "string" ? environment : undefined,
    host: (outputs["docker"]?.value as { readonly host?: string } | undefined)?.host,
    engineIds: managed
      .filter(({ type }) => type === "docker_container" || type === "docker_network")
      .flatMap(({ instances }) => instances.flatMap(({ attributes }) => attributes?.id ?? [])),
  };
}
