import { describe, expect, it } from "vitest";
import { InvalidSettingError, Listener, type BrokerAddress } from "../../constructs/index.ts";

const FIRST = { id: 1, host: "dev-kafka-1" };
const THIRD = { id: 3, host: "dev-kafka-3" };

describe("what a listener says", () => {
  it.each([
    {
      title: "network: the container's name, nothing published",
      listener: () => Listener.network(),
      says: {
        vantage: "network",
        name: "NETWORK",
        port: 19092,
        bindAddress: undefined,
        first: "dev-kafka-1:19092",
        third: "dev-kafka-3:19092",
      },
    },
    {
      title: "network, with a name and a port of its own",
      listener: () => Listener.network({ name: "APPS", port: 29092 }),
      says: {
        vantage: "network",
        name: "APPS",
        port: 29092,
        bindAddress: undefined,
        first: "dev-kafka-1:29092",
        third: "dev-kafka-3:29092",
      },
    },
    {
      title: "host: localhost, bound to 127.0.0.1 only, a port for each broker",
      listener: () => Listener.host(),
      says: {
        vantage: "host",
        name: "HOST",
        port: 9092,
        bindAddress: "127.0.0.1",
        first: "localhost:9092",
        third: "localhost:9094",
      },
    },
    {
      title: "external: an IP address is advertised and bound",
      listener: () => Listener.external({ address: "192.168.56.101" }),
      says: {
        vantage: "external",
        name: "EXTERNAL",
        port: 9192,
        bindAddress: "192.168.56.101",
        first: "192.168.56.101:9192",
        third: "192.168.56.101:9194",
      },
    },
    {
      title: "external: an IPv6 address is advertised in brackets and bound without",
      listener: () => Listener.external({ address: "2001:db8::7", port: 9292 }),
      says: {
        vantage: "external",
        name: "EXTERNAL",
        port: 9292,
        bindAddress: "2001:db8::7",
        first: "[2001:db8::7]:9292",
        third: "[2001:db8::7]:9294",
      },
    },
    {
      title: "external: a DNS name is advertised, what is bound is said apart",
      listener: () =>
        Listener.external({
          name: "INTERNET",
          address: "kafka.example.org",
          bindAddress: "0.0.0.0",
        }),
      says: {
        vantage: "external",
        name: "INTERNET",
        port: 9192,
        bindAddress: "0.0.0.0",
        first: "kafka.example.org:9192",
        third: "kafka.example.org:9194",
      },
    },
    {
      title: "external: a NAT address is advertised, one of the host's own is bound",
      listener: () => Listener.external({ address: "203.0.113.9", bindAddress: "10.0.0.5" }),
      says: {
        vantage: "external",
        name: "EXTERNAL",
        port: 9192,
        bindAddress: "10.0.0.5",
        first: "203.0.113.9:9192",
        third: "203.0.113.9:9194",
      },
    },
  ])("$title", ({ listener, says }) => {
    const { vantage, name, port, bindAddress } = listener();
    expect({
      vantage,
      name,
      port,
      bindAddress,
      first: String(listener().advertised(FIRST)),
      third: String(listener().advertised(THIRD)),
    }).toEqual(says);
  });
});

describe("names", () => {
  it.each(["LAN", "A", "LAN_2", "PLAINTEXT", "SSLX", "SASL"])("accepts %s", (name) => {
    expect(Listener.network({ name }).name).toBe(name);
  });

  it.each(["", "lan", "2LAN", "_LAN", "LAN-2", "LAN 2", "LÄN"])(
    "rejects %j as malformed",
    (name) => {
      expect(() => Listener.host({ name })).toThrowError(
        new InvalidSettingError(
          `listener name "${name}" is malformed; use upper-case letters, digits and underscores, such as LAN`,
        ),
      );
    },
  );

  it.each(["BROKER", "CONTROLLER"])("rejects %s, which the cluster has for itself", (name) => {
    expect(() => Listener.external({ name, address: "10.0.0.5" })).toThrowError(
      new InvalidSettingError(
        `listener name "${name}" is reserved for the cluster itself; name the listener after its clients, such as LAN`,
      ),
    );
  });

  it.each(["SSL", "SASL_SSL", "SASL_PLAINTEXT", "LAN_SSL", "LANSSL", "LAN_SASL_2", "NOSASL_X"])(
    "rejects %s, for which cp-kafka demands key stores",
    (name) => {
      expect(() => Listener.network({ name })).toThrowError(
        new InvalidSettingError(
          `listener name "${name}" holds a protocol's, which Confluent's images read more into; name the listener after its clients, such as LAN`,
        ),
      );
    },
  );
});

