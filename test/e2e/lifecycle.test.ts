import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import type { EnvironmentLock } from "../../stacks/environment-lock.ts";
import { TestHost, untilOutput } from "./test-host.ts";

const BROKER = "dev-kafka-1";
const VOLUME = "dev-kafka-1-data";
const TOPIC = "kept";

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.create([
    "kafka-platform-kit/kafka:3.9.1",
    "kafka-platform-kit/kafka:4.1.1",
    "kafka-platform-kit/apicurio-registry:3.0.9",
  ]);
  host.leaveBrokersOnly("dev");
});

afterAll(async () => {
  await host?.remove();
});

/** Records that were put in at first; they must outlive everything below. */
const records = Array.from({ length: 50 }, (_, i) => `record-${i}`);

async function consumeAll(): Promise<string[]> {
  const output = await host.must(
    ...["docker", "exec", BROKER, "bash", "-c"],
    `kafka-console-consumer --bootstrap-server ${BROKER}:19092 --topic ${TOPIC} --partition 0 --offset earliest --max-messages ${records.length} --timeout-ms 60000`,
  );
  return output.split("\n").filter((line) => line.startsWith("record-"));
}

async function idOf(container: string): Promise<string> {
  return host.must("docker", "inspect", "--format", "{{.Id}}", container);
}

