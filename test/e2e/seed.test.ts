import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import type { EnvironmentLock } from "../../stacks/environment-lock.ts";
import { TestHost } from "./test-host.ts";

const CONTAINERS = ["broker", "connect", "schema-registry", "zookeeper"];
const VOLUMES = ["seed-kafka-1-data", "seed-zookeeper-1-data", "seed-zookeeper-1-log"];
const REGISTRY = "http://localhost:8081/apis/ccompat/v7";

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.create([
    "kafka-platform-kit/kafka:3.0.1",
    "kafka-platform-kit/kafka:3.9.1",
    "kafka-platform-kit/zookeeper:3.6.3",
    "kafka-platform-kit/zookeeper:3.8.4",
    "kafka-platform-kit/apicurio-registry:3.0.9",
  ]);
});

afterAll(async () => {
  await host?.remove();
});

function lockOfSeed(): EnvironmentLock {
  const file = join(host.checkout, ".kafka-platform", "seed.lock.json");
  return JSON.parse(readFileSync(file, "utf8")) as EnvironmentLock;
}

async function expectEmptyPlan(): Promise<void> {
  const plan = await host.plan("seed");
  expect(plan, plan.output).toMatchObject({ exitCode: 0 });
}

async function produce(...records: string[]): Promise<void> {
  await host.must(
    ...["docker", "exec", "broker", "bash", "-c"],
    `printf '%s\\n' ${records.join(" ")} | kafka-console-producer --bootstrap-server broker:29092 --topic kept`,
  );
}

async function consumeAll(): Promise<string[]> {
  const output = await host.must(
    ...["docker", "exec", "broker", "bash", "-c"],
    "kafka-console-consumer --bootstrap-server broker:29092 --topic kept --partition 0 --offset earliest --timeout-ms 3000 2>/dev/null || true",
  );
  return output.split("\n").filter((line) => line.startsWith("record-"));
}