describe("ports", () => {
  it.each([1, 65535])("accepts %d", (port) => {
    expect(Listener.host({ port }).port).toBe(port);
  });

  it.each([0, -1, 65536, 9092.5, Number.NaN, Number.POSITIVE_INFINITY])("rejects %d", (port) => {
    expect(() => Listener.host({ port })).toThrowError(
      new InvalidSettingError(
        `listener "HOST": port ${port} is out of range; give one from 1 to 65535`,
      ),
    );
  });

  it("rejects a broker whose own port would be out of range", () => {
    const listener = Listener.host({ port: 65534 });
    expect(String(listener.advertised({ id: 2, host: "dev-kafka-2" }))).toBe("localhost:65535");
    expect(() => listener.advertised(THIRD)).toThrowError(
      new InvalidSettingError(
        'broker 3: host listener "HOST" would have port 65534 + 3 - 1, which is none; give it a port of its own (published: { HOST: { port } })',
      ),
    );
  });
});

describe("addresses of an external listener", () => {
  it.each(["", "  "])("rejects none (%j)", (address) => {
    expect(() => Listener.external({ address })).toThrowError(
      new InvalidSettingError(
        'external listener "EXTERNAL" has no address; give the one that its clients dial, such as 192.168.56.101 or kafka.example.org',
      ),
    );
  });

  it("rejects none where the types were not checked", () => {
    const props = { name: "LAN" } as unknown as Parameters<typeof Listener.external>[0];
    expect(() => Listener.external(props)).toThrowError(
      /^external listener "LAN" has no address; /,
    );
  });

  it.each([
    "kafka.example.org:9092",
    "tcp://kafka.example.org",
    "kafka example",
    "kafka..example",
    "-kafka",
    "10.0.0.300",
    "10.0.0",
    "[2001:db8::7]",
    "2001:db8::zz",
    "kafka,other",
    `${"a".repeat(64)}.example`,
    "fe80::1%eth0",
    "::1%lo",
  ])("rejects %s, which is no host", (address) => {
    expect(() => Listener.external({ address })).toThrowError(
      new InvalidSettingError(
        `external listener "EXTERNAL": "${address}" is not a host; give an IP address or a DNS name, without scheme or port`,
      ),
    );
  });

  it.each(["0.0.0.0", "::", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0", "::FFFF:0:0"])(
    "rejects %s, which nobody can dial",
    (address) => {
      expect(() => Listener.external({ address })).toThrowError(
        new InvalidSettingError(
          `external listener "EXTERNAL": nobody can dial ${address}; give the address that clients use, and ${address} as bindAddress`,
        ),
      );
    },
  );

  it.each([
    "localhost",
    "LocalHost",
    "kafka.localhost",
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:FFFF:127.8.8.8",
  ])("rejects %s, which leads clients back to themselves", (address) => {
    expect(() => Listener.external({ name: "LAN", address })).toThrowError(
      new InvalidSettingError(
        `external listener "LAN": ${address} leads every client back to itself; give an address of this host that others reach, or use Listener.host()`,
      ),
    );
  });

  it.each([
    "localhost.example.org",
    "128.0.0.1",
    "1::1",
    "2001:db8::1",
    "fd00::2",
    "fe80::1",
    "::ffff:10.0.0.5",
  ])("accepts %s", (address) => {
    const listener = Listener.external({ address, bindAddress: "10.0.0.5" });
    expect(listener.advertised(FIRST).host).toBe(address);
  });

  it("rejects a name without an address to bind", () => {
    expect(() => Listener.external({ address: "kafka.example.org" })).toThrowError(
      new InvalidSettingError(
        'external listener "EXTERNAL": the name kafka.example.org cannot be bound; give bindAddress, an IP of the Docker host or 0.0.0.0 for all of them',
      ),
    );
  });

  it.each(["eth0", "kafka.example.org", "", "10.0.0.300", "10.0.0.5:9094"])(
    "rejects %j as an address to bind",
    (bindAddress) => {
      expect(() => Listener.external({ address: "10.0.0.5", bindAddress })).toThrowError(
        new InvalidSettingError(
          `external listener "EXTERNAL": bindAddress "${bindAddress}" is not an IP address; give one of the Docker host's, or 0.0.0.0 for all of them`,
        ),
      );
    },
  );
});

describe("a broker's own address", () => {
  const lan = Listener.external({ name: "LAN", address: "192.168.56.101" });
  const at = (listener: Listener, own: BrokerAddress): string => {
    const broker = { ...THIRD, published: { [listener.name]: own } };
    const { endpoint, bindAddress } = listener.published(broker)!;
    return `${endpoint} bound at ${bindAddress}`;
  };

  it.each([
    { own: {}, is: "192.168.56.101:9194 bound at 192.168.56.101" },
    { own: { port: 9192 }, is: "192.168.56.101:9192 bound at 192.168.56.101" },
    { own: { address: "192.168.56.103" }, is: "192.168.56.103:9194 bound at 192.168.56.103" },
    {
      own: { address: "203.0.113.9", bindAddress: "10.0.0.5", port: 443 },
      is: "203.0.113.9:443 bound at 10.0.0.5",
    },
    { own: { bindAddress: "10.0.0.5" }, is: "192.168.56.101:9194 bound at 10.0.0.5" },
  ])("wins over the listener's: $own", ({ own, is }) => {
    expect(at(lan, own)).toBe(is);
  });

  it("is bound where the listener stands for all of the host's addresses", () => {
    const all = Listener.external({ address: "kafka.example.org", bindAddress: "0.0.0.0" });
    expect(at(all, { address: "kafka-3.example.org", port: 9192 })).toBe(
      "kafka-3.example.org:9192 bound at 0.0.0.0",
    );
  });

  it("is a port only for the host's own programs", () => {
    expect(at(Listener.host(), { port: 29092 })).toBe("localhost:29092 bound at 127.0.0.1");
  });

  it.each([
    {
      listener: Listener.host(),
      own: { address: "10.0.0.5" },
      said: 'broker 3: host listener "HOST" is for programs on the Docker host, at localhost; give a port only, or use Listener.external()',
    },
    {
      listener: Listener.network(),
      own: { port: 9092 },
      said: 'broker 3: network listener "NETWORK" is published nowhere; leave its address out, or use Listener.host() or Listener.external()',
    },
    {
      listener: lan,
      own: { address: "kafka-3.example.org" },
      said: 'broker 3: external listener "LAN": the name kafka-3.example.org cannot be bound; give bindAddress, an IP of the Docker host or 0.0.0.0 for all of them',
    },
    {
      listener: lan,
      own: { address: "127.0.0.1" },
      said: 'broker 3: external listener "LAN": 127.0.0.1 leads every client back to itself; give an address of this host that others reach, or use Listener.host()',
    },
    {
      listener: lan,
      own: { port: 70000 },
      said: 'broker 3: external listener "LAN": port 70000 is out of range; give one from 1 to 65535',
    },
  ])("is refused: $said", ({ listener, own, said }) => {
    expect(() => at(listener, own)).toThrowError(new InvalidSettingError(said));
  });
});
