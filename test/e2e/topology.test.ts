/** Clusters of several brokers whose metadata is kept in each of the ways there are, deployed, changed and used from another machine. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestHost } from "./test-host.ts";

const LAN = "10.203.8.1";
const SECOND = "10.203.8.11";

let host: TestHost;
let machine: string;

beforeAll(async () => {
  host = await TestHost.create([
    "kafka-platform-kit/kafka:3.0.1",
    "kafka-platform-kit/kafka:3.9.1",
    "kafka-platform-kit/zookeeper:3.6.3",
  ]);
  machine = await host.addClientMachine(LAN, "10.203.8.2");
  const cable = /^\d+: (\S+?)[@ ]/.exec(await host.must("ip", "-o", "addr", "show", "to", LAN));
  await host.must("ip", "addr", "add", `${SECOND}/24`, "dev", cable?.[1] ?? "no such cable");
});

afterAll(async () => {
  await host?.remove();
});

/** Writes an environment of the host's own. */
function write(environment: string, settings: string): void {
  writeFileSync(
    join(host.checkout, "stacks", "environments", `${environment}.ts`),
    `import { Listener, Memory, PublishedPort } from "../../constructs/index.ts";
import type { EnvironmentSettings } from "../environment.ts";
export default { ${settings} } satisfies EnvironmentSettings;
`,
  );
}

function edit(environment: string, from: string, to: string): void {
  const file = join(host.checkout, "stacks", "environments", `${environment}.ts`);
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

/** Makes a topic; what the broker says of it once it has heard of it, which the controller does not wait for. */
async function make(broker: string, topic: string, options = ""): Promise<string> {
  const topics = `kafka-topics --bootstrap-server ${broker}:19092 --topic ${topic}`;
  const described = `until ${topics} --describe 2>/tmp/complaint; do sleep 1; done`;
  const script = `${topics} --create ${options} && timeout 60 bash -c '${described}'`;
  return host.must("docker", "exec", broker, "bash", "-c", script);
}

/** Writes a record to each broker and reads all, on another machine that knows one address. */
async function roundTrip(bootstrap: string): Promise<string> {
  const script = `
    const { Kafka, logLevel } = require("kafkajs");
    const kafka = new Kafka({ brokers: ["${bootstrap}"], logLevel: logLevel.ERROR });
    const run = "${bootstrap} at " + Date.now();
    (async () => {
      const producer = kafka.producer(), consumer = kafka.consumer({ groupId: run });
      await producer.connect();
      for (const partition of [0, 1, 2]) {
        const messages = [{ partition, key: run, value: "broker " + (partition + 1) }];
        await producer.send({ topic: "trip", acks: -1, messages });
      }
      await consumer.connect();
      await consumer.subscribe({ topic: "trip", fromBeginning: true });
      const seen = [];
      await consumer.run({ eachMessage: async ({ message: { key, value } }) => {
        if (String(key) === run) seen.push(String(value));
        if (seen.length < 3) return;
        console.log("carried by " + seen.sort().join(", "));
        setImmediate(() => process.exit(0));
      } });
    })();`;
  const { output } = await host.run([
    ...["nsenter", `--net=/run/netns/${machine}`, "--"],
    ...["timeout", "60", "node", "-e", script],
  ]);
  return output;
}

describe("three brokers that are their own controllers", () => {
  const ALL = "carried by broker 1, broker 2, broker 3";
  const brokers = [`${LAN}:9192`, `${LAN}:9193`, `${SECOND}:29192`];

  test("are proven on every listener, by rule and by their own addresses", async () => {
    write(
      "three",
      `distribution: "local", versions: { local: "3.9.1" },
       kafka: {
         brokers: [{}, {}, { published: { LAN: { address: "${SECOND}", port: 29192 }, HOST: { port: 9999 } } }],
         listeners: [Listener.network(), Listener.host(), Listener.external({ name: "LAN", address: "${LAN}" })],
         heap: Memory.mebibytes(256),
       }`,
    );
    const { exitCode, output } = await host.kit("start", "three");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("HOST       localhost:9092,localhost:9093,localhost:9999");
    expect(output).toContain(`LAN        ${brokers.join(",")}`);
    // Partition n is on broker n + 1 alone.
    await make(
      "three-kafka-2",
      "trip",
      "--replica-assignment 1,2,3 --config min.insync.replicas=1",
    );
  });

  test.each(brokers)("carry records for another machine that knows %s only", async (bootstrap) => {
    expect(await roundTrip(bootstrap)).toContain(ALL);
  });

  test("have three replicas of what is made without a number", async () => {
    const plain = await make("three-kafka-2", "plain");
    expect(plain).toContain("ReplicationFactor: 3");
    expect(plain).toContain("min.insync.replicas=2");
    const offsets =
      "kafka-topics --bootstrap-server three-kafka-2:19092 --topic __consumer_offsets";
    const internal = await host.must(
      ...["docker", "exec", "three-kafka-2", "bash", "-c", `${offsets} --describe`],
    );
    expect(internal).toContain("ReplicationFactor: 3");
  });

  test("are not taken down together by a deploy that nobody allowed to", async () => {
    edit("three", "mebibytes(256)", "mebibytes(280)");
    const { exitCode, output } = await host.kit("deploy", "three", "--yes");
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "this deploy replaces brokers three-kafka-1, three-kafka-2, three-kafka-3 at the same time",
    );
    expect(output).toContain("nothing was changed; say --all-at-once to have that");
    expect(await roundTrip(brokers[1]!)).toContain(ALL);
  });

  test("are all replaced when that was allowed, and keep their records", async () => {
    const { exitCode, output } = await host.kit("deploy", "three", "--all-at-once");
    expect(exitCode, output).toBe(0);
    const count = "kafka-get-offsets --bootstrap-server three-kafka-1:19092 --topic trip | sort";
    const said = await host.must("docker", "exec", "three-kafka-1", "bash", "-c", count);
    expect(said.split("\n")).toEqual(["trip:0:4", "trip:1:4", "trip:2:4"]);
  });

  test("cannot become another quorum", async () => {
    edit("three", "brokers: [{}, {},", "brokers: [{}, {}, {}, {},");
    const { exitCode, output } = await host.kit("deploy", "three");
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /three asks for the controllers 1, 2, 3, 4, 5, but in volume three-kafka-\d-data it has 1, 2, 3; a deploy cannot change them/,
    );
    edit("three", "brokers: [{}, {}, {}, {},", "brokers: [{}, {},");
  });

  test("leave nothing", async () => {
    const { exitCode, output } = await host.kit("destroy", "three", "--yes");
    expect(exitCode, output).toBe(0);
    expect(await host.must("docker", "ps", "--all", "--quiet")).toBe("");
    expect(await host.must("docker", "volume", "ls", "--quiet")).toBe("");
  });
});

