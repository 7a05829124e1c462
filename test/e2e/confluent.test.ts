import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { buildStandIn, type StandIn } from "../stand-ins/images.ts";
import { TestHost } from "./test-host.ts";

/**
 * All of `seed` under the names of Confluent's images, used from another machine. Kafka, ZooKeeper and the worker of
 * Connect are real ones that keep Confluent's contract; Schema Registry, REST Proxy and ksqlDB are stand-ins, held to recordings.
 */

const ADDRESS = "10.87.31.1";

const STAND_INS: Readonly<Record<StandIn, string>> = {
  "kafka-connect": "confluentinc/cp-kafka-connect:7.0.1",
  ksqldb: "confluentinc/cp-ksqldb-server:7.0.1",
  "ksqldb-cli": "confluentinc/cp-ksqldb-cli:7.0.1",
  "rest-proxy": "confluentinc/cp-kafka-rest:7.0.1",
  "schema-registry": "confluentinc/cp-schema-registry:7.0.1",
};

const CONTAINERS = [
  "broker",
  "connect",
  "ksqldb-cli",
  "ksqldb-server",
  "rest-proxy",
  "schema-registry",
  "zookeeper",
];

let host: TestHost;
let client: string;

beforeAll(async () => {
  host = await TestHost.create([
    "kafka-platform-kit/kafka:3.0.1",
    "kafka-platform-kit/zookeeper:3.6.3",
    "kafka-platform-kit/java:17",
  ]);
  // As after a pull.
  const tag = (ours: string, theirs: string): Promise<string> =>
    host.must("docker", "tag", `kafka-platform-kit/${ours}`, `confluentinc/${theirs}:7.0.1`);
  await tag("kafka:3.0.1", "cp-kafka");
  await tag("zookeeper:3.6.3", "cp-zookeeper");
  for (const [kind, image] of Object.entries(STAND_INS)) {
    await buildStandIn(kind as StandIn, image, host.dockerHost);
  }
  client = await host.addClientMachine(ADDRESS, "10.87.31.2");
});

afterAll(async () => {
  await host?.remove();
});

async function published(): Promise<string[]> {
  const ports = await host.must("docker", "ps", "--format", "{{.Ports}}");
  return [...ports.matchAll(/(\S+)->/g)].map(([, address]) => address ?? "").sort();
}

async function expectEmptyPlan(env: Readonly<Record<string, string>>): Promise<void> {
  const plan = await host.plan("seed", { env });
  expect(plan, plan.output).toMatchObject({ exitCode: 0 });
}

/** curl on the other machine. */
async function curl(...args: string[]): Promise<string> {
  return host.must(...["ip", "netns", "exec", client, "curl", "-sS", "-m", "60"], ...args);
}

const elsewhere = { SEED_ADDRESS: ADDRESS };

