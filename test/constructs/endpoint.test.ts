import { describe, expect, it } from "vitest";
import { Endpoint, InvalidSettingError } from "../../constructs/index.ts";

describe("Endpoint", () => {
  it.each([
    { host: "localhost", port: 9092, text: "localhost:9092" },
    { host: "dev-kafka-1", port: 1, text: "dev-kafka-1:1" },
    { host: "my_broker", port: 9092, text: "my_broker:9092" },
    { host: "kafka.example.org", port: 65535, text: "kafka.example.org:65535" },
    { host: "192.0.2.1", port: 9092, text: "192.0.2.1:9092" },
    { host: "::1", port: 9092, text: "[::1]:9092" },
    { host: "2001:DB8::7", port: 9092, text: "[2001:DB8::7]:9092" },
    { host: "::ffff:10.0.0.5", port: 9092, text: "[::ffff:10.0.0.5]:9092" },
    { host: "4kids.example", port: 9092, text: "4kids.example:9092" },
  ])("writes $host and $port as $text", ({ host, port, text }) => {
    const endpoint = Endpoint.of(host, port);
    expect(String(endpoint)).toBe(text);
    expect({ ...endpoint }).toEqual({ host, port });
  });

  it.each([
    "",
    " ",
    ".",
    "kafka.",
    "kafka:9092",
    "[::1]",
    "http://kafka",
    "a..b",
    "kafka-",
    "256.0.0.1",
    "192.168.1",
    "käfka",
    "fe80::1%eth0",
    "fe80::1%25eth0",
    "a".repeat(64),
    `${"a.".repeat(127)}`,
  ])("rejects the host %j", (host) => {
    expect(() => Endpoint.of(host, 9092)).toThrowError(
      new InvalidSettingError(
        `"${host}" is not a host; give a name such as kafka.example.org or an IP address`,
      ),
    );
  });

  it.each([0, 65536, -9092, 0.5, Number.NaN])("rejects the port %d", (port) => {
    expect(() => Endpoint.of("kafka", port)).toThrowError(
      new InvalidSettingError(
        `endpoint kafka: port ${port} is out of range; give one from 1 to 65535`,
      ),
    );
  });
});
