import {
  askedBy,
  imagesAsAsked,
  imagesByHand,
  type EnvironmentLock,
  type ImageDecision,
} from "../../stacks/environment-lock.ts";
import { distributionOf, imagesOf, leftOut, type Environment } from "../../stacks/environment.ts";
import { Distribution, titleOf } from "../../constructs/index.ts";
import { CommandError } from "../errors.ts";
import { say } from "../progress.ts";
import type { Engine } from "./engine.ts";
import { ensureLocalImages } from "./local-images.ts";
import type { Consent } from "./packages.ts";
import { ask } from "../shell.ts";
import { pull } from "./pull.ts";

/** A decision that still needs its images, or its proof that they can be had. */
interface Question {
  readonly environment: Environment;
  /** What is kept from an earlier deploy. */
  readonly kept: EnvironmentLock | undefined;
  /** Whether something of the environment exists already, so that its images must not change by themselves. */
  readonly deployed: boolean;
  /** The images that wrote the data which is there. */
  readonly written: Distribution | undefined;
  /** What somebody asked for by hand. */
  readonly wanted: string | undefined;
  readonly engine: Engine;
  readonly consent: Consent;
  /** Throws what a synth would refuse if the environment ran on these. */
  readonly check: (images: ImageDecision) => void;
}

/**
 * Decides which images an environment runs on, and has them on the engine. An environment that is deployed
 * keeps its images; only somebody's explicit request changes them.
 *
 * @throws CommandError when the images cannot be had
 */
export async function ensureImages(question: Question): Promise<ImageDecision> {
  const { environment, kept, deployed, written, wanted, engine, consent } = question;
  const decided = decide();
  if (decided !== undefined) {
    const distribution = Distribution.named(decided.distribution, decided.version);
    await have(distribution);
    return { ...decided, proven: true };
  }
  const asked = distributionOf(environment);
  refuseDowngrade(asked);
  refuseOtherRegistry(asked);
  await refuseArchitecture(asked);
  const refusal = await pullAll(asked);
  if (refusal === undefined) return imagesAsAsked(environment, true);
  // What wrote the data may be newer than what is built here; only somebody who knows may say so.
  if (deployed && kept?.images.distribution !== "local") {
    throw new CommandError(withWayOut(refusal));
  }
  const local = distributionOf(environment, "local");
  const reason = `${asked} was asked for; ${refusal}`;
  const missing = leftOut(environment, local).map(titleOf);
  const without = missing.length === 0 ? "" : `, without ${missing.join(" and ")}`;
  say(`${reason}; falling back to images built here (Kafka ${local.version})${without}`);
  const fallback = { distribution: "local", version: local.version, reason, proven: true } as const;
  // Building takes minutes: what cannot run is refused before.
  question.check(fallback);
  await have(local);
  return fallback;

  /** What stands already; undefined when the registry is to be asked. */
  function decide(): ImageDecision | undefined {
    if (wanted !== undefined) return imagesByHand(environment, wanted, kept);
    if (kept?.asked === askedBy(environment) && (kept.images.proven || deployed)) {
      return kept.images;
    }
    if (environment.settings.distribution === "local") return imagesAsAsked(environment, false);
    return undefined;
  }

  function refuseDowngrade(next: Distribution): void {
    const [major = 0, minor = 0] = (written?.kafkaVersion ?? "0.0").split(".").map(Number);
    if (next.hasKafka(major, minor)) return;
    const { name } = environment;
    throw new CommandError(
      `the data of ${name} was written by Kafka ${written?.kafkaVersion}, which ${next} (Kafka ${next.kafkaVersion}) cannot read; keep ${written}, or remove the environment first (npm run destroy -- ${name})`,
    );
  }

  /** An image of another architecture would be pulled, and then not run, or slowly. What somebody put there stays. */
  async function refuseArchitecture(next: Distribution): Promise<void> {
    const why = next.refusesArchitecture(engine.architecture);
    if (why === undefined || (await arePresent(referencesOf(next)))) return;
    throw new CommandError(
      `${why}, and the engine at ${engine.host} is ${engine.architecture}; ask for 7.2.0 or later in the environment's file, or decide for images built here with IMAGES=local`,
    );
  }

  /** The data of one product's registry is nothing to another's, which would begin with none. */
  function refuseOtherRegistry(next: Distribution): void {
    const before = written?.schemaRegistry?.product;
    const after = next.schemaRegistry?.product;
    const { name, settings } = environment;
    if (settings.schemaRegistry === undefined || before === undefined || before === after) return;
    throw new CommandError(
      `the schemas of ${name} were kept by the Schema Registry of ${written} (${before}), and that of ${next} (${after}) would not find them; keep ${written}, or remove the environment first (npm run destroy -- ${name})`,
    );
  }

  async function have(distribution: Distribution): Promise<void> {
    refuseDowngrade(distribution);
    refuseOtherRegistry(distribution);
    await refuseArchitecture(distribution);
    if (distribution.name === "local") {
      await ensureLocalImages(referencesOf(distribution), engine, consent);
      return;
    }
    const unreachable = await pullAll(distribution);
    if (unreachable !== undefined) throw new CommandError(withWayOut(unreachable));
  }

  /** @returns which image could not be pulled, and why; undefined when all are there */
  async function pullAll(distribution: Distribution): Promise<string | undefined> {
    for (const reference of referencesOf(distribution)) {
      const why = await pull(reference);
      if (why !== undefined) return `${reference} cannot be pulled: ${why}`;
    }
    return undefined;
  }

  function referencesOf(distribution: Distribution): string[] {
    return imagesOf(environment, distribution).map(({ reference }) => reference);
  }
}

function withWayOut(refusal: string): string {
  return `${refusal}; connect the engine to its registry, or decide for images built here with IMAGES=local`;
}

async function arePresent(references: readonly string[]): Promise<boolean> {
  return (await ask("docker", ["image", "inspect", ...references])).ok;
}
