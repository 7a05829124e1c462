import { createServer, type AddressInfo, type Server } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../doctor/address.ts";
import { examine, type Engine, type Questions } from "../../doctor/examine.ts";
import { HERE, onNetworkCalled } from "../../doctor/explain.ts";
import type { Found, Look } from "../../doctor/look.ts";
import { neighbourOf } from "../../doctor/neighbours.ts";
import { StandpointError, thisHost, type Standpoint } from "../../doctor/standpoint.ts";
import { inspected } from "./inspected.ts";

const never = (): Duplex => new Duplex({ read() {}, write() {} });
const here: Standpoint = { place: HERE, dial: never };
const REFUSED: Found = { is: "silence", kind: "refused", detail: "ECONNREFUSED" };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function broker(...addresses: readonly string[]): Found {
  const brokers = addresses.map((address, index) => ({ id: index + 1, address }));
  return {
    is: "broker",
    securityProtocol: "PLAINTEXT",
    connectMilliseconds: 2,
    metadata: { clusterId: "c", controllerId: 1, brokers, topics: {} },
  };
}

/** Answers from a table, by standpoint; what it was asked is kept. */
function answers(table: (address: string, from: Standpoint["dial"]) => Found | number) {
  const asked: string[] = [];
  const questions: Questions = {
    look: (dial, address): Promise<Look> => {
      const text = formatAddress(address);
      asked.push(text);
      const found = table(text, dial);
      return Promise.resolve(
        typeof found === "number"
          ? {
              address,
              found: { ...broker(text), connectMilliseconds: found },
              milliseconds: found + 1,
            }
          : { address, found, milliseconds: found.is === "silence" ? null : 3 },
      );
    },
    whoAnswers: () => Promise.resolve(undefined),
    readiness: () => Promise.resolve([]),
  };
  return { asked, questions };
}

const options = { from: here, securityProtocol: "PLAINTEXT", seconds: 20 } as const;

function given(text: string) {
  return text.split(",").map(parseAddress);
}

describe("examine", () => {
  test("looks once at each address that is given or advertised, and follows those in turn", async () => {
    const { asked, questions } = answers((address) =>
      address === "d:1" ? REFUSED : address === "c:1" ? broker("a:1", "d:1") : broker("a:1", "c:1"),
    );
    const report = await examine(given("a:1,b:1,a:1"), { ...options, questions });
    expect(asked.sort()).toEqual(["a:1", "b:1", "c:1", "d:1"]);
    expect(report).toMatchObject({
      format: 1,
      from: "host",
      bootstrap: ["a:1", "b:1"],
      securityProtocol: "PLAINTEXT",
      usable: false,
      clusterId: "c",
      findings: [{ fault: "refused", address: "d:1", brokerId: 2 }],
    });
    expect(report.addresses.map(({ address }) => address)).toEqual(["a:1", "b:1", "c:1", "d:1"]);
  });

  test("takes what is no address for one that does not resolve", async () => {
    const { asked, questions } = answers(() => broker("un kno:wn:1"));
    const report = await examine(given("a:1"), { ...options, questions });
    expect(asked).toEqual(["a:1"]);
    expect(report.findings).toMatchObject([{ fault: "unresolved", address: "un kno:wn:1" }]);
  });

  test("looks again where it took long to connect: the machine may have been busy", async () => {
    const times = [1400, 20];
    const { asked, questions } = answers(() => times.shift() ?? 0);
    const report = await examine(given("a:1"), { ...options, questions });
    expect(asked).toEqual(["a:1", "a:1"]);
    expect(report).toMatchObject({ usable: true, findings: [] });
    const slow = answers(() => 1400);
    const { findings } = await examine(given("a:1"), { ...options, questions: slow.questions });
    expect(findings).toMatchObject([{ fault: "slow", severity: "warning" }]);
  });

  test("asks no engine while all is well", async () => {
    const { questions } = answers(() => broker("a:1"));
    const engine: Engine = {
      isLocal: true,
      neighbours: () => Promise.reject(new Error("asked")),
      network: () => Promise.reject(new Error("asked")),
    };
    await expect(examine(given("a:1"), { ...options, questions, engine })).resolves.toMatchObject({
      usable: true,
    });
  });

  const neighbour = neighbourOf(
    inspected({ name: "k", networks: { n1: { Aliases: ["kafka"] }, n2: { Aliases: ["kafka"] } } }),
  );
  const inside: Standpoint = { place: onNetworkCalled("n2"), dial: () => never() };
  const engine: Engine = {
    isLocal: true,
    neighbours: () => Promise.resolve([neighbour]),
    network: (name) =>
      name === "n2" ? Promise.resolve(inside) : Promise.reject(new StandpointError("no image")),
  };

  test("tries from the networks that know the name, as far as somebody can be put there", async () => {
    const { questions } = answers((address, dial) =>
      address === "a:1" || dial === inside.dial ? broker("kafka:1") : REFUSED,
    );
    const report = await examine(given("a:1"), { ...options, questions, engine });
    expect(report.findings).toMatchObject([{ fault: "network-only", address: "kafka:1" }]);
    expect(report.findings[0]?.message).toContain('on network "n2" (container "k")');
  });

  test("tries from the host what a container cannot use", async () => {
    const { questions } = answers((address, dial) =>
      address === "a:1" || dial === thisHost.dial ? broker("b:1") : REFUSED,
    );
    const report = await examine(given("a:1"), { ...options, questions, engine, from: inside });
    expect(report.from).toBe("network:n2");
    expect(report.findings).toMatchObject([{ fault: "host-only", address: "b:1" }]);
  });

  test("does not take this host for that of an engine elsewhere", async () => {
    const { questions } = answers((address, dial) =>
      address === "a:1" || dial === thisHost.dial ? broker("b:1") : REFUSED,
    );
    const remote = { ...engine, isLocal: false };
    const report = await examine(given("a:1"), {
      ...options,
      questions,
      engine: remote,
      from: inside,
    });
    expect(report.findings).toMatchObject([{ fault: "refused" }]);
  });

  test("passes on a failure of the engine's that is none of a standpoint", async () => {
    const { questions } = answers(() => REFUSED);
    const broken = { ...engine, network: () => Promise.reject(new Error("boom")) };
    await expect(
      examine(given("kafka:1"), { ...options, questions, engine: broken }),
    ).rejects.toThrow("boom");
  });
});

describe("examine ends in time", () => {
  test("where nothing but connections is given", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).resume());
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const address = { host: "127.0.0.1", port };
    const report = await examine([address], { ...options, from: thisHost, seconds: 2 });
    expect(report.findings).toMatchObject([{ fault: "silent" }]);
    expect(report.milliseconds).toBeLessThan(2000);
  });

  test("where not even a connection comes about", async () => {
    const report = await examine(given("a:1,b:1,c:1"), { ...options, seconds: 2 });
    expect(report.findings.map(({ fault }) => fault)).toEqual(["dropped", "dropped", "dropped"]);
    expect(report.milliseconds).toBeLessThan(2000);
  });
});
