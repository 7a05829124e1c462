import { expect, it } from "vitest";
import { toEnvironment } from "../../../constructs/private/properties.ts";

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
