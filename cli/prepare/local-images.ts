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

const FOLDER = fileURLToPath(new URL("../../images/", import.meta.url));
const RECIPE_LABEL = "kafka-platform-kit.recipe";
const SUITE = "bookworm";
const BASE = `kafka-platform-kit/base:${SUITE}`;
const JAVA = "kafka-platform-kit/java:17";

/** What is built on the Java image, by the folder that holds its Dockerfile, its scripts and the `pom.xml` of its jars. */
const PRODUCTS: Readonly<Record<string, Product>> = {
  kafka: { title: "Kafka", goal: "copy-dependencies" },
  zookeeper: { title: "ZooKeeper", goal: "copy-dependencies" },
  "apicurio-registry": { title: "Apicurio Registry", goal: "unpack" },
};

interface Product {
  readonly title: string;
  /** Of Maven's dependency plugin: what fetches the jars that `pom.xml` names. */
  readonly goal: "copy-dependencies" | "unpack";
}

/** An image that is to be there, and what it is made from. */
interface Wanted {
  readonly reference: string;
  /** Its folder below `images/`. */
  readonly folder: string;
  readonly product: Product;
  readonly version: string;
  readonly recipe: string;
}

/**
 * Sees to it that local images are there, built by the recipes of this checkout. An image appears under
 * its name only when it is whole.
 *
 * @param references such as `kafka-platform-kit/kafka:4.1.1`
 * @throws CommandError when there is no recipe for one, or it can't be built
 */
export async function ensureLocalImages(
  references: readonly string[],
  engine: Engine,
  consent: Consent,
): Promise<void> {
  const base = recipeOf(`base ${SUITE}`);
  const java = recipeOf(base, "java");
  let below: Promise<void> | undefined;
  for (const image of references.map(wanted)) {
    const present = await recipeLabel(image.reference);
    if (present === image.recipe) continue;
    say(
      present === undefined
        ? `building ${image.reference} from package registries`
        : `building ${image.reference} anew: its recipe has changed`,
    );
    try {
      // What they all stand on is built, or fails to be, once.
      await (below ??= buildBelow());
      await buildProduct(image);
    } catch (error) {
      if (present === undefined || !(error instanceof CommandError)) throw error;
      say(`going on with the ${image.reference} that is there: ${error.message}`);
    }
  }

  function wanted(reference: string): Wanted {
    const { folder = "", version = "" } =
      /^kafka-platform-kit\/(?<folder>[^:]+):(?<version>.+)$/.exec(reference)?.groups ?? {};
    const product = PRODUCTS[folder];
    if (product === undefined) {
      const known = Object.keys(PRODUCTS).map((name) => `kafka-platform-kit/${name}`);
      throw new CommandError(
        `there is no recipe for the image ${reference}; those that can be built here are ${known.join(", ")}`,
      );
    }
    const recipe = recipeOf(`${java} ${version}`, folder);
    return { reference, folder, product, version, recipe };
  }

  async function buildBelow(): Promise<void> {
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
      await step("building the Java image", () =>
        // The host's way to the package registries, its resolver included.
        buildImage(JAVA, join(FOLDER, "java"), java, ["--network=host"]),
      );
    }
  }
}

/** A fingerprint of what an image is made from: the recipe below it and its own files. */
function recipeOf(below: string, folder?: string): string {
  const hash = createHash("sha256").update(below);
  for (const file of folder === undefined ? [] : filesBelow(join(FOLDER, folder))) {
    hash.update(file).update(readFileSync(join(FOLDER, folder ?? "", file)));
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

async function buildProduct(image: Wanted): Promise<void> {
  const { reference, folder, product, version, recipe } = image;
  const context = workspace.build(`${folder}-${version}`);
  const jars = join(context, "jars");
  rmSync(context, { recursive: true, force: true });
  cpSync(join(FOLDER, folder), context, { recursive: true });
  await step(`fetching ${product.title} ${version} (Maven)`, async () => {
    const partial = `${jars}.partial`;
    await run("mvn", [
      "--batch-mode",
      "--strict-checksums",
      "-q",
      `--file=${join(context, "pom.xml")}`,
      `-D${folder}.version=${version}`,
      `dependency:${product.goal}`,
      `-DoutputDirectory=${partial}`,
    ]);
    renameSync(partial, jars);
  });
  const argument = `${folder.toUpperCase().replaceAll("-", "_")}_VERSION`;
  await step(`building ${reference}`, () =>
    buildImage(reference, context, recipe, [
      // What the image is for runs once while it is built, out of everybody's reach and way.
      "--network=none",
      "--build-arg",
      `${argument}=${version}`,
    ]),
  );
  rmSync(context, { recursive: true, force: true });
}

async function buildImage(
  name: string,
  context: string,
  recipe: string,
  args: readonly string[],
): Promise<void> {
  const answer = await ask("docker", [
    "build",
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
