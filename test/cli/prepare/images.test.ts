import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { ensureImages } from "../../../cli/prepare/images.ts";
import { Distribution, InvalidSettingError } from "../../../constructs/index.ts";
import { putOnPath, workInScratchFolder } from "../../constructs/scratch.ts";
import { environmentOf, lockOf } from "../../stacks/environments.ts";
import { engineOf } from "../docker.ts";
import { listenToConsole, type Console } from "../console.ts";

/**
 * A docker command that has local images, of an older recipe, and of others those that have a file beside it;
 * it pulls anything unless there is a file `refusal`.
 */
const DOCKER = `
echo "$*" >>"$here/calls"
for last; do :; done
case "$1 $2 $last" in
"image inspect kafka-platform-kit/"*) echo older ;;
"image inspect "*) [ -e "$here/$(echo "$last" | tr / _)" ] || exit 1 ;;
"pull "*) [ ! -e "$here/refusal" ] || { echo "trying"; cat "$here/refusal" >&2; exit 1; } ;;
*) exit 1 ;;
esac`;

/** An engine elsewhere: nothing can be built on it, so that local images are taken as they are. */
const ELSEWHERE = engineOf({ host: "tcp://10.0.0.5:2375", isLocal: false });
const UNREACHABLE =
  'Error response from daemon: Get "https://registry.example/v2/": dial tcp: lookup registry.example on 10.0.0.2:53: no such host';

const CONFLUENT = Distribution.confluent("7.9.1");
const CONFLUENT_LOCK = lockOf();
const LOCAL_LOCK = lockOf({
  images: { distribution: "local", version: "3.9.1", reason: "fallen back to", proven: true },
});

let engine: string;
let heard: Console;

beforeEach(() => {
  workInScratchFolder();
  engine = putOnPath({ docker: DOCKER });
  heard = listenToConsole();
});

function refusePulls(why: string): void {
  writeFileSync(join(engine, "refusal"), `${why}\n`);
}

function has(image: string): void {
  writeFileSync(join(engine, image.replaceAll("/", "_")), "");
}

