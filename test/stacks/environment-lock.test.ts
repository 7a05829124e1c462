import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { InvalidSettingError } from "../../constructs/index.ts";
import {
  askedBy,
  imagesAsAsked,
  imagesByHand,
  lockedDistribution,
  keepLock,
  lockUnseen,
  newClusterId,
  readLock,
  sameImages,
  writeLock,
  type EnvironmentLock,
} from "../../stacks/environment-lock.ts";
import type { Environment } from "../../stacks/environment.ts";
import { workspace } from "../../stacks/workspace.ts";
import { workInScratchFolder } from "../constructs/scratch.ts";
import { CLUSTER_ID, environmentOf, lockOf } from "./environments.ts";

const ENVIRONMENT = environmentOf();
const CLUSTER_ID_FORM = /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/;

beforeEach(() => {
  workInScratchFolder();
});

/** Puts a text where the environment's lock belongs. */
function putLock(text: string): string {
  const file = workspace.lock("trial");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe("newClusterId", () => {
  it("is 128 bits of URL-safe base64 that no command takes for an option", () => {
    // One in 64 would begin with a dash: 2000 leave no room for luck.
    const ids = Array.from({ length: 2000 }, newClusterId);
    for (const id of ids) {
      expect(id).toMatch(CLUSTER_ID_FORM);
      expect(Buffer.from(id, "base64url")).toHaveLength(16);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("reading and writing", () => {
  it("has none before the first deploy", () => {
    expect(readLock("trial")).toBeUndefined();
  });

  it("reads what was written", () => {
    writeLock(lockOf());
    expect(readLock("trial")).toEqual(lockOf());
  });

  it("leaves nothing but the lock, in lines that a diff can show", () => {
    writeLock(lockOf());
    expect(readdirSync(workspace.root())).toEqual(["trial.lock.json"]);
    expect(readFileSync(workspace.lock("trial"), "utf8")).toBe(
      `${JSON.stringify(lockOf(), undefined, 2)}\n`,
    );
  });

  it("never shows a reader a part: the old lock stays whole for who has it open", () => {
    writeLock(lockOf({ asked: "confluent 7.8.0" }));
    const reader = openSync(workspace.lock("trial"), "r");
    try {
      writeLock(lockOf());
      expect(JSON.parse(readFileSync(reader, "utf8"))).toEqual(
        lockOf({ asked: "confluent 7.8.0" }),
      );
    } finally {
      closeSync(reader);
    }
    expect(readLock("trial")).toEqual(lockOf());
  });

  it.each(["", "{", '{"format": 1,', "<<<<<<< HEAD\n{}"])(
    "rejects %j, which is no JSON",
    (text) => {
      const file = putLock(text);
      expect(() => readLock("trial")).toThrowError(InvalidSettingError);
      expect(() => readLock("trial")).toThrowError(`${file} is not JSON (`);
      expect(() => readLock("trial")).toThrowError(
        "; restore it, or remove it to have it made anew from the volumes",
      );
    },
  );

  it.each([
    { title: "another environment's", lock: { ...lockOf(), environment: "dev" } },
    { title: "another format", lock: { ...lockOf(), format: 2 } },
    { title: "with no text for a cluster id", lock: { ...lockOf(), clusterId: 5 } },
    { title: "without what was asked for", lock: { ...lockOf(), asked: undefined } },
    { title: "without images", lock: { ...lockOf(), images: undefined } },
    { title: "with images that say nothing", lock: { ...lockOf(), images: {} } },
    { title: "with no images", lock: { ...lockOf(), images: null } },
    { title: "without a version", lock: { ...lockOf(), images: { distribution: "local" } } },
    {
      title: "with an unknown distribution",
      lock: { ...lockOf(), images: { ...lockOf().images, distribution: "foo" } },
    },
    {
      title: "with what every object has for a distribution",
      lock: { ...lockOf(), images: { ...lockOf().images, distribution: "of" } },
    },
    { title: "with a short cluster id", lock: { ...lockOf(), clusterId: "MkU3OEVBNTcwNTJENDM2Q" } },
    { title: "with a long cluster id", lock: { ...lockOf(), clusterId: `${CLUSTER_ID}Q` } },
    {
      title: "with a padded cluster id",
      lock: { ...lockOf(), clusterId: "MkU3OEVBNTcwNTJENDM2==" },
    },
    { title: "a list", lock: [] },
    { title: "nothing", lock: null },
    { title: "a text", lock: "trial" },
  ])("rejects a lock that is $title", ({ lock }) => {
    const file = putLock(JSON.stringify(lock));
    expect(() => readLock("trial")).toThrowError(
      new InvalidSettingError(
        `${file} is not a lock of environment trial in format 1; restore it, or remove it to have it made anew from the volumes`,
      ),
    );
  });
});

describe("imagesByHand", () => {
  it.each([
    { wanted: "confluent", distribution: "confluent", version: "7.9.1" },
    { wanted: "local", distribution: "local", version: "3.9.1" },
    { wanted: "local:4.1.1", distribution: "local", version: "4.1.1" },
    { wanted: "apache:4.1.1", distribution: "apache", version: "4.1.1" },
  ])("IMAGES=$wanted means $distribution $version", ({ wanted, distribution, version }) => {
    expect(imagesByHand(ENVIRONMENT, wanted)).toEqual({
      distribution,
      version,
      reason: `asked for by IMAGES=${wanted}`,
      proven: false,
    });
  });

  it.each([
    "bitnami",
    "Local",
    "of",
    "bitnami:4.0.0",
    ":4.1.1",
    "toString",
    "local:4.1.1:x",
    "local::4.1.1",
  ])("rejects IMAGES=%s, which names no distribution", (wanted) => {
    expect(() => imagesByHand(ENVIRONMENT, wanted)).toThrowError(
      new InvalidSettingError(
        `IMAGES="${wanted}" names no distribution; give confluent, apache, local, or one with a version, such as local:3.9.1`,
      ),
    );
  });

  it("rejects a distribution that the environment has no version for", () => {
    expect(() => imagesByHand(ENVIRONMENT, "apache")).toThrowError(
      "environment trial has no version for apache images; it has confluent, local",
    );
  });

  it.each([
    { wanted: "local:4.0.0", message: /^unknown local version "4\.0\.0"; the nearest is / },
    { wanted: "confluent:7", message: /^Confluent version "7" is not pinned; / },
  ])("rejects IMAGES=$wanted, whose version is not known", ({ wanted, message }) => {
    expect(() => imagesByHand(ENVIRONMENT, wanted)).toThrowError(message);
  });
});

describe("what is asked for and decided", () => {
  it("keeps what the environment asks for in words", () => {
    expect(askedBy(ENVIRONMENT)).toBe("confluent 7.9.1");
  });

  it.each([true, false])("takes what the environment asks for, proven: %s", (proven) => {
    expect(imagesAsAsked(ENVIRONMENT, proven)).toEqual({
      distribution: "confluent",
      version: "7.9.1",
      reason: "asked for by the environment",
      proven,
    });
  });

  it("makes a distribution of what a lock says", () => {
    const images = { distribution: "local", version: "4.1.1", reason: "", proven: true } as const;
    expect(String(lockedDistribution(lockOf({ images })))).toBe("local 4.1.1");
  });

  it.each([
    { version: "7.9.1", distribution: "confluent", same: true },
    { version: "7.9.2", distribution: "confluent", same: false },
    { version: "7.9.1", distribution: "apache", same: false },
  ] as const)("$distribution $version is confluent 7.9.1: $same", ({ same, ...images }) => {
    const other = { ...images, reason: "another", proven: false };
    expect(sameImages(lockOf().images, other)).toBe(same);
  });
});

/** What plain cdktf does. */
function lockForSynth(environment: Environment, wanted: string | undefined): EnvironmentLock {
  const lock = lockUnseen(environment, wanted);
  keepLock(lock);
  return lock;
}

describe("the lock of a synth", () => {
  it("is made with what the environment asks for, unseen, and kept", () => {
    const lock = lockForSynth(ENVIRONMENT, undefined);
    expect(lock).toEqual({
      format: 1,
      environment: "trial",
      clusterId: expect.stringMatching(CLUSTER_ID_FORM),
      asked: "confluent 7.9.1",
      images: {
        distribution: "confluent",
        version: "7.9.1",
        reason: "asked for by the environment",
        proven: false,
      },
    });
    expect(lockForSynth(ENVIRONMENT, undefined)).toEqual(lock);
    expect(readLock("trial")).toEqual(lock);
  });

  it("keeps images that were fallen back to", () => {
    const images = {
      distribution: "local",
      version: "3.9.1",
      reason: "the registry was out of reach",
      proven: true,
    } as const;
    writeLock(lockOf({ images }));
    expect(lockForSynth(ENVIRONMENT, undefined)).toEqual(lockOf({ images }));
  });

  it("is not written anew when nothing changes", () => {
    writeLock(lockOf());
    const before = readFileSync(workspace.lock("trial"), "utf8").replace("{", "{ ");
    putLock(before);
    lockForSynth(ENVIRONMENT, undefined);
    lockForSynth(ENVIRONMENT, "confluent");
    expect(readFileSync(workspace.lock("trial"), "utf8")).toBe(before);
  });

  it("changes the images, and only them, when somebody asks by IMAGES", () => {
    writeLock(lockOf());
    expect(lockForSynth(ENVIRONMENT, "local:4.1.1")).toEqual(
      lockOf({
        images: {
          distribution: "local",
          version: "4.1.1",
          reason: "asked for by IMAGES=local:4.1.1",
          proven: false,
        },
      }),
    );
  });

  it("keeps what was asked for by IMAGES when IMAGES is gone", () => {
    const asked = lockForSynth(ENVIRONMENT, "local");
    expect(lockForSynth(ENVIRONMENT, undefined)).toEqual(asked);
  });

  it("keeps reason and proof of images that IMAGES asks for again", () => {
    writeLock(lockOf());
    expect(lockForSynth(ENVIRONMENT, "confluent:7.9.1")).toEqual(lockOf());
  });

  it("follows the environment when it asks for another version, on the same cluster", () => {
    writeLock(lockOf());
    const now = environmentOf({ versions: { confluent: "7.9.2", local: "3.9.1" } });
    const followed = lockOf({
      asked: "confluent 7.9.2",
      images: {
        distribution: "confluent",
        version: "7.9.2",
        reason: "asked for by the environment",
        proven: false,
      },
    });
    expect(lockForSynth(now, undefined)).toEqual(followed);
    expect(readLock("trial")).toEqual(followed);
  });

  it("is not made when IMAGES cannot be understood", () => {
    expect(() => lockForSynth(ENVIRONMENT, "bitnami")).toThrowError(InvalidSettingError);
    expect(existsSync(workspace.lock("trial"))).toBe(false);
  });

  it("is left as it is when it says the same, in whatever order", () => {
    const { clusterId, ...rest } = lockOf();
    const text = JSON.stringify({ ...rest, clusterId });
    const file = putLock(text);
    keepLock(lockOf());
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("is left as it is when it cannot be read", () => {
    const file = putLock("{");
    expect(() => lockForSynth(ENVIRONMENT, "local")).toThrowError(InvalidSettingError);
    expect(readFileSync(file, "utf8")).toBe("{");
  });
});
