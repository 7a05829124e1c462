import { describe, expect, it } from "vitest";
import { InvalidSettingError } from "../../../constructs/index.ts";
import { minorOf, nearestVersion, parseVersion } from "../../../constructs/private/version.ts";

describe("parseVersion", () => {
  it.each([
    { text: "7.9.1", version: { major: 7, minor: 9, patch: "1" }, minor: "7.9" },
    { text: "10.0.12", version: { major: 10, minor: 0, patch: "12" }, minor: "10.0" },
    { text: "4.1.1-rc2", version: { major: 4, minor: 1, patch: "1-rc2" }, minor: "4.1" },
  ])("reads $text", ({ text, version, minor }) => {
    expect(parseVersion(text, "Kafka", "3.9.1")).toEqual(version);
    expect(minorOf(parseVersion(text, "Kafka", "3.9.1"))).toBe(minor);
  });

  it.each(["", "7", "7.9", "7.9.x", "7.9.1.0", " 7.9.1", "7.9.1\n", "latest", "7.9.1-", "-7.9.1"])(
    "rejects %j",
    (text) => {
      expect(() => parseVersion(text, "Kafka", "3.9.1")).toThrowError(
        new InvalidSettingError(
          `Kafka version "${text}" is not pinned; give all three numbers, such as 3.9.1`,
        ),
      );
    },
  );
});

describe("nearestVersion", () => {
  it.each([
    { text: "7.10.0", nearest: "7.9" },
    { text: "6.2.1", nearest: "7.0" },
    { text: "7.2.5", nearest: "7.2" },
    { text: "9.9.9", nearest: "8.0" },
    { text: "nonsense", nearest: "7.0" },
  ])("finds $nearest for $text", ({ text, nearest }) => {
    expect(nearestVersion(text, ["7.0", "7.2", "7.9", "8.0"])).toBe(nearest);
  });
});
