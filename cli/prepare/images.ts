import {
  askedBy,
  imagesAsAsked,
  imagesByHand,
  type EnvironmentLock,
  type ImageDecision,
} from "../../stacks/environment-lock.ts";
import { distributionOf, type Environment } from "../../stacks/environment.ts";
import { Distribution } from "../../constructs/index.ts";
import { CommandError } from "../errors.ts";
import { say, step } from "../progress.ts";
import { ask, lastLines } from "../shell.ts";
import type { Engine } from "./engine.ts";
import { ensureLocalKafka } from "./local-images.ts";
import type { Consent } from "./packages.ts";

/** What a registry that was reached says: no such image, not for you, not for this machine's architecture. */
const REFUSED =
  /manifest unknown|manifest for \S+ not found|repository \S+ not found|access denied|access to the resource is denied|unauthorized|no matching manifest/i;

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
  await refuseArchitecture(asked);
  const refusal = await pull(asked.kafka.reference);
  if (refusal === undefined) return imagesAsAsked(environment, true);
  // What wrote the data may be newer than what is built here; only somebody who knows may say so.
  if (deployed && kept?.images.distribution !== "local") {
    throw new CommandError(cannotBePulled(asked, refusal));
  }
  const local = distributionOf(environment, "local");
  const reason = `${asked} was asked for; ${asked.kafka} cannot be pulled: ${refusal}`;
  say(`${reason}; falling back to images built here (Kafka ${local.version})`);
  await have(local);
  return { distribution: "local", version: local.version, reason, proven: true };

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
    if (why === undefined || (await isPresent(next.kafka.reference))) return;
    throw new CommandError(
      `${why}, and the engine at ${engine.host} is ${engine.architecture}; ask for 7.2.0 or later in the environment's file, or decide for images built here with IMAGES=local`,
    );
  }

  async function have(distribution: Distribution): Promise<void> {
    refuseDowngrade(distribution);
    await refuseArchitecture(distribution);
    if (distribution.name === "local") {
      await ensureLocalKafka(distribution.version, engine, consent);
      return;
    }
    const unreachable = await pull(distribution.kafka.reference);
    if (unreachable !== undefined) {
      throw new CommandError(cannotBePulled(distribution, unreachable));
    }
  }
}

function cannotBePulled(distribution: Distribution, why: string): string {
  return `${distribution.kafka} cannot be pulled: ${why}; connect the engine to its registry, or decide for images built here with IMAGES=local`;
}

/**
 * Pulls an image unless the engine has it.
 *
 * @returns why the registry could not be reached; undefined when the image is there
 * @throws CommandError when the registry was reached and refused, or the disk is full
 */
async function pull(reference: string): Promise<string | undefined> {
  if (await isPresent(reference)) return undefined;
  const answer = await step(`pulling ${reference}`, () =>
    ask("docker", ["pull", "--quiet", reference]),
  );
  if (answer.ok) return undefined;
  const why = lastLines(answer.stderr, 1).replace(/^Error response from daemon: /, "");
  if (/no space left/i.test(why)) {
    throw new CommandError(
      `the engine's disk is full: ${why}; free space there (docker system df shows what takes it) and start again`,
    );
  }
  if (REFUSED.test(why)) {
    throw new CommandError(
      `the registry does not give ${reference}: ${why}; check name, version and docker login, or decide for images built here with IMAGES=local`,
    );
  }
  return why;
}

async function isPresent(reference: string): Promise<boolean> {
  return (await ask("docker", ["image", "inspect", reference])).ok;
}
