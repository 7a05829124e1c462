import { describe, expect, it } from "vitest";
import {
  settingConflicts,
  toEnvironment,
  toPropertiesFile,
} from "../../../constructs/private/properties.ts";

it.each([
  { property: "node.id", variable: "KAFKA_NODE_ID" },
  { property: "log.retention.hours", variable: "KAFKA_LOG_RETENTION_HOURS" },
  { property: "a_b", variable: "KAFKA_A__B" },
  { property: "a-b", variable: "KAFKA_A___B" },
  { property: "listener.name.lan_2.x-y", variable: "KAFKA_LISTENER_NAME_LAN__2_X___Y" },
])("renders $property as $variable", ({ property, variable }) => {
  expect(toEnvironment("KAFKA", { [property]: "v" })).toEqual({ [variable]: "v" });
});

it("leaves values as they are", () => {
  const value = "a.b_c-d=e, f:G";
  expect(toEnvironment("KAFKA", { x: value, y: "" })).toEqual({ KAFKA_X: value, KAFKA_Y: "" });
});

describe("a properties file", () => {
  it.each([
    { value: "plain", line: "plain" },
    { value: "", line: "" },
    { value: "a=b:c #d !e", line: "a=b:c #d !e" },
    { value: " led by a blank", line: String.raw`\ led by a blank` },
    { value: "\tled by a tab", line: "\\\tled by a tab" },
    { value: "two\nlines", line: String.raw`two\nlines` },
    { value: "a\r\nb", line: String.raw`a\r\nb` },
    { value: "\nled by a line", line: String.raw`\nled by a line` },
    { value: String.raw`C:\n`, line: String.raw`C:\\n` },
    { value: "grün", line: String.raw`gr\u00fcn` },
    { value: "€ 🙂", line: String.raw`\u20ac \ud83d\ude42` },
  ])("holds $value", ({ value, line }) => {
    expect(toPropertiesFile({ "a.b": value })).toBe(`a.b=${line}\n`);
  });

  it("has a line for each, in their order", () => {
    expect(toPropertiesFile({ b: "1", a: "2" })).toBe("b=1\na=2\n");
    expect(toPropertiesFile({})).toBe("");
  });
});

describe("settings that somebody gives", () => {
  const conflicts = (...names: string[]): string[] =>
    settingConflicts(
      Object.fromEntries(names.map((name) => [name, "x"])),
      /^(listeners|a\..*)$/,
      "Kafka",
      "name or publish",
    );

  it.each(["log.retention.hours", "a_b-c.d1", "4lw.commands", "listeners.x", "x.listeners"])(
    "may be %s",
    (name) => {
      expect(conflicts(name)).toEqual([]);
    },
  );

  it.each(["", "KAFKA_LISTENERS", "a b", "a=b", ".a", "a.", "a..b", "a\n"])(
    "may not be %j, which is no name",
    (name) => {
      expect(conflicts(name)).toEqual([
        `the setting "${name}" is no name of Kafka's; write it as its documentation does, in lower case with dots between the words`,
      ]);
    },
  );

  it("may not be what is derived, and all that is wrong is said at once", () => {
    expect(conflicts("listeners", "fine", "a.b", "X")).toEqual([
      "the setting listeners is derived; say it by name or publish instead",
      "the setting a.b is derived; say it by name or publish instead",
      expect.stringContaining(`"X" is no name`),
    ]);
  });
});
