import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { stackFolder, workspace } from "../stacks/workspace.ts";
import type { PlatformOutputs } from "../smoke-tests/outputs.ts";
import { CommandError } from "./errors.ts";
import { step } from "./progress.ts";
import { ask, lastLines, read, run, type Answer } from "./shell.ts";

/** One change that a plan would make. */
export interface PlannedChange {
  /** Address in the program, such as `docker_volume.kafka_volume-1_…`. */
  readonly address: string;
  readonly type: string;
  /** Name of the object in the engine, where it has one. */
  readonly name: string;
  readonly actions: readonly string[];
}

/** What the program says of a container, as far as the commands need it. */
export interface ProgramContainer {
  readonly name: string;
  readonly ports?: readonly { readonly ip: string; readonly external: number }[];
}

interface Program {
  readonly terraform: unknown;
  readonly resource: {
    readonly docker_container?: Readonly<Record<string, ProgramContainer>>;
  };
}

interface PlanJson {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly type: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly before: { readonly name?: string } | null;
      readonly after: { readonly name?: string } | null;
    };
  }[];
}

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

  /** Whether it was ever synthesized here. */
  exists(): boolean {
    return existsSync(join(this.folder, "cdk.tf.json"));
  }

  /** Prepares the working folder; does nothing when program, providers and backend are as they were. */
  async init(): Promise<void> {
    await step("preparing Terraform", () => this.prepare());
  }

  /** Works out what a deploy would change. */
  async plan(): Promise<{ file: string; changes: PlannedChange[] }> {
    const file = "kafka-platform-kit.tfplan";
    await this.run("plan", "-input=false", LOCK_TIMEOUT, `-out=${file}`);
    const json = JSON.parse(await this.read("show", "-json", file)) as PlanJson;
    const changes = (json.resource_changes ?? [])
      .filter(({ change }) => !["no-op", "read"].includes(change.actions[0] ?? "no-op"))
      .map(({ address, type, change }) => ({
        address,
        type,
        name: change.before?.name ?? change.after?.name ?? address,
        actions: change.actions,
      }));
    return { file, changes };
  }

  /** Carries out a plan, showing what Terraform says. */
  async apply(plan: string): Promise<void> {
    await this.show("apply", "-input=false", LOCK_TIMEOUT, plan);
  }

  /** Removes what the state knows, or only some of it. */
  async destroy(targets: readonly string[] = []): Promise<void> {
    const only = targets.map((address) => `-target=${address}`);
    await this.show("destroy", "-input=false", "-auto-approve", LOCK_TIMEOUT, ...only);
  }

  /** Addresses of everything in the state; empty without one. */
  async resources(): Promise<string[]> {
    const answer = await ask(this.terraform, ["state", "list"], this.options());
    if (!answer.ok) {
      if (/no state file/i.test(answer.stderr)) return [];
      throw new CommandError(`the state cannot be read:\n${lastLines(answer.stderr)}`);
    }
    return answer.stdout.split("\n").filter((line) => line !== "");
  }

  /** Ids of everything in the state that the engine knows by an id. */
  async ids(): Promise<Set<string>> {
    const state = JSON.parse((await this.read("state", "pull")) || "{}") as {
      resources?: readonly {
        readonly instances: readonly { readonly attributes?: { readonly id?: string } }[];
      }[];
    };
    return new Set(
      (state.resources ?? []).flatMap(({ instances }) =>
        instances.flatMap(({ attributes }) => attributes?.id ?? []),
      ),
    );
  }

  /**
   * What the environment says of itself.
   *
   * @throws CommandError when it is not deployed
   */
  async outputs(): Promise<PlatformOutputs> {
    const look = (): Promise<Answer> => ask(this.terraform, ["output", "-json"], this.options());
    let answer = this.exists() ? await look() : undefined;
    if (answer?.ok === false) {
      // Synthesized anew since it was prepared, or prepared for the other of Terraform and OpenTofu.
      await this.prepare();
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
    return outputs as unknown as PlatformOutputs;
  }

  private async prepare(): Promise<void> {
    const stamp = join(this.folder, ".terraform", "kafka-platform-kit");
    const lock = join(this.folder, ".terraform.lock.hcl");
    const settled = `${stamp}.lock.hcl`;
    const state = createHash("sha256")
      .update(this.terraform)
      .update(JSON.stringify(this.program().terraform))
      .update(existsSync(workspace.providerLock()) ? readFileSync(workspace.providerLock()) : "")
      .digest("hex");
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === state) {
      // A synth lays down the lock for Terraform and OpenTofu; either takes its own part only, once it is prepared.
      copyFileSync(settled, lock);
      return;
    }
    await this.run("init", "-input=false", "-reconfigure");
    copyFileSync(lock, settled);
    writeFileSync(stamp, state);
  }

  private program(): Program {
    return JSON.parse(readFileSync(join(this.folder, "cdk.tf.json"), "utf8")) as Program;
  }

  private options(): { cwd: string; detached: true } {
    // Not -chdir: with it, Terraform looks for terraform.d/plugins where it was started.
    return { cwd: this.folder, detached: true };
  }

  private async read(command: string, ...args: string[]): Promise<string> {
    return read(this.terraform, [command, ...args], this.options());
  }

  private async run(command: string, ...args: string[]): Promise<string> {
    return run(this.terraform, [command, ...args], this.options());
  }

  /** Shows what Terraform does as it goes, without the details of its plan and its warnings. */
  private async show(command: string, ...args: string[]): Promise<void> {
    const progress = function* (chunk: unknown): Generator<string> {
      const line = stripVTControlCharacters(String(chunk));
      const said = /^\S+ \(local-exec\): (?!Executing: )(.*)$/.exec(line)?.[1];
      if (said !== undefined) console.log(`  ${said}`);
      if (/: (Creation|Destruction|Modifications) complete/.test(line)) console.log(`  ${line}`);
      yield line;
    };
    const options = { ...this.options(), stdout: progress };
    const answer = await ask(this.terraform, [command, ...args], options);
    if (!answer.ok) {
      throw new CommandError(
        `${this.terraform} ${command} failed:\n${answer.stderr}\nwhat was done stays; the same command goes on from here`,
      );
    }
  }
}
