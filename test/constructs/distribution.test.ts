import { describe, expect, it } from "vitest";
import { Distribution, Image, InvalidSettingError, Metadata } from "../../constructs/index.ts";

const OWN = { name: "mirror", kafka: Image.of("mirror.example.org/kafka:2026.1") };

describe("what a distribution is", () => {
  it.each([
    {
      distribution: Distribution.confluent("7.0.1"),
      is: {
        name: "confluent",
        version: "7.0.1",
        kafkaVersion: "3.0",
        image: "confluentinc/cp-kafka:7.0.1",
        text: "Confluent 7.0.1",
      },
    },
    {
      distribution: Distribution.confluent("7.9.1"),
      is: {
        name: "confluent",
        version: "7.9.1",
        kafkaVersion: "3.9",
        image: "confluentinc/cp-kafka:7.9.1",
        text: "Confluent 7.9.1",
      },
    },
    {
      distribution: Distribution.confluent("8.3.0"),
      is: {
        name: "confluent",
        version: "8.3.0",
        kafkaVersion: "4.3",
        image: "confluentinc/cp-kafka:8.3.0",
        text: "Confluent 8.3.0",
      },
    },
    {
      distribution: Distribution.apache("4.1.1"),
      is: {
        name: "apache",
        version: "4.1.1",
        kafkaVersion: "4.1.1",
        image: "apache/kafka:4.1.1",
        text: "Apache Kafka 4.1.1",
      },
    },
    {
      distribution: Distribution.local("3.9.1"),
      is: {
        name: "local",
        version: "3.9.1",
        kafkaVersion: "3.9.1",
        image: "kafka-platform-kit/kafka:3.9.1",
        text: "local 3.9.1",
      },
    },
    {
      distribution: Distribution.of({ ...OWN, kafkaVersion: "3.8.0" }),
      is: {
        name: "mirror",
        version: "3.8.0",
        kafkaVersion: "3.8.0",
        image: "mirror.example.org/kafka:2026.1",
        text: "mirror 3.8.0",
      },
    },
  ])("$is.text", ({ distribution, is }) => {
    const { name, version, kafkaVersion } = distribution;
    const image = String(distribution.kafka);
    expect({ name, version, kafkaVersion, image, text: String(distribution) }).toEqual(is);
  });

  it.each(["confluent", "apache", "local"] as const)("%s can be had by its name", (name) => {
    const version = { confluent: "7.9.1", apache: "4.1.1", local: "4.1.1" }[name];
    expect(Distribution.named(name, version)).toEqual(Distribution[name](version));
  });
});

describe("versions", () => {
  it.each([
    {
      make: () => Distribution.confluent("6.2.0"),
      message:
        'unknown Confluent version "6.2.0"; the nearest is 7.0 (known: 7.0, 7.1, 7.2, 7.3, 7.4, 7.5, 7.6, 7.7, 7.8, 7.9, 8.0, 8.1, 8.2, 8.3)',
    },
    {
      make: () => Distribution.confluent("7.10.0"),
      message:
        'unknown Confluent version "7.10.0"; the nearest is 7.9 (known: 7.0, 7.1, 7.2, 7.3, 7.4, 7.5, 7.6, 7.7, 7.8, 7.9, 8.0, 8.1, 8.2, 8.3)',
    },
    {
      make: () => Distribution.apache("3.6.2"),
      message:
        'unknown Apache Kafka version "3.6.2"; the nearest is 3.7 (known: 3.7, 3.8, 3.9, 4.0, 4.1)',
    },
    {
      make: () => Distribution.apache("5.0.0"),
      message:
        'unknown Apache Kafka version "5.0.0"; the nearest is 4.1 (known: 3.7, 3.8, 3.9, 4.0, 4.1)',
    },
    {
      make: () => Distribution.local("3.9.0"),
      message: 'unknown local version "3.9.0"; the nearest is 3.9.1 (known: 3.0.1, 3.9.1, 4.1.1)',
    },
    {
      make: () => Distribution.local("4.2.0"),
      message: 'unknown local version "4.2.0"; the nearest is 4.1.1 (known: 3.0.1, 3.9.1, 4.1.1)',
    },
  ])("rejects an unknown one, naming the nearest: $message", ({ make, message }) => {
    expect(make).toThrowError(new InvalidSettingError(message));
  });

  it.each([
    {
      make: () => Distribution.confluent("7.9"),
      message: 'Confluent version "7.9" is not pinned; give all three numbers, such as 7.9.1',
    },
    {
      make: () => Distribution.confluent("latest"),
      message: 'Confluent version "latest" is not pinned; give all three numbers, such as 7.9.1',
    },
    {
      make: () => Distribution.apache("4"),
      message: 'Apache Kafka version "4" is not pinned; give all three numbers, such as 4.1.1',
    },
    {
      make: () => Distribution.apache("v4.1.1"),
      message: 'Apache Kafka version "v4.1.1" is not pinned; give all three numbers, such as 4.1.1',
    },
    {
      make: () => Distribution.of({ ...OWN, kafkaVersion: "3.9" }),
      message: 'Kafka version "3.9" is not pinned; give all three numbers, such as 3.9.1',
    },
  ])("rejects one that is not pinned: $message", ({ make, message }) => {
    expect(make).toThrowError(new InvalidSettingError(message));
  });

  it.each([
    { version: "3.9.1", major: 3, minor: 8, has: true },
    { version: "3.9.1", major: 3, minor: 9, has: true },
    { version: "3.9.1", major: 3, minor: 10, has: false },
    { version: "3.10.0", major: 3, minor: 9, has: true },
    { version: "3.9.1", major: 4, minor: 0, has: false },
    { version: "4.0.0", major: 3, minor: 9, has: true },
    { version: "10.0.0", major: 4, minor: 1, has: true },
  ])("$version has Kafka $major.$minor: $has", ({ version, major, minor, has }) => {
    expect(Distribution.of({ ...OWN, kafkaVersion: version }).hasKafka(major, minor)).toBe(has);
  });
});