describe("brokers with a ZooKeeper ensemble of three", () => {
  test("are proven, and so is every server", async () => {
    write(
      "zoo",
      `distribution: "local", versions: { local: "3.0.1" },
       zooKeeper: { servers: 3, publish: PublishedPort.host(2181) },
       kafka: { brokers: 3, listeners: [Listener.network(), Listener.host()], heap: Memory.mebibytes(256) }`,
    );
    const { exitCode, output } = await host.kit("start", "zoo");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/ZooKeeper +containers +zoo-zookeeper-1:2181/);
    const leaders = await Promise.all(
      [2181, 2182, 2183].map((port) =>
        host.must(
          "bash",
          "-c",
          `exec 3<>/dev/tcp/127.0.0.1/${port}; echo srvr >&3; grep ^Mode <&3`,
        ),
      ),
    );
    expect(leaders.map((line) => line.trim()).sort()).toEqual([
      "Mode: follower",
      "Mode: follower",
      "Mode: leader",
    ]);
  });

  test("outlive one of its servers", async () => {
    await host.must("docker", "kill", "zoo-zookeeper-2");
    expect(await make("zoo-kafka-1", "still", "--replication-factor 3")).toContain(
      "ReplicationFactor: 3",
    );
    const { exitCode, output } = await host.kit("deploy", "zoo");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("starting zoo-zookeeper-2, which was stopped");
  });

  test("cannot be left with one server", async () => {
    edit("zoo", "servers: 3", "servers: 1");
    const { exitCode, output } = await host.kit("deploy", "zoo");
    expect(exitCode).toBe(1);
    expect(output).toMatch(
      /zoo asks for one ZooKeeper server, but that of volume zoo-zookeeper-\d-data was one of several/,
    );
  });
});
