import { describe, expect, it } from "vitest";
import { InvalidSettingError, Jmx } from "../../constructs/index.ts";

const BROKER = { host: "dev-kafka-1" };

describe("Jmx", () => {
  it.each([
    {
      title: "for the network: nothing is published, and clients are sent to the broker's name",
      jmx: () => Jmx.network(),
      is: { vantage: "network", port: 9101, bindAddress: undefined, advertised: "dev-kafka-1" },
    },
    {
      title: "for the host",
      jmx: () => Jmx.host({ port: 19101 }),
      is: { vantage: "host", port: 19101, bindAddress: "127.0.0.1", advertised: "localhost" },
    },
    {
      title: "for clients elsewhere, by one of the host's addresses",
      jmx: () => Jmx.external({ address: "192.168.56.101" }),
      is: {
        vantage: "external",
        port: 9101,
        bindAddress: "192.168.56.101",
        advertised: "192.168.56.101",
      },
    },
    {
      title: "for clients elsewhere, by a name",
      jmx: () =>
        Jmx.external({ address: "kafka.example.org", bindAddress: "10.0.0.5", port: 9999 }),
      is: {
        vantage: "external",
        port: 9999,
        bindAddress: "10.0.0.5",
        advertised: "kafka.example.org",
      },
    },
  ])("$title", ({ jmx, is }) => {
    const { vantage, port, bindAddress } = jmx();
    expect({ vantage, port, bindAddress, advertised: jmx().advertised(BROKER) }).toEqual(is);
  });

  it.each([0, 65536, 0.5])("rejects the port %d", (port) => {
    for (const make of [
      () => Jmx.network({ port }),
      () => Jmx.host({ port }),
      () => Jmx.external({ address: "10.0.0.5", port }),
    ]) {
      expect(make).toThrowError(
        new InvalidSettingError(`JMX: port ${port} is out of range; give one from 1 to 65535`),
      );
    }
  });

  it.each([
    {
      address: "localhost",
      message:
        "external JMX: localhost leads every client back to itself; give an address of this host that others reach, or use Jmx.host()",
    },
    {
      address: "kafka.example.org",
      message:
        "external JMX: the name kafka.example.org cannot be bound; give bindAddress, an IP of the Docker host or 0.0.0.0 for all of them",
    },
  ])("rejects $address for clients elsewhere", ({ address, message }) => {
    expect(() => Jmx.external({ address })).toThrowError(new InvalidSettingError(message));
  });
});