describe("metadata that the images cannot run", () => {
  it.each([
    {
      distribution: Distribution.confluent("7.0.1"),
      refusal: "Confluent 7.0.1 has no KRaft; the first that has it is 7.4",
    },
    {
      distribution: Distribution.confluent("7.3.9"),
      refusal: "Confluent 7.3.9 has no KRaft; the first that has it is 7.4",
    },
    { distribution: Distribution.confluent("7.4.0"), refusal: undefined },
    { distribution: Distribution.confluent("8.0.0"), refusal: undefined },
    { distribution: Distribution.apache("3.7.0"), refusal: undefined },
    { distribution: Distribution.local("3.9.1"), refusal: undefined },
    { distribution: Distribution.local("4.1.1"), refusal: undefined },
    {
      distribution: Distribution.of({ ...OWN, kafkaVersion: "3.2.3" }),
      refusal: "Kafka 3.2.3 has no KRaft fit for use; the first that has it is 3.3",
    },
    { distribution: Distribution.of({ ...OWN, kafkaVersion: "3.3.0" }), refusal: undefined },
  ])("KRaft on $distribution.name $distribution.version: $refusal", ({ distribution, refusal }) => {
    expect(distribution.refuses(Metadata.kraft())).toBe(refusal);
  });

  it.each([
    { distribution: Distribution.confluent("7.0.1"), refusal: undefined },
    { distribution: Distribution.confluent("7.9.1"), refusal: undefined },
    {
      distribution: Distribution.confluent("8.0.0"),
      refusal:
        "Confluent 8.0.0 has no ZooKeeper; the last that has it is Confluent 7.9 (Kafka 3.9), or use Metadata.kraft()",
    },
    { distribution: Distribution.local("3.9.1"), refusal: undefined },
    {
      distribution: Distribution.local("4.1.1"),
      refusal:
        "local 4.1.1 has no ZooKeeper; the last that has it is Confluent 7.9 (Kafka 3.9), or use Metadata.kraft()",
    },
    {
      distribution: Distribution.apache("4.0.0"),
      refusal:
        "Apache Kafka 4.0.0 has no ZooKeeper; the last that has it is Confluent 7.9 (Kafka 3.9), or use Metadata.kraft()",
    },
    {
      distribution: Distribution.apache("3.9.1"),
      refusal:
        "the image apache/kafka:3.9.1 runs KRaft only; Confluent 7.9 has ZooKeeper, or use Metadata.kraft()",
    },
    { distribution: Distribution.of({ ...OWN, kafkaVersion: "3.9.1" }), refusal: undefined },
  ])(
    "ZooKeeper on $distribution.name $distribution.version: $refusal",
    ({ distribution, refusal }) => {
      expect(
        distribution.refuses(Metadata.zooKeeper({ connect: "zookeeper:2181", containers: [] })),
      ).toBe(refusal);
    },
  );
});

describe("the architectures of a distribution", () => {
  it.each([
    { distribution: Distribution.confluent("7.0.1"), architecture: "amd64" },
    { distribution: Distribution.confluent("7.2.0"), architecture: "arm64" },
    { distribution: Distribution.confluent("7.9.1"), architecture: "arm64" },
    { distribution: Distribution.apache("4.1.1"), architecture: "arm64" },
    { distribution: Distribution.local("4.1.1"), architecture: "arm64" },
  ])("hold $architecture for $distribution", ({ distribution, architecture }) => {
    expect(distribution.refusesArchitecture(architecture)).toBeUndefined();
  });

  it.each(["7.0.1", "7.1.3"])("lack arm64 for Confluent %s, and name the nearest", (version) => {
    expect(Distribution.confluent(version).refusesArchitecture("arm64")).toBe(
      `the images of Confluent ${version} are for amd64 only; the nearest that are for arm64 too are those of 7.2.0`,
    );
  });
});
