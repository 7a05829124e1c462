import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { TestHost } from "./test-host.ts";

/** Three brokers and three controllers on one host. */

const NODES = [1, 2, 3];
const CONTAINERS = [
  ...NODES.map((id) => `cluster-kafka-${id}`),
  ...NODES.map((id) => `cluster-kafka-controller-${id}`),
];
const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.create(["kafka-platform-kit/kafka:4.1.1"]);
});

afterAll(async () => {
  await host?.remove();
});

/** Which containers run, and since when. */
async function runs(): Promise<string[]> {
  const ids = await host.lines("docker", "ps", "--quiet");
  return host.lines(
    ...["docker", "inspect", "--format", "{{.Name}} {{.Id}} {{.State.StartedAt}}", ...ids],
  );
}

test("starts, and is proven on every broker, without one of them, and by its controllers", async () => {
  const { exitCode, output } = await host.kit("start", "cluster");
  expect(exitCode, output).toBe(0);
  expect(await host.lines("docker", "ps", "--format", "{{.Names}}")).toEqual(CONTAINERS);
  for (const way of [
    /^✔ {2}Kafka HOST +the host +localhost:9092 +kafkajs +\d+ proven\n +localhost:9093\n +localhost:9094$/m,
    /^✔ {2}Kafka NETWORK +containers +cluster-kafka-1:19092 +kafka-console-producer, kafka-console-consumer +\d+ proven$/m,
    /^✔ {2}Broker loss +containers +cluster-kafka-1:19092 +kafka-verifiable-producer, kafkajs +\d+ proven$/m,
    /^✔ {2}Controllers +containers +cluster-kafka-controller-1 +kafka-metadata-quorum +1 proven\n +cluster-kafka-controller-2\n +cluster-kafka-controller-3$/m,
  ]) {
    expect(output).toMatch(way);
  }
  expect(output).toMatch(/^cluster: green, \d+ proven, 0 failed, 0 not tried$/m);
  expect(output).toMatch(/broker \d was killed: \d{3} records were acknowledged before/);
});

test("publishes each broker's listener for the host at a port of its own, and nothing beyond 127.0.0.1", async () => {
  const published = await host.lines("docker", "ps", "--format", "{{.Names}} {{.Ports}}");
  const ports = published.flatMap((line) =>
    [...line.matchAll(/(\S+):(\d+)->/g)].map(
      ([, ip, port]) => `${line.split(" ")[0]} ${ip}:${port}`,
    ),
  );
  expect(ports).toEqual(NODES.map((id) => `cluster-kafka-${id} 127.0.0.1:${9091 + id}`));
});

test("serves programs on the host that know any one of its brokers", async () => {
  const script = `
    const { Kafka, logLevel } = require(${JSON.stringify(`${MODULES}kafkajs`)});
    (async () => {
      for (const port of [9092, 9093, 9094]) {
        const kafka = new Kafka({ brokers: ["localhost:" + port], logLevel: logLevel.NOTHING });
        const admin = kafka.admin();
        await admin.connect();
        const { brokers } = await admin.describeCluster();
        await admin.disconnect();
        const producer = kafka.producer();
        await producer.connect();
        for (const partition of [0, 1, 2]) {
          await producer.send({ topic: "hosts", acks: -1, messages: [{ partition, value: "from " + port }] });
        }
        await producer.disconnect();
        console.log(brokers.map(({ nodeId, host, port }) => nodeId + "=" + host + ":" + port).sort().join(" "));
      }
    })().catch((error) => { console.error(error); process.exit(1); });`;
  const tools = ["--bootstrap-server", "cluster-kafka-2:19092", "--topic", "hosts"];
  const create = ["--create", "--replica-assignment", "1:2:3,2:3:1,3:1:2"];
  await host.must("docker", "exec", "cluster-kafka-1", "kafka-topics", ...tools, ...create);
  const seen = await host.must("node", "-e", script);
  const all = "1=localhost:9092 2=localhost:9093 3=localhost:9094";
  expect(seen.trim().split("\n")).toEqual([all, all, all]);
});

test("serves containers on its network that know any one of its brokers", async () => {
  for (const id of NODES) {
    const output = await host.must(
      ...["docker", "exec", `cluster-kafka-controller-${id}`, "kafka-console-consumer"],
      ...["--bootstrap-server", `cluster-kafka-${id}:19092`, "--topic", "hosts"],
      ...["--from-beginning", "--max-messages", "9", "--timeout-ms", "30000"],
    );
    const values = output.split("\n").filter((line) => line.startsWith("from "));
    expect(values.sort()).toEqual(
      [9092, 9093, 9094].flatMap((port) => Array.from({ length: 3 }, () => `from ${port}`)),
    );
  }
});

test("says in the outputs who is controller only, and that a broker may be lost", async () => {
  const outputs = JSON.parse(
    await host.must("node", "cli/run.mjs", "outputs", "cluster"),
  ) as PlatformOutputs;
  expect(outputs.kafka.controllers).toEqual(
    NODES.map((id) => ({ id: 100 + id, container: `cluster-kafka-controller-${id}` })),
  );
  expect(outputs.smoke).toEqual({ brokerLoss: true });
});

test("is left as it is by a second deployment, and stays proven though a broker was killed for it", async () => {
  const before = await runs();
  const deployed = await host.kit("deploy", "cluster");
  expect(deployed, deployed.output).toMatchObject({ exitCode: 0 });
  expect(deployed.output).toContain("cluster is as its file asks; nothing to change");
  const started = await host.kit("start", "cluster");
  expect(started, started.output).toMatchObject({ exitCode: 0 });
  expect(started.output).toContain("nothing to change; npm run smoke -- cluster proves it again");
  expect(await runs()).toEqual(before);
});

test("gets its broker back when the loss of it is interrupted", async () => {
  const lost = ["docker", "ps", "--all", "--filter", "status=exited", "--format", "{{.Names}}"];
  const smoke = host.spawn(["node", "cli/run.mjs", "smoke", "cluster"]);
  const ended = smoke.then(() => ["the run has ended"]);
  let down: string[] = [];
  while (down.length === 0) down = await Promise.race([host.lines(...lost), ended]);
  smoke.kill("SIGINT");
  const { all, exitCode } = await smoke;
  const output = String(all);
  expect(down, output).toEqual([expect.stringMatching(/^cluster-kafka-\d$/)]);
  expect(exitCode, output).not.toBe(0);
  expect(output).toContain("cluster: cut off, ");
  expect(await host.lines("docker", "ps", "--format", "{{.Names}}")).toEqual(CONTAINERS);
});

test("leaves nothing of the smoke tests, and nothing at all when it is destroyed", async () => {
  const topics = await host.must(
    ...["docker", "exec", "cluster-kafka-1", "kafka-topics", "--list"],
    ...["--bootstrap-server", "cluster-kafka-1:19092"],
  );
  expect(topics.trim().split("\n").sort()).toEqual(["__consumer_offsets", "hosts"]);
  const destroyed = await host.kit("destroy", "cluster", "--yes");
  expect(destroyed, destroyed.output).toMatchObject({ exitCode: 0 });
  expect(await host.lines("docker", "ps", "--all", "--quiet")).toEqual([]);
  expect(await host.lines("docker", "volume", "ls", "--quiet")).toEqual([]);
  expect(
    await host.lines("docker", "network", "ls", "--filter", "type=custom", "--format", "{{.Name}}"),
  ).toEqual([]);
});
