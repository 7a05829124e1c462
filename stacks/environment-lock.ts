import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Distribution, InvalidSettingError, type DistributionName } from "../constructs/index.ts";
import { distributionOf, type Environment } from "./environment.ts";
import { workspace } from "./workspace.ts";

/** Which images an environment runs on, and why. */
export interface ImageDecision {
  readonly distribution: DistributionName;
  readonly version: string;
  /** Why these, in words. */
  readonly reason: string;
  /** Whether the images were seen to be there; plain cdktf takes what the environment asks for, unseen. */
  readonly proven: boolean;
}

/** What was decided at the first deploy and must not change by itself. */
export interface EnvironmentLock {
  readonly format: 1;
  readonly environment: string;
  /** A UUID in 22 characters of URL-safe base64. With ZooKeeper, Kafka draws it, and it is here once it is known. */
  readonly clusterId?: string;
  /** What the environment's file asked for then; asking for something else is an explicit request. */
  readonly asked: string;
  readonly images: ImageDecision;
}

const NAMES = ["confluent", "apache", "local"] as const satisfies readonly DistributionName[];

/** The variable by which somebody decides on the images: `confluent`, `apache`, `local` or `<one>:<version>`. */
const IMAGES_VARIABLE = "IMAGES";

/** What somebody decided by hand; undefined when nobody did. */
export function imagesWanted(): string | undefined {
  return process.env[IMAGES_VARIABLE] || undefined;
}

/** A cluster id as `kafka-storage random-uuid` makes them; it never starts with a dash. */
export function newClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString("base64url");
    if (!id.startsWith("-")) return id;
  }
}

/** What an environment asks for, in the words that its lock keeps. */
export function askedBy(environment: Environment): string {
  const { name, version } = distributionOf(environment);
  return `${name} ${version}`;
}

/**
 * Reads an environment's lock.
 *
 * @returns undefined when there is none yet
 * @throws InvalidSettingError when the file is no lock of this environment
 */
export function readLock(environment: string): EnvironmentLock | undefined {
  const file = workspace.lock(environment);
  if (!existsSync(file)) return undefined;
  let lock: Partial<EnvironmentLock>;
  try {
    lock = (JSON.parse(readFileSync(file, "utf8")) ?? {}) as Partial<EnvironmentLock>;
  } catch (error) {
    throw new InvalidSettingError(
      `${file} is not JSON (${(error as Error).message}); restore it, or remove it to have it made anew from the volumes`,
      { cause: error },
    );
  }
  const { format, clusterId, asked, images } = lock;
  const whole =
    format === 1 &&
    lock.environment === environment &&
    (clusterId === undefined || /^[\w-]{22}$/.test(clusterId)) &&
    typeof asked === "string" &&
    isDistributionName(images?.distribution) &&
    isVersionOf(images.distribution, images.version);
  if (!whole) {
    throw new InvalidSettingError(
      `${file} is not a lock of environment ${environment} in format 1; restore it, or remove it to have it made anew from the volumes`,
    );
  }
  return lock as EnvironmentLock;
}

function isVersionOf(distribution: DistributionName, version: unknown): boolean {
  try {
    Distribution.named(distribution, String(version));
    return true;
  } catch {
    return false;
  }
}

function isDistributionName(name: unknown): name is DistributionName {
  return (NAMES as readonly unknown[]).includes(name);
}

/** Writes a lock; a reader sees the old one or the new one, never a part. */
export function writeLock(lock: EnvironmentLock): void {
  const file = workspace.lock(lock.environment);
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  writeFileSync(partial, `${JSON.stringify(lock, undefined, 2)}\n`);
  renameSync(partial, file);
}

/** The distribution that a lock names. */
export function lockedDistribution(lock: EnvironmentLock): Distribution {
  return Distribution.named(lock.images.distribution, lock.images.version);
}

/**
 * Reads a decision on the images that was made by hand.
 *
 * @param wanted such as `local` or `local:3.9.1`
 * @param kept keeps its own decision, with reason and proof, when that means the same images
 * @throws InvalidSettingError when it names no distribution, or a version that is not known
 */
export function imagesByHand(
  environment: Environment,
  wanted: string,
  kept?: EnvironmentLock,
): ImageDecision {
  const [name = "", version, ...surplus] = wanted.split(":");
  if (!isDistributionName(name) || surplus.length > 0) {
    throw new InvalidSettingError(
      `${IMAGES_VARIABLE}="${wanted}" names no distribution; give ${NAMES.join(", ")}, or one with a version, such as local:3.9.1`,
    );
  }
  const distribution = distributionOf(environment, name, version);
  const byHand: ImageDecision = {
    distribution: name,
    version: distribution.version,
    reason: `asked for by ${IMAGES_VARIABLE}=${wanted}`,
    proven: false,
  };
  return kept !== undefined && sameImages(byHand, kept.images) ? kept.images : byHand;
}

/** The decision that takes what the environment asks for. */
export function imagesAsAsked(environment: Environment, proven: boolean): ImageDecision {
  const { version } = distributionOf(environment);
  return {
    distribution: environment.settings.distribution,
    version,
    reason: "asked for by the environment",
    proven,
  };
}

/**
 * The lock that holds without a look at registry or engine: the one that is kept, changed only by an
 * explicit request, or a new one with what the environment asks for.
 */
export function lockUnseen(environment: Environment, wanted: string | undefined): EnvironmentLock {
  const kept = readLock(environment.name);
  const asked = askedBy(environment);
  const drawnByKafka = environment.settings.zooKeeper !== undefined;
  const clusterId = kept?.clusterId ?? (drawnByKafka ? undefined : newClusterId());
  return {
    format: 1,
    environment: environment.name,
    ...(clusterId === undefined ? {} : { clusterId }),
    asked,
    images: decide(),
  };

  function decide(): ImageDecision {
    if (wanted !== undefined) {
      return imagesByHand(environment, wanted, kept);
    }
    return kept !== undefined && kept.asked === asked
      ? kept.images
      : imagesAsAsked(environment, false);
  }
}

/** Keeps a lock unless it is kept already. */
export function keepLock(lock: EnvironmentLock): void {
  if (!isDeepStrictEqual(lock, readLock(lock.environment))) writeLock(lock);
}

/** Whether two decisions mean the same images. */
export function sameImages(a: ImageDecision, b: ImageDecision): boolean {
  return a.distribution === b.distribution && a.version === b.version;
}
