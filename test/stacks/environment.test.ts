import { describe, expect, it } from "vitest";
import { InvalidSettingError, type DistributionName } from "../../constructs/index.ts";
import { distributionOf, environmentNames, loadEnvironment } from "../../stacks/environment.ts";
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
