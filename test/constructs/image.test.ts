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
    "localhost:5000/x/y:1.0",
    "a/b_c/d__e/f--g/h.i:1",
    `ghcr.io/a/b@${DIGEST}`,
    `localhost:5000/a@${DIGEST}`,
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
    "a:b:c:1",
    "a:latest:1",
    "a//b:1",
    "/a:1",
    "a/:1",
    "a/b:5000/c:1",
    "a/-b:1",
    "cp-kafka:",
    "cp-kafka:-1",
    `cp-kafka:${"1".repeat(129)}`,
    `cp-kafka:@${DIGEST}`,
    "cp-kafka:7.9.1\n",
    `apache/kafka@${DIGEST.toUpperCase()}`,
  ])("rejects %j, which is no image", (reference) => {
    expect(() => Image.of(reference)).toThrowError(
      new InvalidSettingError(
        `"${reference}" is not an image; write it as repository:tag, such as confluentinc/cp-kafka:7.9.1`,
      ),
    );
  });
});
