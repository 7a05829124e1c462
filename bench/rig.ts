import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { ENVIRONMENT_LABEL } from "../constructs/index.ts";
import type { Phase } from "../cli/timings.ts";
import { workspace } from "../stacks/workspace.ts";
import { copyCheckout } from "../test/e2e/checkout.ts";
import { command, type CommandOptions, type Finished } from "./command.ts";
import { composeFile, type Program } from "./compose.ts";
import { ensureCompose } from "./docker-compose.ts";
import { readPhases } from "./phases.ts";
import { PLATFORMS, type Platform } from "./platforms.ts";
import { readinessOf, type Readiness } from "./readiness.ts";

/** The same for all that is measured: local images, nobody asked for news. */
const VARIABLES = { IMAGES: "local", CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: "" };

/** A platform of which all is there that stays. */
export interface Prepared {
  readonly platform: Platform;
  /** What must be there of it when it is up. */
  readonly readiness: Readiness;
}

/**
 * A copy of this checkout that has the platforms to be measured as its environments, so that what is measured is
 * what a user does.
 */
export class Rig {
  readonly folder = join(workspace.root(), "bench", "checkout");
  readonly #compose: string;

  private constructor(compose: string) {
    this.#compose = compose;
  }

  /** Does some work with a rig, which leaves nothing behind. */
  static async use<T>(work: (rig: Rig) => Promise<T>): Promise<T> {
    const rig = new Rig(await ensureCompose());
    await rig.#clear();
    try {
      await copyCheckout(rig.folder);
      const environments = join(rig.folder, "stacks", "environments");
      const texts = new Map(
        readdirSync(environments).map((file) => [
          file,
          readFileSync(join(environments, file), "utf8"),
        ]),
      );
      rmSync(environments, { recursive: true });
      mkdirSync(environments);
      for (const { environment, from, settings } of PLATFORMS) {
        const file = join(environments, `${environment}.ts`);
        writeFileSync(file, settings(texts.get(`${from}.ts`) ?? ""));
      }
      return await work(rig);
    } finally {
      await rig.#clear();
    }
  }

  /** Runs a command in the copy. */
  run(line: readonly string[], options: CommandOptions = {}): Promise<Finished> {
    return command(line, { cwd: this.folder, ...options, env: { ...VARIABLES, ...options.env } });
  }

  /** Where the program of an environment lies. */
  stackFolder({ environment }: Platform): string {
    return join(this.folder, "cdktf.out", "stacks", environment);
  }

  /** Deploys by the kit. */
  deploy({ environment }: Platform): Promise<Finished> {
    return this.run(["npm", "run", "deploy", "--", environment, "--yes", "--no-install"]);
  }

  /** Deploys by plain cdktf. */
  cdktf({ environment }: Platform): Promise<Finished> {
    return this.run(["npx", "cdktf", "deploy", environment, "--auto-approve"]);
  }

  /** The phases of the last deploy by the kit. */
  phases({ environment }: Platform): Phase[] {
    return readPhases(join(this.folder, ".kafka-platform", `${environment}.timings.json`));
  }

  /** Removes what the kit or plain cdktf deployed; Terraform stays initialised. */
  async destroy({ environment }: Platform): Promise<void> {
    await this.run(["npm", "run", "destroy", "--", environment, "--yes"], { always: true });
  }

  /**
   * Deploys a platform by the kit and removes it again, so that all is there which stays, and its program is known:
   * images are built, Terraform is initialised, the Compose file is written and taken by Compose.
   */
  async prepare(platform: Platform): Promise<Prepared> {
    try {
      await this.deploy(platform);
      const file = join(this.stackFolder(platform), "cdk.tf.json");
      const program = JSON.parse(readFileSync(file, "utf8")) as Program;
      writeFileSync(this.#composeFile(platform), composeFile(program));
      await this.run(this.#composeLine(platform, "config", "--quiet"));
      return { platform, readiness: readinessOf(program) };
    } finally {
      await this.destroy(platform);
    }
  }

  /** Brings a platform up by Compose. */
  composeUp(platform: Platform): Promise<Finished> {
    return this.run(this.#composeLine(platform, "up", "--detach"));
  }

  /** Removes what Compose brought up. */
  async composeDown(platform: Platform): Promise<void> {
    const line = this.#composeLine(platform, "down", "--volumes", "--timeout", "0");
    await this.run(line, { always: true });
  }

  #composeFile({ environment }: Platform): string {
    return join(this.folder, `${environment}.compose.json`);
  }

  #composeLine(platform: Platform, ...args: string[]): string[] {
    return [this.#compose, "--file", this.#composeFile(platform), ...args];
  }

  /**
   * Refuses to measure while something is left of a platform, or its ports are taken.
   *
   * @throws Error naming it
   */
  async assertGone({ platform: { environment }, readiness }: Prepared): Promise<void> {
    const { brokers, urls } = readiness;
    const left = await objectsOf(environment);
    if (left.length > 0)
      throw new Error(`still there: ${left.map(({ kind, id }) => `${kind} ${id}`).join(", ")}`);
    const ports = [...brokers.map((broker) => `tcp://${broker}`), ...urls].map((url) =>
      Number(new URL(url).port),
    );
    for (const port of ports) await assertFree(port);
  }

  /** Removes containers, networks and volumes of its environments, whoever made them, and the copy. */
  async #clear(): Promise<void> {
    for (const { environment } of PLATFORMS) {
      for (const { kind, id } of await objectsOf(environment)) {
        await command(["docker", kind, "rm", ...FORCE[kind], id], { always: true });
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface EngineObject {
  readonly kind: "container" | "network" | "volume";
  readonly id: string;
}

/** With which options each is removed; volumes without a name have no label and go with their container. */
const FORCE: Readonly<Record<EngineObject["kind"], readonly string[]>> = {
  container: ["--force", "--volumes"],
  network: [],
  volume: ["--force"],
};

/** What the engine has of an environment, in the order in which it can be removed. */
async function objectsOf(environment: string): Promise<EngineObject[]> {
  const found: EngineObject[] = [];
  for (const kind of ["container", "network", "volume"] as const) {
    const all = kind === "container" ? ["--all"] : [];
    const filter = `label=${ENVIRONMENT_LABEL}=${environment}`;
    const { lines } = await command(["docker", kind, "ls", "--quiet", ...all, "--filter", filter], {
      always: true,
    });
    found.push(...lines.filter(({ text }) => text !== "").map(({ text }) => ({ kind, id: text })));
  }
  return found;
}

function assertFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      reject(new Error(`port ${port} is taken, which is measured on: ${error.message}`));
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
