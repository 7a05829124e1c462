import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { ensureLocalImages } from "../../../cli/prepare/local-images.ts";
import { putOnPath, workInScratchFolder } from "../../constructs/scratch.ts";
import { listenToConsole, type Console } from "../console.ts";
import { engineOf } from "../docker.ts";

/** A docker command that keeps a recipe for each image it is given, and builds none that has a file `fails` beside it. */
const DOCKER = `
file() { echo "$here/$(echo "$1" | tr / _)"; }
for last; do :; done
case "$1" in
image) cat "$(file "$last")" 2>/dev/null || exit 1 ;;
import) cat >/dev/null; echo "import $last" >>"$here/calls"; echo "\${3#*=}" >"$(file "$last")" ;;
build)
  for arg; do case "$arg" in
    --tag=*) name=\${arg#*=} ;;
    --label=*) recipe=\${arg##*=} ;;
    *_VERSION=*) with=" $arg" ;;
  esac; done
  echo "build $name$with" >>"$here/calls"
  [ ! -e "$(file "$name").fails" ] || { echo "no space" >&2; exit 1; }
  [ "$name" = kafka-platform-kit/java:17 ] || [ -e "$last/jars" ] || { echo "no jars" >&2; exit 1; }
  echo "$recipe" >"$(file "$name")" ;;
esac`;

const MAVEN = `
for arg; do case "$arg" in
  -D*.version=*) version=$arg ;;
  dependency:*) goal=$arg ;;
  -DoutputDirectory=*) mkdir -p "\${arg#*=}" ;;
esac; done
echo "mvn $goal $version" >>"$here/calls"`;

const PROGRAMS = {
  docker: DOCKER,
  mvn: MAVEN,
  debootstrap: "",
  tar: "",
  sudo: 'shift; exec "$@"',
  "apt-get": "",
  dpkg: "",
};

const ENGINE = engineOf();
const CONSENT = { noInstall: false, yes: true };
const KAFKA = "kafka-platform-kit/kafka:3.0.1";
const ZOOKEEPER = "kafka-platform-kit/zookeeper:3.6.3";
const REGISTRY = "kafka-platform-kit/apicurio-registry:3.0.9";
const JAVA = "kafka-platform-kit/java:17";
const BELOW = ["import kafka-platform-kit/base:bookworm", `build ${JAVA}`];

let programs: string;
let heard: Console;

beforeEach(() => {
  workInScratchFolder();
  programs = putOnPath(PROGRAMS);
  heard = listenToConsole();
});

function calls(): string[] {
  const file = join(programs, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

function note(image: string, ending: string, text: string): void {
  writeFileSync(join(programs, `${image.replaceAll("/", "_")}${ending}`), text);
}

function ensure(...references: string[]): Promise<void> {
  return ensureLocalImages(references, ENGINE, CONSENT);
}

describe("images that are not there", () => {
  it("are built one after the other, on what is built once for all", async () => {
    await ensure(KAFKA, ZOOKEEPER, REGISTRY);
    expect(calls()).toEqual([
      ...BELOW,
      "mvn dependency:copy-dependencies -Dkafka.version=3.0.1",
      `build ${KAFKA} KAFKA_VERSION=3.0.1`,
      "mvn dependency:copy-dependencies -Dzookeeper.version=3.6.3",
      `build ${ZOOKEEPER} ZOOKEEPER_VERSION=3.6.3`,
      "mvn dependency:unpack -Dapicurio-registry.version=3.0.9",
      `build ${REGISTRY} APICURIO_REGISTRY_VERSION=3.0.9`,
    ]);
    expect(heard.out).toEqual(
      [KAFKA, ZOOKEEPER, REGISTRY].map((image) => `• building ${image} from package registries`),
    );
  });

  it("are missing when they cannot be built", async () => {
    note(ZOOKEEPER, ".fails", "");
    await expect(ensure(KAFKA, ZOOKEEPER, REGISTRY)).rejects.toThrowError(
      new CommandError(`the image ${ZOOKEEPER} could not be built:\nno space`),
    );
    expect(calls().at(-1)).toBe(`build ${ZOOKEEPER} ZOOKEEPER_VERSION=3.6.3`);
  });

  it("are not tried when one of them has no recipe", async () => {
    await expect(ensure(KAFKA, "kafka-platform-kit/ksqldb:1.0.0")).rejects.toThrowError(
      new CommandError(
        "there is no recipe for the image kafka-platform-kit/ksqldb:1.0.0; those that can be built here are kafka-platform-kit/kafka, kafka-platform-kit/zookeeper, kafka-platform-kit/apicurio-registry",
      ),
    );
    await expect(ensure("confluentinc/cp-kafka:7.0.1")).rejects.toThrowError(
      "there is no recipe for the image confluentinc/cp-kafka:7.0.1; ",
    );
    expect(calls()).toEqual([]);
  });
});

describe("images that are there", () => {
  it("are taken as they are", async () => {
    await ensure(KAFKA, REGISTRY);
    const before = calls();
    await ensure(REGISTRY, KAFKA);
    expect(calls()).toEqual(before);
  });

  it("are built anew, alone, when their own recipe has changed", async () => {
    await ensure(KAFKA, ZOOKEEPER);
    const before = calls();
    note(ZOOKEEPER, "", "older");
    await ensure(KAFKA, ZOOKEEPER);
    expect(calls().slice(before.length)).toEqual([
      "mvn dependency:copy-dependencies -Dzookeeper.version=3.6.3",
      `build ${ZOOKEEPER} ZOOKEEPER_VERSION=3.6.3`,
    ]);
    expect(heard.out.at(-1)).toBe(`• building ${ZOOKEEPER} anew: its recipe has changed`);
  });

  it("are gone on with when they cannot be built anew; what they stand on is tried once", async () => {
    note(KAFKA, "", "older");
    note(ZOOKEEPER, "", "older");
    note(JAVA, ".fails", "");
    await ensure(KAFKA, ZOOKEEPER);
    expect(calls()).toEqual(BELOW);
    const why = `the image ${JAVA} could not be built:\nno space`;
    expect(heard.out).toEqual([
      `• building ${KAFKA} anew: its recipe has changed`,
      `• going on with the ${KAFKA} that is there: ${why}`,
      `• building ${ZOOKEEPER} anew: its recipe has changed`,
      `• going on with the ${ZOOKEEPER} that is there: ${why}`,
    ]);
  });
});