describe("npm start -- seed", () => {
  test("goes from nothing to a proven ZooKeeper, broker, Schema Registry and Connect", async () => {
    const { exitCode, output } = await host.kit("start", "seed");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/seed: Kafka 3\.0\.1 \(ZooKeeper\), cluster [\w-]{22}\n/);
    expect(output).toContain("PLAINTEXT_HOST  localhost:9092  for programs on this host");
    expect(output).toContain(`${REGISTRY}  for programs on this host`);
    // This host reaches no registry.
    expect(output).toContain("images     local 3.0.1: Confluent 7.0.1 was asked for; ");
    expect(lockOfSeed().images).toMatchObject({ distribution: "local", version: "3.0.1" });
  });

  test("has the names and ports of the compose file, and nothing beyond 127.0.0.1", async () => {
    expect(await host.lines("docker", "ps", "--format", "{{.Names}}")).toEqual(CONTAINERS);
    // Images have volumes without a name, too, which go with their containers.
    const named = ["--filter", "label=kafka-platform-kit.environment=seed"];
    expect(await host.lines("docker", "volume", "ls", "-q", ...named)).toEqual(VOLUMES);
    const ports = await host.must("docker", "ps", "--format", "{{.Ports}}");
    const published = [...ports.matchAll(/(\S+)->/g)].map(([, address]) => address);
    expect(published.sort()).toEqual([
      "127.0.0.1:2181",
      "127.0.0.1:8081",
      "127.0.0.1:8083",
      "127.0.0.1:9092",
      "127.0.0.1:9101",
    ]);
  });

  test("keeps the cluster id that Kafka drew", async () => {
    const said = await host.must(
      ...["docker", "exec", "zookeeper", "zookeeper-shell", "localhost:2181", "get", "/cluster/id"],
    );
    const id = /"id":"([\w-]{22})"/.exec(said)?.[1];
    expect(id).toBeDefined();
    expect(lockOfSeed().clusterId).toBe(id);
  });

  test("leaves nothing for a plan to do, nor for a second start", async () => {
    await expectEmptyPlan();
    const before = await host.lines("docker", "ps", "-q");
    const { exitCode, output } = await host.kit("start", "seed");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("nothing to change");
    expect(await host.lines("docker", "ps", "-q")).toEqual(before);
  });

  test("gives the broker's metrics to programs on the host, by JMX", async () => {
    const version = await host.must(
      ...["docker", "run", "--rm", "--network=host", "--entrypoint", "kafka-run-class"],
      ...["kafka-platform-kit/kafka:3.0.1", "kafka.tools.JmxTool", "--one-time", "true"],
      ...["--jmx-url", "service:jmx:rmi:///jndi/rmi://localhost:9101/jmxrmi"],
      ...["--object-name", "kafka.server:type=app-info", "--attributes", "version"],
    );
    expect(version).toMatch(/,3\.0\.1$/m);
  });

  test("answers but one word to whoever talks to ZooKeeper", async () => {
    const say = (word: string): Promise<string> =>
      host.must(...["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/2181; printf ${word} >&3; cat <&3`]);
    expect(await say("srvr")).toContain("Mode: standalone");
    expect(await say("ruok")).toBe("ruok is not executed because it is not in the whitelist.");
    expect(await say("conf")).toBe("conf is not executed because it is not in the whitelist.");
  });
});

describe("records and schemas survive", () => {
  const records = ["record-1", "record-2", "record-3"];
  const schema = { schema: JSON.stringify({ type: "string" }) };

  async function register(): Promise<number> {
    const answer = await host.must(
      ...["curl", "-sS", "-X", "POST", "-H", "Content-Type: application/json"],
      ...["-d", JSON.stringify(schema), `${REGISTRY}/subjects/kept/versions`],
    );
    return (JSON.parse(answer) as { id: number }).id;
  }

  async function expectAll(id: number): Promise<void> {
    expect(await consumeAll()).toEqual(records);
    const found = await host.must("curl", "-sS", `${REGISTRY}/schemas/ids/${id}`);
    expect((JSON.parse(found) as { schema: string }).schema).toBe(schema.schema);
    await expectEmptyPlan();
  }

  test("killed containers, a restart of the engine, destroy --keep-data", async () => {
    await produce(...records);
    const id = await register();
    const { clusterId } = lockOfSeed();

    await host.must("docker", "kill", ...CONTAINERS);
    const started = await host.kit("deploy", "seed");
    expect(started.exitCode, started.output).toBe(0);
    await expectAll(id);

    await host.restartEngine();
    const restarted = await host.kit("deploy", "seed");
    expect(restarted.exitCode, restarted.output).toBe(0);
    await expectAll(id);

    const removed = await host.kit("destroy", "seed", "--keep-data");
    expect(removed.exitCode, removed.output).toBe(0);
    expect(await host.lines("docker", "ps", "-aq")).toEqual([]);
    expect(await host.lines("docker", "volume", "ls", "-q")).toEqual(VOLUMES);
    const again = await host.kit("deploy", "seed");
    expect(again.exitCode, again.output).toBe(0);
    await expectAll(id);
    expect(lockOfSeed().clusterId).toBe(clusterId);
  });

  test("a broker stops in order while its ZooKeeper is still there", async () => {
    const { output } = await host.run(["docker", "logs", "broker"]);
    expect(output).toContain("started (kafka.server.KafkaServer)");
    const removed = host.spawn(["docker", "logs", "--follow", "broker"]);
    const destroyed = await host.kit("destroy", "seed", "--keep-data");
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    const { all } = await removed;
    expect(all).toContain("Controlled shutdown succeeded");
    expect(all).toContain("shut down completed (kafka.server.KafkaServer)");
  });

  test("a change from ZooKeeper to KRaft, which is refused", async () => {
    const file = join(host.checkout, "stacks/environments/seed.ts");
    const before = readFileSync(file, "utf8");
    try {
      writeFileSync(
        file,
        before.replace(/ {2}zooKeeper: .*\n/, "").replace('local: "3.0.1"', 'local: "3.9.1"'),
      );
      const { exitCode, output } = await host.run(["node", "cli/run.mjs", "deploy", "seed"], {
        env: { IMAGES: "local" },
      });
      expect(exitCode).toBe(1);
      expect(output).toContain(
        "seed asks for KRaft, but volume seed-kafka-1-data was written with ZooKeeper",
      );
      expect(await host.lines("docker", "ps", "-aq")).toEqual([]);
    } finally {
      writeFileSync(file, before);
    }
  });

  test("and only a destroy removes them", async () => {
    const { exitCode, output } = await host.kit("destroy", "seed", "--yes");
    expect(exitCode, output).toBe(0);
    expect(await host.lines("docker", "volume", "ls", "-q")).toEqual([]);
  });
});

test("Kafka 3.9.1 runs on ZooKeeper too, by plain cdktf", async () => {
  const options = { env: { IMAGES: "local:3.9.1" } };
  const deployed = await host.run(["npx", "cdktf", "deploy", "seed", "--auto-approve"], options);
  expect(deployed.exitCode, deployed.output).toBe(0);
  expect(deployed.output).toContain("schema-registry is ready");
  const outputs = JSON.parse(
    await host.must("node", "cli/run.mjs", "outputs", "seed"),
  ) as PlatformOutputs;
  expect(outputs.kafka).toMatchObject({ version: "3.9.1", metadata: "zookeeper" });
  const smoked = await host.kit("smoke", "seed");
  expect(smoked.exitCode, smoked.output).toBe(0);
  const destroyed = await host.run(["npx", "cdktf", "destroy", "seed", "--auto-approve"], options);
  expect(destroyed.exitCode, destroyed.output).toBe(0);
  expect(await host.lines("docker", "volume", "ls", "-q")).toEqual([]);
});
