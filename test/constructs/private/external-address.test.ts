import { describe, expect, it } from "vitest";
import { InvalidSettingError } from "../../../constructs/index.ts";
import {
  externalAddress,
  isLoopback,
  isUnspecified,
  type ExternalAddressProps,
} from "../../../constructs/private/external-address.ts";

const check = (props: ExternalAddressProps): unknown =>
  externalAddress("external listener", "Listener.host()", props);

describe("an address for clients elsewhere", () => {
  it.each([
    { props: { address: "10.0.0.5" }, bindAddress: "10.0.0.5" },
    { props: { address: "2001:db8::7" }, bindAddress: "2001:db8::7" },
    { props: { address: "203.0.113.9", bindAddress: "10.0.0.5" }, bindAddress: "10.0.0.5" },
    { props: { address: "kafka.example.org", bindAddress: "0.0.0.0" }, bindAddress: "0.0.0.0" },
    { props: { address: "kafka.example.org", bindAddress: "::" }, bindAddress: "::" },
    // A tunnel's end: what is bound may be the loopback.
    { props: { address: "kafka.example.org", bindAddress: "127.0.0.1" }, bindAddress: "127.0.0.1" },
  ])("$props.address is bound on $bindAddress", ({ props, bindAddress }) => {
    expect(check(props)).toEqual({ address: props.address, bindAddress });
  });

  it.each([
    { address: "", said: " has no address; give the one that its clients dial, such as " },
    { address: " ", said: " has no address; " },
    { address: "http://kafka", said: ': "http://kafka" is not a host; ' },
    { address: "kafka:9092", said: ': "kafka:9092" is not a host; ' },
    { address: "10.0.0.300", said: ': "10.0.0.300" is not a host; ' },
    { address: "fe80::1%eth0", said: ': "fe80::1%eth0" is not a host; ' },
    { address: "0.0.0.0", said: ": nobody can dial 0.0.0.0; give the address that clients use" },
    { address: "::", said: ": nobody can dial ::; " },
    { address: "0:0:0:0:0:0:0:0", said: ": nobody can dial 0:0:0:0:0:0:0:0; " },
    { address: "127.0.0.1", said: ": 127.0.0.1 leads every client back to itself; " },
    { address: "::1", said: ": ::1 leads every client back to itself; " },
    { address: "::ffff:127.0.0.9", said: ": ::ffff:127.0.0.9 leads every client back to itself; " },
    { address: "localhost", said: ": localhost leads every client back to itself; " },
    { address: "me.LOCALHOST", said: ": me.LOCALHOST leads every client back to itself; " },
    { address: "kafka.example.org", said: ": the name kafka.example.org cannot be bound; " },
  ])("is not $address", ({ address, said }) => {
    const refused = (): unknown => check({ address });
    expect(refused).toThrowError(InvalidSettingError);
    expect(refused).toThrowError(`external listener${said}`);
  });

  it.each(["", "eth0", "kafka.example.org", "10.0.0.300", "fe80::1%eth0", "0.0.0.0:9092"])(
    "is not bound on %j",
    (bindAddress) => {
      expect(() => check({ address: "kafka.example.org", bindAddress })).toThrowError(
        new InvalidSettingError(
          `external listener: bindAddress "${bindAddress}" is not an IP address; give one of the Docker host's, or 0.0.0.0 for all of them`,
        ),
      );
    },
  );
});

it.each([
  { host: "127.8.8.8", loopback: true, unspecified: false },
  { host: "0:0:0:0:0:0:0:1", loopback: true, unspecified: false },
  { host: "notlocalhost", loopback: false, unspecified: false },
  { host: "localhost.example.org", loopback: false, unspecified: false },
  { host: "128.0.0.1", loopback: false, unspecified: false },
  { host: "0.0.0.0", loopback: false, unspecified: true },
  { host: "::ffff:0.0.0.0", loopback: false, unspecified: true },
  { host: "kafka", loopback: false, unspecified: false },
])("$host leads back: $loopback, and nowhere: $unspecified", ({ host, loopback, unspecified }) => {
  expect({ loopback: isLoopback(host), unspecified: isUnspecified(host) }).toEqual({
    loopback,
    unspecified,
  });
});
