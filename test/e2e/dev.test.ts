import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { TestHost } from "./test-host.ts";

/** The whole platform, as far as its images can be built from package registries. */

const CONTAINERS = ["dev-connect", "dev-kafka-1", "dev-schema-registry"];

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.create([
    "kafka-platform-kit/kafka:4.1.1",
    "kafka-platform-kit/apicurio-registry:3.0.9",
  ]);
});

afterAll(async () => {
  await host?.remove();
});

/** Asks one of its services, from the host. */
async function ask(...request: string[]): Promise<unknown> {
  const answer = await host.must("curl", "-sS", "--fail-with-body", ...request);
  return answer === "" ? undefined : JSON.parse(answer);
}

describe("npm start", () => {
  test("brings up all that these images have, and proves it", async () => {
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(await host.lines("docker", "ps", "--format", "{{.Names}}")).toEqual(CONTAINERS);
    expect(output).toContain(
      "falling back to images built here (Kafka 4.1.1), without ksqlDB and REST Proxy",
    );
    expect(output).toContain("left out   ksqlDB, REST Proxy: these images have none");
    expect(output).toContain("  http://localhost:8083  for programs on this host");
  });

  test("publishes nothing beyond 127.0.0.1", async () => {
    const ports = await host.must("docker", "ps", "--format", "{{.Ports}}");
    const published = [...ports.matchAll(/(\S+)->/g)].map(([, address]) => address);
    expect(published.sort()).toEqual(["127.0.0.1:8081", "127.0.0.1:8083", "127.0.0.1:9092"]);
  });

  test("says in the outputs what is there, and not what is left out", async () => {
    const outputs = await host.must("node", "cli/run.mjs", "outputs", "dev");
    expect((JSON.parse(outputs) as PlatformOutputs).services).toEqual({
      schemaRegistry: {
        url: "http://localhost:8081/apis/ccompat/v7",
        networkUrl: "http://dev-schema-registry:8081/apis/ccompat/v7",
        container: "dev-schema-registry",
        product: "apicurio",
      },
      connect: {
        url: "http://localhost:8083",
        networkUrl: "http://dev-connect:8083",
        container: "dev-connect",
      },
    });
  });

  test("says what is left out also where nothing changes, and in the status", async () => {
    const missing = "ksqlDB, REST Proxy: these images have none";
    expect(await host.must("node", "cli/run.mjs", "deploy", "dev")).toContain(
      `dev is as its file asks, without ${missing}; nothing to change`,
    );
    expect(await host.must("node", "cli/run.mjs", "status", "dev")).toContain(
      `left out\t${missing}`,
    );
  });

  test("leaves nothing for a plan to do, nor for a second start", async () => {
    const plan = await host.plan("dev");
    expect(plan, plan.output).toMatchObject({ exitCode: 0 });
    const before = await host.lines("docker", "ps", "-q");
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("nothing to change");
    expect(await host.lines("docker", "ps", "-q")).toEqual(before);
  });
});