function calls(): string[] {
  const file = join(engine, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

function pulls(): string[] {
  return calls()
    .filter((call) => call.startsWith("pull "))
    .map((call) => call.split(" ").at(-1) ?? "");
}

function ensure(
  question: Partial<Parameters<typeof ensureImages>[0]> = {},
): ReturnType<typeof ensureImages> {
  return ensureImages({
    environment: environmentOf(),
    kept: undefined,
    deployed: false,
    written: undefined,
    wanted: undefined,
    engine: ELSEWHERE,
    consent: { noInstall: true, yes: true },
    check: () => {},
    ...question,
  });
}

it("refuses a fallback that the environment cannot run on before anything is built", async () => {
  refusePulls(UNREACHABLE);
  const asked: string[] = [];
  const check = ({ distribution, version }: { distribution: string; version: string }): void => {
    asked.push(`${distribution} ${version}`);
    throw new InvalidSettingError("it has no ZooKeeper");
  };
  await expect(ensure({ check })).rejects.toThrowError("it has no ZooKeeper");
  expect(asked).toEqual(["local 3.9.1"]);
  expect(calls().filter((call) => call.includes("kafka-platform-kit/"))).toEqual([]);
});

describe("an engine of another architecture", () => {
  const OLD = environmentOf({ versions: { confluent: "7.0.1", local: "3.9.1" } });
  const ARM = { environment: OLD, engine: engineOf({ architecture: "arm64" }) };

  it.each([{ wanted: undefined }, { wanted: "confluent" }])(
    "is refused images that are for amd64 only, before any is pulled: IMAGES=$wanted",
    async ({ wanted }) => {
      await expect(ensure({ ...ARM, wanted })).rejects.toThrowError(
        new CommandError(
          "the images of Confluent 7.0.1 are for amd64 only; the nearest that are for arm64 too are those of 7.2.0, and the engine at unix:///var/run/docker.sock is arm64; ask for 7.2.0 or later in the environment's file, or decide for images built here with IMAGES=local",
        ),
      );
      expect(pulls()).toEqual([]);
    },
  );

  it("may run them where somebody has put them on it", async () => {
    has("confluentinc/cp-kafka:7.0.1");
    expect(await ensure(ARM)).toMatchObject({ version: "7.0.1" });
  });

  it("takes those that are for it too", async () => {
    expect(await ensure({ engine: ARM.engine })).toMatchObject({ version: "7.9.1" });
  });
});

describe("the first deploy", () => {
  it("pulls what the environment asks for", async () => {
    expect(await ensure()).toEqual({
      distribution: "confluent",
      version: "7.9.1",
      reason: "asked for by the environment",
      proven: true,
    });
    expect(pulls()).toEqual(["confluentinc/cp-kafka:7.9.1"]);
  });

  it("pulls nothing that the engine has", async () => {
    has("confluentinc/cp-kafka:7.9.1");
    refusePulls(UNREACHABLE);
    expect(await ensure()).toMatchObject({ distribution: "confluent", proven: true });
    expect(pulls()).toEqual([]);
  });

  it("falls back to images built here where no registry is reached, saying why", async () => {
    refusePulls(UNREACHABLE);
    const why = UNREACHABLE.replace("Error response from daemon: ", "");
    const reason = `Confluent 7.9.1 was asked for; confluentinc/cp-kafka:7.9.1 cannot be pulled: ${why}`;
    expect(await ensure()).toEqual({
      distribution: "local",
      version: "3.9.1",
      reason,
      proven: true,
    });
    expect(heard.out).toContain(`• ${reason}; falling back to images built here (Kafka 3.9.1)`);
  });

  it("does not fall back when the registry answers no", async () => {
    refusePulls("Error response from daemon: unauthorized: authentication required");
    await expect(ensure()).rejects.toThrowError(
      "the registry does not give confluentinc/cp-kafka:7.9.1: unauthorized: ",
    );
    expect(heard.out).toEqual([]);
  });

  it("says so where nothing can be pulled and there is no version to build", async () => {
    refusePulls(UNREACHABLE);
    const environment = environmentOf({ versions: { confluent: "7.9.1" } });
    await expect(ensure({ environment })).rejects.toThrowError(
      "environment trial has no version for local images; it has confluent",
    );
  });

  it("asks no registry where the environment asks for local images", async () => {
    const environment = environmentOf({ distribution: "local" });
    expect(await ensure({ environment })).toEqual({
      distribution: "local",
      version: "3.9.1",
      reason: "asked for by the environment",
      proven: true,
    });
    expect(pulls()).toEqual([]);
  });
});

describe("a lock", () => {
  it("is kept without a look at the registry", async () => {
    expect(await ensure({ kept: LOCAL_LOCK, deployed: true })).toEqual(LOCAL_LOCK.images);
    has("confluentinc/cp-kafka:7.9.1");
    expect(await ensure({ kept: CONFLUENT_LOCK, deployed: true })).toEqual(CONFLUENT_LOCK.images);
    expect(pulls()).toEqual([]);
  });

  it("is kept when its images are gone and cannot be pulled: no others are taken", async () => {
    refusePulls(UNREACHABLE);
    await expect(ensure({ kept: CONFLUENT_LOCK, deployed: true })).rejects.toThrowError(
      /^confluentinc\/cp-kafka:7\.9\.1 cannot be pulled: .* no such host; connect the engine to its registry, /,
    );
  });

  it("whose images nobody has seen is kept for what is deployed", async () => {
    refusePulls(UNREACHABLE);
    const kept = lockOf({ images: { ...CONFLUENT_LOCK.images, proven: false } });
    await expect(ensure({ kept, deployed: true })).rejects.toThrowError("cannot be pulled: ");
    expect(await ensure({ kept, deployed: false })).toMatchObject({ distribution: "local" });
  });

  it("gives way to another version that the environment asks for", async () => {
    const environment = environmentOf({ versions: { confluent: "7.9.2", local: "3.9.1" } });
    expect(await ensure({ environment, kept: CONFLUENT_LOCK, deployed: true })).toMatchObject({
      distribution: "confluent",
      version: "7.9.2",
    });
  });

  it("does not give way to images that nobody asked for, when those asked for cannot be had", async () => {
    refusePulls(UNREACHABLE);
    const environment = environmentOf({ versions: { confluent: "7.9.2", local: "4.1.1" } });
    await expect(
      ensure({ environment, kept: CONFLUENT_LOCK, deployed: true, written: CONFLUENT }),
    ).rejects.toThrowError("confluentinc/cp-kafka:7.9.2 cannot be pulled: ");
  });
});

describe("a lock that was lost", () => {
  it("is no reason for other images on the data that is there", async () => {
    refusePulls(UNREACHABLE);
    const why = UNREACHABLE.replace("Error response from daemon: ", "");
    await expect(
      ensure({ kept: undefined, deployed: true, written: CONFLUENT }),
    ).rejects.toThrowError(
      new CommandError(
        `confluentinc/cp-kafka:7.9.1 cannot be pulled: ${why}; connect the engine to its registry, or decide for images built here with IMAGES=local`,
      ),
    );
    expect(heard.out).toEqual([]);
  });

  it("gives way to somebody's decision, as the refusal says", async () => {
    refusePulls(UNREACHABLE);
    const question = { kept: undefined, deployed: true, written: CONFLUENT, wanted: "local" };
    expect(await ensure(question)).toMatchObject({ distribution: "local", version: "3.9.1" });
  });
});

describe("IMAGES", () => {
  it("decides, whatever the environment asks for", async () => {
    expect(await ensure({ wanted: "local:4.1.1" })).toEqual({
      distribution: "local",
      version: "4.1.1",
      reason: "asked for by IMAGES=local:4.1.1",
      proven: true,
    });
    expect(pulls()).toEqual([]);
  });

  it("keeps the reason of the images that there are", async () => {
    expect(await ensure({ wanted: "local", kept: LOCAL_LOCK })).toEqual(LOCAL_LOCK.images);
  });

  it("does not fall back from what was asked for by hand", async () => {
    refusePulls(UNREACHABLE);
    await expect(ensure({ wanted: "confluent" })).rejects.toThrowError(
      /^confluentinc\/cp-kafka:7\.9\.1 cannot be pulled: /,
    );
  });
});

describe("data that is there", () => {
  const DOWNGRADE =
    "the data of trial was written by Kafka 4.1.1, which local 3.9.1 (Kafka 3.9.1) cannot read; keep local 4.1.1, or remove the environment first (npm run destroy -- trial)";

  it.each([
    { title: "by IMAGES", question: { wanted: "local:3.9.1" } },
    {
      title: "by the environment",
      question: {
        environment: environmentOf({ distribution: "local", versions: { local: "3.9.1" } }),
      },
    },
  ])("is not given to an older Kafka, asked for $title", async ({ question }) => {
    const written = Distribution.local("4.1.1");
    await expect(ensure({ ...question, deployed: true, written })).rejects.toThrowError(
      new CommandError(DOWNGRADE),
    );
    expect(calls()).toEqual([]);
  });

  it("is not given to an older Kafka that would have to be pulled first", async () => {
    const written = Distribution.local("4.1.1");
    await expect(ensure({ deployed: true, written })).rejects.toThrowError(
      "which Confluent 7.9.1 (Kafka 3.9) cannot read; keep local 4.1.1, ",
    );
    expect(calls()).toEqual([]);
  });

  it("is not given to an older Kafka that is kept, though never seen", async () => {
    const written = Distribution.local("4.1.1");
    const kept = lockOf({ images: { ...CONFLUENT_LOCK.images, proven: false } });
    await expect(ensure({ kept, deployed: true, written })).rejects.toThrowError(
      "which Confluent 7.9.1 (Kafka 3.9) cannot read; keep local 4.1.1, ",
    );
    expect(calls()).toEqual([]);
  });

  it("is not given to an older Kafka that would be fallen back to", async () => {
    refusePulls(UNREACHABLE);
    const environment = environmentOf({ versions: { confluent: "8.1.0", local: "3.9.1" } });
    const written = Distribution.local("4.1.1");
    await expect(
      ensure({ environment, kept: LOCAL_LOCK, deployed: true, written }),
    ).rejects.toThrowError(new CommandError(DOWNGRADE));
    expect(calls().filter((call) => call.includes("kafka-platform-kit/"))).toEqual([]);
  });

  it("of one Schema Registry is not given to another product's, which would find no schema", async () => {
    const environment = environmentOf({ schemaRegistry: {} });
    const written = Distribution.confluent("7.9.1");
    await expect(
      ensure({ environment, deployed: true, written, wanted: "local" }),
    ).rejects.toThrowError(
      new CommandError(
        "the schemas of trial were kept by the Schema Registry of Confluent 7.9.1 (confluent), and that of local 3.9.1 (apicurio) would not find them; keep Confluent 7.9.1, or remove the environment first (npm run destroy -- trial)",
      ),
    );
    await expect(
      ensure({ environment, deployed: true, written: Distribution.local("3.9.1") }),
    ).rejects.toThrowError(
      "that of Confluent 7.9.1 (confluent) would not find them; keep local 3.9.1",
    );
    expect(calls()).toEqual([]);
  });

  it("is given to a newer Kafka, and to the same by another name", async () => {
    const deployed = { deployed: true, written: Distribution.local("3.9.1") };
    expect(await ensure(deployed)).toMatchObject({ distribution: "confluent", version: "7.9.1" });
    expect(await ensure({ ...deployed, wanted: "local:4.1.1" })).toMatchObject({
      version: "4.1.1",
    });
  });
});

describe("local images on an engine elsewhere", () => {
  it("are taken as they are, though of an older recipe, saying so", async () => {
    await ensure({ wanted: "local" });
    expect(heard.out).toEqual([
      "• building kafka-platform-kit/kafka:3.9.1 anew: its recipe has changed",
      "• going on with the kafka-platform-kit/kafka:3.9.1 that is there: images are built on the engine's own machine only, and this engine is at tcp://10.0.0.5:2375; build them there, or use a registry that it reaches",
    ]);
  });

  it("cannot be built there", async () => {
    putOnPath({ docker: "exit 1" });
    await expect(ensure({ wanted: "local" })).rejects.toThrowError(
      new CommandError(
        "images are built on the engine's own machine only, and this engine is at tcp://10.0.0.5:2375; build them there, or use a registry that it reaches",
      ),
    );
  });
});
