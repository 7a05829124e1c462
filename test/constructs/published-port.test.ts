import { describe, expect, it } from "vitest";
import { InvalidSettingError, PublishedPort } from "../../constructs/index.ts";

describe("a published port", () => {
  it.each([
    {
      title: "for the host's programs",
      port: () => PublishedPort.host(18081),
      is: { vantage: "host", endpoint: "localhost:18081", bindAddress: "127.0.0.1" },
      text: "host port 18081 at localhost",
    },
    {
      title: "at one of the host's addresses, which is bound",
      port: () => PublishedPort.external({ port: 8082, address: "192.168.56.101" }),
      is: { vantage: "external", endpoint: "192.168.56.101:8082", bindAddress: "192.168.56.101" },
      text: "external port 8082 at 192.168.56.101",
    },
    {
      title: "at an IPv6 address",
      port: () => PublishedPort.external({ port: 8082, address: "2001:db8::7" }),
      is: { vantage: "external", endpoint: "[2001:db8::7]:8082", bindAddress: "2001:db8::7" },
      text: "external port 8082 at 2001:db8::7",
    },
    {
      title: "at a name, bound on all addresses",
      port: () =>
        PublishedPort.external({
          port: 8082,
          address: "kafka.example.org",
          bindAddress: "0.0.0.0",
        }),
      is: { vantage: "external", endpoint: "kafka.example.org:8082", bindAddress: "0.0.0.0" },
      text: "external port 8082 at kafka.example.org",
    },
    {
      title: "behind NAT",
      port: () =>
        PublishedPort.external({ port: 8082, address: "203.0.113.9", bindAddress: "10.0.0.5" }),
      is: { vantage: "external", endpoint: "203.0.113.9:8082", bindAddress: "10.0.0.5" },
      text: "external port 8082 at 203.0.113.9",
    },
  ])("$title", ({ port, is, text }) => {
    const { vantage, endpoint, bindAddress } = port();
    expect({ vantage, endpoint: String(endpoint), bindAddress }).toEqual(is);
    expect(String(port())).toBe(text);
  });

  it.each([0, 65536, -1, 0.5, Number.NaN])("cannot be %d", (port) => {
    expect(() => PublishedPort.host(port)).toThrowError(
      new InvalidSettingError(`host port: port ${port} is out of range; give one from 1 to 65535`),
    );
    expect(() => PublishedPort.external({ port, address: "10.0.0.5" })).toThrowError(
      new InvalidSettingError(
        `external port: port ${port} is out of range; give one from 1 to 65535`,
      ),
    );
  });

  it("names its port, and what is there for the host, when it refuses an address", () => {
    expect(() => PublishedPort.external({ port: 8082, address: "localhost" })).toThrowError(
      new InvalidSettingError(
        "external port 8082: localhost leads every client back to itself; give an address of this host that others reach, or use PublishedPort.host()",
      ),
    );
  });
});
