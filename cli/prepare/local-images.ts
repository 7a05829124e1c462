import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError } from "../errors.ts";
import { say, step } from "../progress.ts";
import { ask, hasProgram, lastLines, run } from "../shell.ts";
import { isLocalEngine } from "../../stacks/docker-engine.ts";
import { workspace } from "../../stacks/workspace.ts";
import type { Engine } from "./engine.ts";
import { asRoot, debianMirror, installPackages, runAsRoot, type Consent } from "./packages.ts";

const RECIPES = fileURLToPath(new URL("../../images/", import.meta.url));
const RECIPE_LABEL = "kafka-platform-kit.recipe";
const SUITE = "bookworm";
const BASE = `kafka-platform-kit/base:${SUITE}`;
const JAVA = "kafka-platform-kit/java:17";

/**
 * Sees to it that the local Kafka image is there, built by the recipe of this checkout. An image appears under
 * its name only when it is whole.
 *
 * @param version of Kafka, such as `4.1.1`
 * @throws CommandError when it can't be built
 */
export async function ensureLocalKafka(
  version: string,
  engine: Engine,
  consent: Consent,
): Promise<void> {
  const image = `kafka-platform-kit/kafka:${version}`;
  const base = recipeOf(`base ${SUITE}`);
  const java = recipeOf(base, "java");
  const kafka = recipeOf(`${java} ${version}`, "kafka");
  const present = await recipeLabel(image);
  if (present === kafka) return;
  say(
    present === undefined
      ? `building ${image} from package registries`
      : `building ${image} anew: its recipe has changed`,
  );
  try {
    if (process.platform !== "linux") {
      throw new CommandError(
        `images are built on Linux only, and this is ${process.platform}; use a registry that the engine reaches`,
      );
    }
    if (!isLocalEngine(engine.host)) {
      throw new CommandError(
        `images are built on the engine's own machine only, and this engine is at ${engine.host}; build them there, or use a registry that it reaches`,
      );
    }
    await installTools(consent);
    if ((await recipeLabel(BASE)) !== base) await buildBase(base);
    if ((await recipeLabel(JAVA)) !== java) {
      await step("building the Java image", () => buildImage(JAVA, join(RECIPES, "java"), java));
    }
    await buildKafka(version, image, kafka);
  } catch (error) {
    if (present === undefined || !(error instanceof CommandError)) throw error;
    say(`going on with the ${image} that is there: ${error.message}`);
  }
}

/** A fingerprint of what an image is made from: the recipe below it and its own files. */
function recipeOf(below: string, folder?: string): string {
  const hash = createHash("sha256").update(below);
  for (const file of folder === undefined ? [] : filesBelow(join(RECIPES, folder))) {
    hash.update(file).update(readFileSync(join(RECIPES, folder ?? "", file)));
  }
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function recipeLabel(image: string): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${RECIPE_LABEL}"}}`;
  const answer = await ask("docker", ["image", "inspect", "--format", format, image]);
  return answer.ok ? answer.stdout.trim() : undefined;
}

async function installTools(consent: Consent): Promise<void> {
  const missing = [
    ...((await hasProgram("debootstrap")) ? [] : ["debootstrap"]),
    ...(existsSync("/usr/share/keyrings/debian-archive-keyring.gpg")
      ? []
      : ["debian-archive-keyring"]),
    ...((await hasProgram("mvn")) ? [] : ["maven"]),
  ];
  if (missing.length > 0) {
    await installPackages("building images (debootstrap, Maven)", missing, consent);
  }
}

async function buildBase(recipe: string): Promise<void> {
  const root = workspace.build("base");
  const remove = (): Promise<string> =>
    runAsRoot("removing the base system's folder", ["rm", "-rf", "--one-file-system", root]);
  const mirror = await debianMirror();
  await step("building the base image (debootstrap)", async () => {
    await remove();
    mkdirSync(workspace.build(), { recursive: true });
    await runAsRoot("debootstrap", [
      "debootstrap",
      "--variant=minbase",
      SUITE,
      root,
      ...(mirror === undefined ? [] : [mirror]),
    ]);
    const tar = [...(await asRoot("packing the base system")), "tar", "-C", root, "-c", "."];
    await run("bash", [
      "-c",
      'set -o pipefail; label=$1 name=$2; shift 2; "$@" | docker import --change "LABEL $label" - "$name"',
      "bash",
      `${RECIPE_LABEL}=${recipe}`,
      BASE,
      ...tar,
    ]);
    await remove();
  });
}

async function buildKafka(version: string, image: string, recipe: string): Promise<void> {
  const context = workspace.build(`kafka-${version}`);
  const jars = join(context, "jars");
  rmSync(context, { recursive: true, force: true });
  cpSync(join(RECIPES, "kafka"), context, { recursive: true });
  await step(`fetching Kafka ${version} (Maven)`, async () => {
    const partial = `${jars}.partial`;
    await run("mvn", [
      "--batch-mode",
      "--strict-checksums",
      "-q",
      `--file=${join(context, "pom.xml")}`,
      `-Dkafka.version=${version}`,
      "dependency:copy-dependencies",
      `-DoutputDirectory=${partial}`,
    ]);
    renameSync(partial, jars);
  });
  await step(`building ${image}`, () =>
    buildImage(image, context, recipe, ["--build-arg", `KAFKA_VERSION=${version}`]),
  );
  rmSync(context, { recursive: true, force: true });
}

async function buildImage(
  name: string,
  context: string,
  recipe: string,
  args: readonly string[] = [],
): Promise<void> {
  const answer = await ask("docker", [
    "build",
    // The host's way to the package registries, its resolver included.
    "--network=host",
    `--label=${RECIPE_LABEL}=${recipe}`,
    `--tag=${name}`,
    ...args,
    context,
  ]);
  if (!answer.ok) {
    throw new CommandError(
      `the image ${name} could not be built:\n${lastLines(`${answer.stdout}\n${answer.stderr}`)}`,
    );
  }
}