/** What Kafka wrote when it formatted the volume: its directory's id is drawn anew by every format. */
async function formatOf(): Promise<string> {
  const properties = await host.must(
    ...["docker", "exec", BROKER, "cat", "/var/lib/kafka/data/meta.properties"],
  );
  expect(properties).toContain("directory.id=");
  return properties.replace(/^#.*$/gm, "");
}

async function outputs(): Promise<PlatformOutputs> {
  return JSON.parse(await host.must("node", "cli/run.mjs", "outputs", "dev")) as PlatformOutputs;
}

/** Names of everything in the engine that carries the environment's label. */
async function labelled(kind: "container" | "network" | "volume"): Promise<string[]> {
  const all = kind === "container" ? ["--all"] : [];
  const label = "label=kafka-platform-kit.environment=dev";
  const output = await host.must("docker", kind, "ls", "-q", ...all, "--filter", label);
  return output.split("\n").filter((line) => line !== "");
}

async function expectEmptyPlan(): Promise<void> {
  const plan = await host.plan("dev");
  expect(plan, plan.output).toMatchObject({ exitCode: 0 });
}

function lockOf(environment: string): EnvironmentLock {
  const file = join(host.checkout, ".kafka-platform", `${environment}.lock.json`);
  return JSON.parse(readFileSync(file, "utf8")) as EnvironmentLock;
}

function edit(file: string, from: string, to: string): void {
  const path = join(host.checkout, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe("npm start", () => {
  test("goes from nothing to a proven platform", async () => {
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/Tests +10 passed/);
    expect(output).toContain("HOST       localhost:9092  for programs on this host");
    // This host reaches no registry, and the images that were built stay the environment's.
    expect(output).toContain(
      "images     local 4.1.1: Confluent 7.9.1 was asked for; confluentinc/cp-kafka:7.9.1 cannot be pulled: ",
    );
    const { images } = lockOf("dev");
    expect(images).toMatchObject({ distribution: "local", version: "4.1.1", proven: true });
    await host.must(
      ...["docker", "exec", BROKER, "bash", "-c"],
      `printf '%s\\n' ${records.join(" ")} | kafka-console-producer --bootstrap-server ${BROKER}:19092 --topic ${TOPIC}`,
    );
    expect(await consumeAll()).toEqual(records);
  });

  test("leaves nothing for a plan to do", async () => {
    await expectEmptyPlan();
    const diff = await host.run(["npx", "cdktf", "diff", "dev"]);
    expect(diff.output).toContain("No changes. Your infrastructure matches the configuration.");
    expect(diff.exitCode).toBe(0);
  });

  test("changes nothing the second time and says so", async () => {
    const before = await idOf(BROKER);
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("nothing to change; npm run smoke -- dev proves it again");
    expect(output).not.toContain("RUN");
    expect(await idOf(BROKER)).toBe(before);
  });

  test("names the listener's setting when a smoke test fails", async () => {
    const truth = await outputs();
    const file = join(host.checkout, "wrong.json");
    const wrong = structuredClone(truth) as unknown as {
      kafka: { listeners: { HOST: { bootstrapServers: string } } };
    };
    wrong.kafka.listeners.HOST.bootstrapServers = "127.0.0.1:9092";
    writeFileSync(file, JSON.stringify(wrong));
    const { exitCode, output } = await host.run(
      ["npx", "vitest", "run", "--config=smoke-tests/vitest.config.ts"],
      { env: { KAFKA_PLATFORM_OUTPUTS: file } },
    );
    expect(exitCode).toBe(1);
    expect(output).toContain("advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS)");
  });
});

describe("records survive", () => {
  test("a killed broker", async () => {
    const before = await idOf(BROKER);
    await host.must("docker", "kill", BROKER);
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(output).toContain(`starting ${BROKER}, which was stopped`);
    expect(await idOf(BROKER)).toBe(before);
    expect(await consumeAll()).toEqual(records);
    await expectEmptyPlan();
  });

  test("a restart of the engine", async () => {
    const before = await idOf(BROKER);
    await host.restartEngine();
    const { exitCode, output } = await host.kit("deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(await idOf(BROKER)).toBe(before);
    expect(await consumeAll()).toEqual(records);
    await expectEmptyPlan();
  });

  test("a prune of what does not run, the network included", async () => {
    const volume = await formatOf();
    await host.must("docker", "stop", BROKER);
    await host.must("docker", "system", "prune", "--force");
    expect([...(await labelled("container")), ...(await labelled("network"))]).toEqual([]);
    const { exitCode, output } = await host.kit("deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(await formatOf()).toBe(volume);
    expect(await consumeAll()).toEqual(records);
    await expectEmptyPlan();
  });

  test("an engine that has forgotten the network of a stopped container", async () => {
    await host.must("docker", "stop", BROKER);
    await host.must("docker", "network", "rm", "dev-network");
    const { exitCode, output } = await host.kit("deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(await consumeAll()).toEqual(records);
    await expectEmptyPlan();
  });

  test("a changed broker setting, which replaces the container and keeps the volume", async () => {
    const [container, volume] = [await idOf(BROKER), await formatOf()];
    edit(
      "stacks/environments/dev.ts",
      "listeners: [",
      'settings: { "log.retention.hours": "48" },\n    listeners: [',
    );
    const { exitCode, output } = await host.kit("deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(await idOf(BROKER)).not.toBe(container);
    expect(await formatOf()).toBe(volume);
    const described = await host.must(
      ...["docker", "exec", BROKER, "kafka-configs", "--bootstrap-server", `${BROKER}:19092`],
      ...["--describe", "--all", "--entity-type", "brokers", "--entity-name", "1"],
    );
    expect(described).toContain("log.retention.hours=48");
    expect(await consumeAll()).toEqual(records);
    await expectEmptyPlan();
  });

  test("destroy --keep-data and a new start", async () => {
    const volume = await formatOf();
    const removed = await host.kit("destroy", "dev", "--keep-data");
    expect(removed.exitCode, removed.output).toBe(0);
    expect(await labelled("container")).toEqual([]);
    expect(await labelled("network")).toEqual([]);
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(await formatOf()).toBe(volume);
    expect(await consumeAll()).toEqual(records);
  });

  test("a lost lock: images and cluster id are those that are found", async () => {
    const { kafka } = await outputs();
    await host.must("rm", ".kafka-platform/dev.lock.json");
    const { exitCode, output } = await host.kit("deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(output).toContain(`no lock, but ${BROKER} runs on local 4.1.1`);
    expect(output).toContain(`going on with that cluster`);
    expect((await outputs()).kafka.clusterId).toBe(kafka.clusterId);
    expect(await consumeAll()).toEqual(records);
  });

  test("a lost lock of which only volumes are left: somebody must name the images", async () => {
    const removed = await host.kit("destroy", "dev", "--keep-data");
    expect(removed.exitCode, removed.output).toBe(0);
    await host.must("rm", ".kafka-platform/dev.lock.json");
    // Nobody knows any more which images wrote the data.
    const refused = await host.kit("deploy", "dev");
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain("decide for images built here with IMAGES=local");
    const { exitCode, output } = await host.run(["node", "cli/run.mjs", "deploy", "dev"], {
      env: { IMAGES: "local" },
    });
    expect(exitCode, output).toBe(0);
    expect(await consumeAll()).toEqual(records);
  });
});

describe("bad input is refused before anything is changed", () => {
  test("a lock with another cluster id than the volume's", async () => {
    const file = ".kafka-platform/dev.lock.json";
    const lock = readFileSync(join(host.checkout, file), "utf8");
    const { clusterId } = JSON.parse(lock) as { clusterId: string };
    const strange = "AAAAAAAAAAAAAAAAAAAAAA";
    const container = await idOf(BROKER);
    try {
      edit(file, clusterId, strange);
      const { exitCode, output } = await host.kit("deploy", "dev");
      expect(exitCode).toBe(1);
      expect(output).toContain(
        `the lock says cluster ${strange}, but volume ${VOLUME} belongs to cluster ${clusterId}`,
      );
      expect(await idOf(BROKER)).toBe(container);
    } finally {
      writeFileSync(join(host.checkout, file), lock);
    }
  });

  test("images of an older Kafka than the one that wrote the data", async () => {
    const { exitCode, output } = await host.run(["node", "cli/run.mjs", "deploy", "dev"], {
      env: { IMAGES: "local:3.9.1" },
    });
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "was written by Kafka 4.1.1, which local 3.9.1 (Kafka 3.9.1) cannot read",
    );
  });

  test("an external listener on an address that this host lacks", async () => {
    const settings = "stacks/environments/dev.ts";
    const before = readFileSync(join(host.checkout, settings), "utf8");
    try {
      edit(
        settings,
        "Listener.network(), ",
        'Listener.network(), Listener.external({ address: "192.0.2.7" }), ',
      );
      const { exitCode, output } = await host.kit("deploy", "dev");
      expect(exitCode).toBe(1);
      expect(output).toContain(
        '[dev] external listener "EXTERNAL": this host has no address 192.0.2.7 to bind',
      );
    } finally {
      writeFileSync(join(host.checkout, settings), before);
    }
  });

  test("a port that another program holds, which is named", async () => {
    const removed = await host.kit("destroy", "dev", "--keep-data");
    expect(removed.exitCode, removed.output).toBe(0);
    const holder = host.spawn([
      "node",
      "-e",
      'require("net").createServer().listen(9092, "127.0.0.1", () => console.log("listening"))',
    ]);
    try {
      await new Promise((resolve) => holder.stdout?.once("data", resolve));
      const { exitCode, output } = await host.kit("deploy", "dev");
      expect(exitCode).toBe(1);
      expect(output).toMatch(
        /dev-kafka-1 needs port 9092 on 127\.0\.0\.1, which node \(process \d+\) holds; stop that/,
      );
      expect(await labelled("container")).toEqual([]);
    } finally {
      holder.kill();
      await holder;
    }
  });
});

describe("a start that is cut off", () => {
  test("by Ctrl-C goes on with the next one", async () => {
    const started = host.spawn(["node", "cli/run.mjs", "start"]);
    await untilOutput(started, "to add");
    // nsenter became node, so this is the command itself.
    process.kill(started.pid ?? 0, "SIGINT");
    const { exitCode, all } = await started;
    expect(exitCode, String(all)).toBe(130);
    expect(all).toContain("the same command goes on from here");
    const { exitCode: next, output } = await host.kit("start");
    expect(next, output).toBe(0);
    expect(await consumeAll()).toEqual(records);
  });

  test("by a kill of everything in the middle goes on with the next one", async () => {
    const removed = await host.kit("destroy", "dev", "--keep-data");
    expect(removed.exitCode, removed.output).toBe(0);
    const started = host.spawn(["node", "cli/run.mjs", "start"]);
    await untilOutput(started, "to add");
    while ((await labelled("container")).length === 0) await sleep(20);
    // Terraform is killed with a container made that its state does not know.
    const pid = started.pid ?? 0;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").match(/\d+/g) ?? [];
    expect(children).not.toEqual([]);
    for (const id of [...children.map(Number), pid]) process.kill(id, "SIGKILL");
    await started;
    const { exitCode, output } = await host.kit("start");
    expect(exitCode, output).toBe(0);
    expect(await consumeAll()).toEqual(records);
    await expectEmptyPlan();
  });
});

test("an external listener carries records from another machine", async () => {
  const [address, client] = ["10.203.7.1", "10.203.7.2"];
  const machine = await host.addClientMachine(address, client);
  edit(
    "stacks/environments/dev.ts",
    "Listener.network(), ",
    `Listener.network(), Listener.external({ name: "LAN", address: "${address}" }), `,
  );
  const { exitCode, output } = await host.kit("start");
  expect(exitCode, output).toBe(0);
  expect(output).toContain("LAN        10.203.7.1:9192  for clients elsewhere");
  expect(output).toMatch(/external listener "LAN" was tried from its own host only/);

  const script = `
    const { Kafka, logLevel } = require("kafkajs");
    const kafka = new Kafka({ brokers: ["${address}:9192"], logLevel: logLevel.ERROR });
    (async () => {
      const producer = kafka.producer(), consumer = kafka.consumer({ groupId: "elsewhere" });
      await producer.connect();
      await producer.send({ topic: "lan", acks: -1, messages: [{ value: "from afar" }] });
      await producer.disconnect();
      await consumer.connect();
      await consumer.subscribe({ topic: "lan", fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => {
        console.log("received " + message.value);
        setImmediate(() => consumer.disconnect().then(() => process.exit(0)));
      } });
    })();`;
  const far = await host.run([
    ...["nsenter", `--net=/run/netns/${machine}`, "--"],
    ...["timeout", "60", "node", "-e", script],
  ]);
  expect(far.output).toContain("received from afar");
  // The listener for the host itself is not published to the outside.
  const refused = await host.run([
    ...["nsenter", `--net=/run/netns/${machine}`, "--"],
    ...["bash", "-c", `timeout 3 bash -c '</dev/tcp/${address}/9092'`],
  ]);
  expect(refused.exitCode).not.toBe(0);
});

describe("npm run destroy", () => {
  test("asks for a yes before data goes", async () => {
    const { exitCode, output } = await host.kit("destroy", "dev");
    expect(exitCode).toBe(1);
    expect(output).toContain(`say --yes to remove dev and all records in volume ${VOLUME}`);
    expect(await labelled("volume")).toEqual([VOLUME]);
  });

  test("leaves no container, network or volume", async () => {
    const { exitCode, output } = await host.kit("destroy", "dev", "--yes");
    expect(exitCode, output).toBe(0);
    for (const kind of ["container", "network", "volume"] as const) {
      expect(await labelled(kind)).toEqual([]);
    }
    expect(existsSync(join(host.checkout, ".kafka-platform", "dev.lock.json"))).toBe(false);
  });
});

describe("plain cdktf", () => {
  test("deploys and destroys without flags, lock or registry, Kafka 3.9.1 too", async () => {
    const options = { env: { IMAGES: "local:3.9.1" } };
    const deployed = await host.run(["npx", "cdktf", "deploy", "dev", "--auto-approve"], options);
    expect(deployed.exitCode, deployed.output).toBe(0);
    expect(deployed.output).toContain(`${BROKER} is ready`);
    const smoked = await host.kit("smoke", "dev", "--junit", "junit.xml");
    expect(smoked.exitCode, smoked.output).toBe(0);
    expect(readFileSync(join(host.checkout, "junit.xml"), "utf8")).toMatch(
      /<testsuites [^>]*tests="15" failures="0"/,
    );
    const destroyed = await host.run(["npx", "cdktf", "destroy", "dev", "--auto-approve"], options);
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await labelled("container")).toEqual([]);
    expect(await labelled("volume")).toEqual([]);
    await host.must("rm", ".kafka-platform/dev.lock.json", ".kafka-platform/dev.tfstate");
  });

  test("fails at the gate with the broker's log, and the next deploy goes on", async () => {
    const environment = "stacks/environments/dev.ts";
    const good = readFileSync(join(host.checkout, environment), "utf8");
    edit(environment, "listeners: [", 'settings: { "num.io.threads": "none" },\n    listeners: [');
    const deploy = ["npx", "cdktf", "deploy", "dev", "--auto-approve"];
    const options = { env: { IMAGES: "local:4.1.1" } };
    const failed = await host.run(deploy, options);
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(`${BROKER} keeps crashing`);
    expect(failed.output).toContain("Invalid value none for configuration num.io.threads");
    writeFileSync(join(host.checkout, environment), good);
    const mended = await host.run(deploy, options);
    expect(mended.exitCode, mended.output).toBe(0);
    const removed = await host.kit("destroy", "dev", "--yes");
    expect(removed.exitCode, removed.output).toBe(0);
  });
});

test("images that can be had are those that were asked for", async () => {
  // The engine has the image already, as after a pull; its content keeps cp-kafka's contract.
  await host.must(
    ...["docker", "tag", "kafka-platform-kit/kafka:3.9.1", "confluentinc/cp-kafka:7.9.1"],
  );
  const { exitCode, output } = await host.kit("start");
  expect(exitCode, output).toBe(0);
  expect(output).toContain("images     confluent 7.9.1: asked for by the environment");
  expect(lockOf("dev").images).toMatchObject({ distribution: "confluent", proven: true });
  const removed = await host.kit("destroy", "dev", "--yes");
  expect(removed.exitCode, removed.output).toBe(0);
});

test("the published package deploys from projects of somebody's own, a cluster and services against it", async () => {
  const project = await host.projectFrom("examples/own-stack", "orders");
  const services = await host.projectFrom("examples/services", "orders-services");
  const run = (...command: string[]) => host.run(command, { cwd: project });
  const cdktf = (action: string) =>
    host.run(["npx", "cdktf", action, "orders-services", "--auto-approve"], { cwd: services });
  const deployed = await run("npx", "cdktf", "deploy", "orders", "--auto-approve");
  expect(deployed.exitCode, deployed.output).toBe(0);
  expect(deployed.output).toContain("orders-kafka-1 is ready");
  const topics = await run(
    ...["docker", "exec", "orders-kafka-1", "bash", "-c"],
    "kafka-topics --bootstrap-server orders-kafka-1:19092 --create --topic mine",
  );
  expect(topics.output).toContain("Created topic mine.");

  const beside = await cdktf("deploy");
  expect(beside.exitCode, beside.output).toBe(0);
  expect(beside.output).toContain("orders-connect is ready");
  const worker = await host.must("curl", "-sS", "http://localhost:9193/");
  const { kafka_cluster_id: cluster } = JSON.parse(worker) as { kafka_cluster_id: string };
  expect(cluster).toBe("yMMK0cRhRdOEKDG6l0gVtA");
  const gone = await cdktf("destroy");
  expect(gone.exitCode, gone.output).toBe(0);

  const destroyed = await run("npx", "cdktf", "destroy", "orders", "--auto-approve");
  expect(destroyed.exitCode, destroyed.output).toBe(0);
});