describe("10 MB/s", () => {
  const RECORDS = 20 * 10 * 1024;
  const SERVER = "dev-kafka-1:19092";

  /** Runs a command of Kafka's in a container of its own, so that its memory is not the broker's. */
  function kafka(...command: string[]): Promise<string> {
    const image = "kafka-platform-kit/kafka:4.1.1";
    return host.must("docker", "run", "--rm", "--network=dev-network", image, ...command);
  }

  /** Since when each container runs without having been started again or killed. */
  function lives(): Promise<string[]> {
    const told = "{{.Name}} {{.State.StartedAt}} {{.RestartCount}} {{.State.OOMKilled}}";
    return host.lines("docker", "inspect", `--format=${told}`, ...CONTAINERS);
  }

  test("pass through the broker: all is acknowledged and read, and no service is killed for it", async () => {
    const before = await lives();
    expect(before).toEqual(CONTAINERS.map(() => expect.stringMatching(/ false$/)));
    const topic = "--topic=load";
    await kafka("kafka-topics", `--bootstrap-server=${SERVER}`, "--create", topic);
    const [written, read] = await Promise.all([
      kafka(
        ...["kafka-producer-perf-test", topic, `--num-records=${RECORDS}`, "--record-size=1024"],
        ...["--throughput=10240", "--producer-props", `bootstrap.servers=${SERVER}`, "acks=all"],
      ),
      kafka(
        ...["kafka-consumer-perf-test", topic, `--messages=${RECORDS}`],
        ...[`--bootstrap-server=${SERVER}`, "--timeout=60000", "--hide-header"],
      ),
    ]);
    expect(written).toMatch(new RegExp(`^${RECORDS} records sent, `, "m"));
    // Start, end, MB, MB/s, records, …
    expect(read.trim().split("\n").at(-1)?.split(", ")[4], read).toBe(String(RECORDS));
    const offsets = await kafka("kafka-get-offsets", `--bootstrap-server=${SERVER}`, topic);
    expect(offsets.trim()).toBe(`load:0:${RECORDS}`);

    expect(await lives()).toEqual(before);
    const { exitCode, output } = await host.kit("smoke", "dev");
    expect(exitCode, output).toBe(0);
  });
});

describe("Connect", () => {
  const connector = {
    "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
    file: "/tmp/lines.txt",
    topic: "lines",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
  };

  async function consumed(count: number): Promise<string[]> {
    const output = await host.must(
      ...["docker", "exec", "dev-kafka-1", "kafka-console-consumer", "--topic=lines"],
      ...["--bootstrap-server=dev-kafka-1:19092", "--from-beginning"],
      ...[`--max-messages=${count}`, "--timeout-ms=60000"],
    );
    return output.split("\n").filter((line) => line.startsWith("line-"));
  }

  test("runs Kafka's own file connector, whose records a restart does not repeat", async () => {
    const write = "printf 'line-1\\nline-2\\n' > /tmp/lines.txt";
    await host.must("docker", "exec", "dev-connect", "bash", "-c", write);
    await ask(
      ...["-X", "PUT", "-H", "Content-Type: application/json", "-d", JSON.stringify(connector)],
      "http://localhost:8083/connectors/lines/config",
    );
    expect(await consumed(2)).toEqual(["line-1", "line-2"]);

    // In order, so that it keeps how far it has read.
    await host.must("docker", "stop", "dev-connect");
    const { exitCode, output } = await host.kit("deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("starting dev-connect, which was stopped");
    expect(await ask("http://localhost:8083/connectors")).toEqual(["lines"]);
    await host.must("docker", "exec", "dev-connect", "bash", "-c", "echo line-3 >> /tmp/lines.txt");
    expect(await consumed(3)).toEqual(["line-1", "line-2", "line-3"]);
  });

  test("ends in order when it is removed, before the broker goes", async () => {
    const log = host.spawn(["docker", "logs", "--follow", "dev-connect"]);
    const { exitCode, output } = await host.kit("destroy", "dev", "--yes");
    expect(exitCode, output).toBe(0);
    const { all } = await log;
    expect(all).toContain("Kafka Connect stopped");
    for (const kind of ["container", "volume"]) {
      expect(
        await host.lines("docker", kind, "ls", "-q", ...(kind === "container" ? ["-a"] : [])),
      ).toEqual([]);
    }
  });
});

test("an environment that asks for these images by name is told what they lack", async () => {
  const file = join(host.checkout, "stacks/environments/dev.ts");
  const shipped = readFileSync(file, "utf8");
  await host.must("sed", "-i", 's/distribution: "confluent"/distribution: "local"/', file);
  await host.must("rm", "-f", ".kafka-platform/dev.lock.json");
  try {
    const { exitCode, output } = await host.kit("deploy", "dev");
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "local 4.1.1 has no image of ksqlDB; use Distribution.confluent(), or give ksqlDb to Distribution.of()",
    );
    expect(await host.lines("docker", "ps", "-aq")).toEqual([]);
  } finally {
    await host.must("bash", "-c", 'printf %s "$1" > "$2"', "bash", shipped, file);
  }
});
