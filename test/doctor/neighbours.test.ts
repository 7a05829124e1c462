import { describe, expect, test } from "vitest";
import { Docker } from "../../doctor/docker.ts";
import {
  brokerAt,
  findNeighbours,
  isLoopback,
  leadsTo,
  neighbourOf,
  type Neighbour,
} from "../../doctor/neighbours.ts";
import { putOnPath } from "../constructs/scratch.ts";
import { inspected } from "./inspected.ts";

const OWN = new Set(["10.0.0.1"]);

const kafka = neighbourOf(
  inspected({
    name: "kafka-1",
    env: {
      KAFKA_ADVERTISED_LISTENERS:
        "IN://kafka:19092, OUT://10.0.0.1:9092,nonsense,V6://::1:9092,FAR://kafka:123456",
      KAFKA_LISTENERS: "IN://:19092,OUT://:9092",
      KAFKA_BROKER_ID: "1",
      SECRET: "x=y",
    },
    networks: { net: { Aliases: ["kafka"], IPAddress: "172.20.0.2" } },
    published: [["10.0.0.1", 9092]],
  }),
);

describe("a container", () => {
  test("is read, and nothing of it but what listeners are about", () => {
    expect(kafka).toEqual({
      container: "kafka-1",
      state: "running",
      environment: undefined,
      networks: [{ name: "net", names: ["kafka-1", "kafka", "172.20.0.2"] }],
      published: [
        { host: "10.0.0.1", port: 9092 },
        { host: "10.0.0.1", port: 9092 },
      ],
      onHostNetwork: false,
      advertised: {
        variable: "KAFKA_ADVERTISED_LISTENERS",
        listeners: [
          { name: "IN", address: "kafka:19092" },
          { name: "OUT", address: "10.0.0.1:9092" },
        ],
        bound: "IN://:19092,OUT://:9092",
        protocols: undefined,
      },
      ownListeners: [],
      brokerId: 1,
    });
  });

  test("is this kit's only as a broker of its", () => {
    const labels = { "kafka-platform-kit.environment": "dev" };
    const broker = { ...labels, "kafka-platform-kit.service": "kafka" };
    expect(neighbourOf(inspected({ name: "a", labels })).environment).toBeUndefined();
    expect(neighbourOf(inspected({ name: "a", labels: broker })).environment).toBe("dev");
  });

  test("is known though another one goes while it is looked at", async () => {
    const found = JSON.stringify([inspected({ name: "kept" })]);
    putOnPath({
      docker: `
case $1 in
ps) echo kept; [ -e "$here/gone" ] || echo going ;;
container)
  case "$*" in
  *going*) touch "$here/gone"; echo "Error: No such container: going" >&2; exit 1 ;;
  *) cat <<'END'
${found}
END
  esac ;;
esac`,
    });
    const known = await findNeighbours(new Docker("unix:///any.sock"), 5);
    expect(known.map(({ container }) => container)).toEqual(["kept"]);
  });

  test("is not known where the engine does not answer", async () => {
    expect(await findNeighbours(new Docker("unix:///nonesuch.sock"), 5)).toEqual([]);
  });
});

test.for([
  ["localhost", true],
  ["kafka.localhost", true],
  ["localhost.localdomain", true],
  ["127.1.2.3", true],
  ["::1", true],
  ["localhost.example.org", false],
  ["10.127.0.1", false],
  ["kafka", false],
] as const)("isLoopback(%j) is %j", ([host, expected]) => {
  expect(isLoopback(host)).toBe(expected);
});

describe("an address leads to a container", () => {
  const everywhere = { ...kafka, published: [{ host: "0.0.0.0", port: 9092 }] };
  const inside = { ...kafka, published: [{ host: "127.0.0.1", port: 9092 }] };
  const onHost: Neighbour = { ...kafka, published: [], onHostNetwork: true };
  test.for<[string, Neighbour, string, string | undefined, boolean]>([
    ["by its published address", kafka, "10.0.0.1:9092", undefined, true],
    ["not by another port", kafka, "10.0.0.1:9093", undefined, false],
    ["not by a loopback that it is not bound to", kafka, "localhost:9092", undefined, false],
    [
      "by any of the host's, where it is bound to all",
      everywhere,
      "127.0.0.1:9092",
      undefined,
      true,
    ],
    ["by localhost, where it is bound to it", inside, "localhost:9092", undefined, true],
    ["not by a name of elsewhere", everywhere, "example.org:9092", undefined, false],
    ["by its address on a network, from the host", kafka, "172.20.0.2:19092", undefined, true],
    ["by its alias, on that network", kafka, "kafka:19092", "net", true],
    ["not by its alias on another", kafka, "kafka:19092", "other", false],
    ["not by the loopback of somebody beside it", everywhere, "localhost:9092", "net", false],
    ["by a port that it advertises, on the host's network", onHost, "127.0.0.1:9092", "host", true],
  ])("%s", ([, neighbour, address, network, expected]) => {
    const [host = "", port] = address.split(":");
    expect(leadsTo(neighbour, { host, port: Number(port) }, network, OWN)).toBe(expected);
  });

  test("and not by ports of this machine, where the engine is elsewhere", () => {
    const address = { host: "localhost", port: 9092 };
    expect(leadsTo(everywhere, address, undefined, new Set())).toBe(false);
  });
});

describe("a broker's container", () => {
  const second = { ...kafka, container: "kafka-2", brokerId: 2 };
  const elsewhere = { ...kafka, container: "stranger", networks: [] };
  const is =
    (name: string) =>
    ({ container }: Neighbour): boolean =>
      container === name;

  test("advertises the address under its id, and is on a network of one that answered", () => {
    expect(brokerAt([kafka, second], 2, "kafka:19092", is("kafka-1"))).toBe(second);
  });

  test("is none that answers to nobody, whatever it says", () => {
    expect(brokerAt([kafka, elsewhere], 1, "kafka:19092", is("nobody"))).toBeUndefined();
    expect(brokerAt([elsewhere, second], 1, "kafka:19092", is("kafka-2"))).toBeUndefined();
  });

  test("is not guessed among two", () => {
    const twin = { ...kafka, container: "twin" };
    expect(brokerAt([kafka, twin, second], 1, "kafka:19092", is("kafka-2"))).toBeUndefined();
  });
});
