import { describe, expect, it } from "vitest";
import {
  Distribution,
  InvalidSettingError,
  type DistributionName,
} from "../../constructs/index.ts";
import {
  distributionOf,
  environmentNames,
  imagesOf,
  leftOut,
  loadEnvironment,
} from "../../stacks/environment.ts";
import { KafkaPlatform } from "../../stacks/kafka-platform.ts";
import { emptyApp, synthesize } from "../constructs/synthesis.ts";
import { environmentOf, lockOf } from "./environments.ts";

describe("environments that ship", () => {
  it("are files, in alphabetical order, dev among them", async () => {
    const names = await environmentNames();
    expect(names).toContain("dev");
    expect(names).toEqual(names.toSorted());
  });

  it("can run on every distribution that they give a version for", async () => {
    for (const name of await environmentNames()) {
      const environment = await loadEnvironment(name);
      expect(environment.name).toBe(name);
      const distributions = Object.keys(environment.settings.versions);
      expect(distributions).toContain(environment.settings.distribution);
      // What can be fallen back to where nothing can be pulled.
      expect(distributions).toContain("local");
      for (const distribution of distributions as DistributionName[]) {
        const { version } = distributionOf(environment, distribution);
        const images = { distribution, version, reason: "", proven: true };
        const lock = lockOf({ environment: name, images });
        const platform = new KafkaPlatform(emptyApp(), {
          environment,
          lock,
          engine: { host: "unix:///var/run/docker.sock" },
          hostAddresses: ["127.0.0.1"],
        });
        expect(() => synthesize(platform)).not.toThrowError();
      }
    }
  });
});

describe("loadEnvironment", () => {
  it.each(["dve", "", "DEV", "../environments/dev", "dev.ts"])(
    "rejects %j, naming the nearest and all that there are",
    async (name) => {
      const names = await environmentNames();
      const error: unknown = await loadEnvironment(name).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InvalidSettingError);
      const { message } = error as InvalidSettingError;
      expect(message).toContain(`unknown environment "${name}"; did you mean `);
      expect(message).toContain(`(known: ${names.join(", ")}; `);
    },
  );

  it("names the nearest", async () => {
    await expect(loadEnvironment("dve")).rejects.toThrowError("did you mean dev?");
  });
});

describe("distributionOf", () => {
  const environment = environmentOf();

  it.each([
    { title: "what the environment wants", distribution: distributionOf(environment) },
    { title: "its version of another", distribution: distributionOf(environment, "local") },
    {
      title: "another version",
      distribution: distributionOf(environment, "local", "4.1.1"),
    },
  ])("gives $title", ({ title, distribution }) => {
    const expected = {
      "what the environment wants": "Confluent 7.9.1",
      "its version of another": "local 3.9.1",
      "another version": "local 4.1.1",
    }[title];
    expect(String(distribution)).toBe(expected);
  });

  it("rejects a distribution that the environment has no version for", () => {
    expect(() => distributionOf(environment, "apache")).toThrowError(
      new InvalidSettingError(
        "environment trial has no version for apache images; it has confluent, local",
      ),
    );
  });

  it("rejects a version that is not known, naming the nearest", () => {
    expect(() => distributionOf(environment, "local", "4.0.0")).toThrowError(
      /^unknown local version "4\.0\.0"; the nearest is /,
    );
  });
});

describe("services that stand-in images lack", () => {
  const everything = { schemaRegistry: {}, connect: {}, ksqlDb: { cli: {} }, restProxy: {} };

  it.each([
    {
      title: "dev's on the images that are built here",
      environment: () => loadEnvironment("dev"),
      distribution: Distribution.local("4.1.1"),
      out: ["ksqlDb", "restProxy"],
    },
    {
      title: "dev's on Apache's",
      environment: () => loadEnvironment("dev"),
      distribution: Distribution.apache("4.1.1"),
      out: ["ksqlDb", "restProxy"],
    },
    {
      title: "none of dev's on Confluent's",
      environment: () => loadEnvironment("dev"),
      distribution: Distribution.confluent("7.9.1"),
      out: [],
    },
    {
      title: "none where none is asked for",
      environment: () => Promise.resolve(environmentOf()),
      distribution: Distribution.local("3.9.1"),
      out: [],
    },
    {
      title: "only those that are asked for",
      environment: () => Promise.resolve(environmentOf({ restProxy: {}, connect: {} })),
      distribution: Distribution.local("3.9.1"),
      out: ["restProxy"],
    },
    {
      title: "none where they are the wanted ones: what those lack is refused",
      environment: () =>
        Promise.resolve(environmentOf({ ...everything, distribution: "local" as const })),
      distribution: Distribution.local("3.9.1"),
      out: [],
    },
  ])("are left out: $title", async ({ environment, distribution, out }) => {
    expect(leftOut(await environment(), distribution)).toEqual(out);
  });
});

describe("the images that an environment needs", () => {
  const images = async (name: string, distribution: Distribution): Promise<string[]> =>
    imagesOf(await loadEnvironment(name), distribution).map(String);

  it.each(
    [
      {
        name: "dev",
        distribution: Distribution.confluent("7.9.1"),
        needs: [
          "kafka",
          "schema-registry",
          "kafka-connect",
          "ksqldb-server",
          "ksqldb-cli",
          "kafka-rest",
        ].map((image) => `confluentinc/cp-${image}:7.9.1`),
      },
      {
        name: "dev",
        // The command line is in the server's image.
        distribution: Distribution.confluent("8.1.0"),
        needs: ["kafka", "schema-registry", "kafka-connect", "ksqldb-server", "kafka-rest"].map(
          (image) => `confluentinc/cp-${image}:8.1.0`,
        ),
      },
      {
        name: "dev",
        // Connect runs in the broker's image; what there is no image of is not asked for.
        distribution: Distribution.local("4.1.1"),
        needs: ["kafka-platform-kit/kafka:4.1.1", "kafka-platform-kit/apicurio-registry:3.0.9"],
      },
      {
        name: "seed",
        distribution: Distribution.local("3.0.1"),
        needs: [
          "kafka-platform-kit/kafka:3.0.1",
          "kafka-platform-kit/zookeeper:3.6.3",
          "kafka-platform-kit/apicurio-registry:3.0.9",
        ],
      },
    ].map((row) => ({ ...row, on: String(row.distribution) })),
  )("are for $name on $on each once", async ({ name, distribution, needs }) => {
    expect(await images(name, distribution)).toEqual(needs);
  });

  it("are the broker's only where nothing else is asked for", () => {
    expect(imagesOf(environmentOf(), Distribution.confluent("7.9.1")).map(String)).toEqual([
      "confluentinc/cp-kafka:7.9.1",
    ]);
    const withoutCli = environmentOf({ ksqlDb: {} });
    expect(imagesOf(withoutCli, Distribution.confluent("7.9.1")).map(String)).toEqual([
      "confluentinc/cp-kafka:7.9.1",
      "confluentinc/cp-ksqldb-server:7.9.1",
    ]);
  });
});
