import { describe, expect, it } from "vitest";
import { Image, InvalidSettingError } from "../../constructs/index.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("Image", () => {
  it.each([
    "confluentinc/cp-kafka:7.9.1",
    "apache/kafka:4.1.1-rc2",
    "kafka:3.9.1",
    "mirror.example.org/team/cp-kafka:7.9.1",
    "mirror.example.org:5000/cp-kafka:7.9.1",
    `apache/kafka@${DIGEST}`,
    `apache/kafka:4.1.1@${DIGEST}`,
    `apache/kafka:latest@${DIGEST}`,
  ])("accepts %s", (reference) => {
    expect(Image.of(reference).reference).toBe(reference);
    expect(String(Image.of(reference))).toBe(reference);
  });

  it.each([
    "confluentinc/cp-kafka",
    "confluentinc/cp-kafka:latest",
    "kafka",
    "mirror.example.org:5000/cp-kafka",
  ])("rejects %s, which can change under its name", (reference) => {
    expect(() => Image.of(reference)).toThrowError(
      new InvalidSettingError(
        `image "${reference}" can change under its name; pin it by a version tag or a digest`,
      ),
    );
  });

  it.each([
    "",
    ":7.9.1",
    "Confluentinc/cp-kafka:7.9.1",
    "cp kafka:7.9.1",
    "cp-kafka:7.9.1+build",
    "docker://cp-kafka@7.9.1",
    "apache/kafka@sha256:1234",
    `apache/kafka@${DIGEST.toUpperCase()}`,
  ])("rejects %j, which is no image", (reference) => {
    expect(() => Image.of(reference)).toThrowError(
      new InvalidSettingError(
        `"${reference}" is not an image; write it as repository:tag, such as confluentinc/cp-kafka:7.9.1`,
      ),
    );
  });
});