describe("SEED_ADDRESS=… npm start -- seed", () => {
  test("brings up every service of the compose file, and proves each", async () => {
    const { exitCode, output } = await host.run(["node", "cli/run.mjs", "start", "seed"], {
      env: elsewhere,
    });
    expect(exitCode, output).toBe(0);
    expect(output).toContain("images     confluent 7.0.1: asked for by the environment");
    expect(output).not.toContain("left out");
    expect(output).toContain(`PLAINTEXT_HOST  ${ADDRESS}:9092  for clients elsewhere`);
    expect(output).toContain(`  http://${ADDRESS}:8082  for clients elsewhere`);
    expect(await host.lines("docker", "ps", "--format", "{{.Names}}")).toEqual(CONTAINERS);
    await expectEmptyPlan(elsewhere);
  });

  test("publishes the services there, and ZooKeeper for the host only", async () => {
    expect(await published()).toEqual(
      [
        ...[8081, 8082, 8083, 8088, 9092, 9101].map((port) => `${ADDRESS}:${port}`),
        "127.0.0.1:2181",
      ].sort(),
    );
  });

  test("lets another machine make the four calls to the REST Proxy, by the address that comes back", async () => {
    const proxy = `http://${ADDRESS}:8082`;
    const json = "application/vnd.kafka.json.v2+json";
    const v2 = "application/vnd.kafka.v2+json";
    const produced = await curl(
      ...["-X", "POST", "-H", `Content-Type: ${json}`],
      ...["--data", '{"records":[{"value":{"foo":"bar"}}]}', `${proxy}/topics/jsontest`],
    );
    expect(JSON.parse(produced)).toMatchObject({ offsets: [{ partition: 0, offset: 0 }] });

    const made = await curl(
      ...["-X", "POST", "-H", `Content-Type: ${v2}`, "--data"],
      '{"name": "my_consumer_instance", "format": "json", "auto.offset.reset": "earliest"}',
      `${proxy}/consumers/my_json_consumer`,
    );
    const { base_uri: base } = JSON.parse(made) as { base_uri: string };
    expect(base).toBe(`${proxy}/consumers/my_json_consumer/instances/my_consumer_instance`);
    try {
      await curl(
        ...["--fail", "-X", "POST", "-H", `Content-Type: ${v2}`],
        ...["--data", '{"topics":["jsontest"]}', `${base}/subscription`],
      );
      // The first fetch may come before the group has settled, and is empty then.
      const fetched: unknown[] = [];
      const deadline = Date.now() + 60_000;
      while (fetched.length === 0 && Date.now() < deadline) {
        const records = await curl("--fail", "-H", `Accept: ${json}`, `${base}/records`);
        fetched.push(...(JSON.parse(records) as unknown[]));
      }
      expect(fetched).toEqual([
        { topic: "jsontest", key: null, value: { foo: "bar" }, partition: 0, offset: 0 },
      ]);
    } finally {
      await curl("--fail", "-X", "DELETE", "-H", `Content-Type: ${v2}`, base);
    }
  });

  test("sends JMX's clients to that address, too", async () => {
    const version = await host.must(
      ...["docker", "run", "--rm", "--network=host", "--entrypoint", "kafka-run-class"],
      ...["confluentinc/cp-kafka:7.0.1", "kafka.tools.JmxTool", "--one-time", "true"],
      ...["--jmx-url", `service:jmx:rmi:///jndi/rmi://${ADDRESS}:9101/jmxrmi`],
      ...["--object-name", "kafka.server:type=app-info", "--attributes", "version"],
    );
    expect(version).toMatch(/,3\.0\.1$/m);
  });

  test("leaves the commands in the broker's container alone", async () => {
    // They inherit the broker's environment, its JMX port included.
    const topics = await host.lines(
      ...["docker", "exec", "broker", "kafka-topics", "--list"],
      ...["--bootstrap-server", "broker:29092"],
    );
    expect(topics).toContain("jsontest");
  });
});

test("without SEED_ADDRESS, a deploy takes it all back to 127.0.0.1, and loses nothing", async () => {
  const deployed = await host.kit("start", "seed");
  expect(deployed.exitCode, deployed.output).toBe(0);
  expect(await published()).toEqual(
    [2181, 8081, 8082, 8083, 8088, 9092, 9101].map((port) => `127.0.0.1:${port}`),
  );
  const outputs = JSON.parse(
    await host.must("node", "cli/run.mjs", "outputs", "seed"),
  ) as PlatformOutputs;
  expect(outputs.kafka.listeners["PLAINTEXT_HOST"]).toEqual({
    vantage: "host",
    bootstrapServers: "localhost:9092",
    security: "PLAINTEXT",
  });
  expect(outputs.services).toEqual({
    schemaRegistry: {
      url: "http://localhost:8081",
      networkUrl: "http://schema-registry:8081",
      container: "schema-registry",
      product: "confluent",
    },
    connect: {
      url: "http://localhost:8083",
      networkUrl: "http://connect:8083",
      container: "connect",
    },
    ksqlDb: {
      url: "http://localhost:8088",
      networkUrl: "http://ksqldb-server:8088",
      container: "ksqldb-server",
      cli: { container: "ksqldb-cli" },
    },
    restProxy: {
      url: "http://localhost:8082",
      networkUrl: "http://rest-proxy:8082",
      container: "rest-proxy",
    },
  });
  const kept = await host.must(
    ...["docker", "exec", "broker", "kafka-console-consumer", "--bootstrap-server=broker:29092"],
    ...["--topic=jsontest", "--from-beginning", "--max-messages=1", "--timeout-ms=60000"],
  );
  expect(kept).toContain('{"foo":"bar"}');
  await expectEmptyPlan({});
});

test("and only a destroy removes it", async () => {
  const removed = await host.kit("destroy", "seed", "--yes");
  expect(removed.exitCode, removed.output).toBe(0);
  expect(await host.lines("docker", "ps", "-aq")).toEqual([]);
  expect(await host.lines("docker", "volume", "ls", "-q")).toEqual([]);
});
