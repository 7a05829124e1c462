import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestHost, untilOutput } from "./test-host.ts";

/** The addresses of the well-known walk-through: what the scripts dial unless they are told otherwise. */
const ADDRESS = "192.168.56.101";
const ELSEWHERE = "192.168.56.1";
/** Nobody has it. */
const VACANT = "192.168.56.250";

/** What `npm test` prepares. */
const PYTHON = resolve(".kafka-platform", "python", "bin", "python3");

let host: TestHost;
let machine: string;

beforeAll(async () => {
  host = await TestHost.create([
    "kafka-platform-kit/kafka:3.0.1",
    "kafka-platform-kit/zookeeper:3.6.3",
  ]);
  host.leaveBrokersOnly("seed");
  machine = await host.addClientMachine(ADDRESS, ELSEWHERE);
});

afterAll(async () => {
  await host?.remove();
});

/** A script as it is started on the other machine. */
function command(script: string, ...args: string[]): string[] {
  const there = ["nsenter", `--net=/run/netns/${machine}`, "--", "env", "PYTHONUNBUFFERED=1"];
  return [...there, PYTHON, `examples/python/${script}.py`, ...args];
}

async function run(script: string, ...args: string[]) {
  return host.run(command(script, ...args), { timeout: 60_000 });
}

async function deploy(env: Readonly<Record<string, string>>): Promise<void> {
  const { exitCode, output } = await host.run(["node", "cli/run.mjs", "deploy", "seed"], {
    env: { IMAGES: "local", ...env },
  });
  expect(exitCode, output).toBe(0);
}

test("scripts on another machine say that no broker answers while there is none", async () => {
  const silence = `no broker answers at ${ADDRESS}:9092; see that it runs`;
  for (const script of ["producer", "consumer"]) {
    const { exitCode, output } = await run(script, "--timeout", "3");
    expect(output).toContain(silence);
    expect(output).toContain("Connection refused");
    expect(exitCode).toBe(1);
  }
});

// In order: each test goes on from where the one before left it.
describe("with a listener for other machines", () => {
  beforeAll(async () => {
    await deploy({ SEED_ADDRESS: ADDRESS });
  });

  test("a consumer that waits for its topic receives what a producer sends, and closes at Ctrl-C", async () => {
    const consumer = host.spawn(command("consumer"), { timeout: 60_000 });
    const received = untilOutput(
      consumer,
      'received from jsontest [0] at offset 0: {"foo": "bar"}',
    );
    const produced = await run("producer");
    expect(produced.output).toBe("delivered to jsontest [0] at offset 0");
    expect(produced.exitCode).toBe(0);
    await received;
    // env and nsenter became Python, so this is the script itself.
    process.kill(consumer.pid ?? 0, "SIGINT");
    const { exitCode, all } = await consumer;
    expect(exitCode, String(all)).toBe(0);
    expect(String(all)).not.toContain("Traceback");
  });

  test("a consumer ends after the records that it was to read, and the next goes on after them", async () => {
    const produced = await run("producer", '{"n": 1}', '"größe, 雪"', "null");
    expect(produced).toEqual({
      exitCode: 0,
      output: [1, 2, 3].map((n) => `delivered to jsontest [0] at offset ${n}`).join("\n"),
    });
    expect(await run("consumer", "--count", "1")).toEqual({
      exitCode: 0,
      output: 'received from jsontest [0] at offset 1: {"n": 1}',
    });
    expect(await run("consumer", "--count", "2")).toEqual({
      exitCode: 0,
      output: [
        'received from jsontest [0] at offset 2: "größe, 雪"',
        "received from jsontest [0] at offset 3: null",
      ].join("\n"),
    });
  });

  test("records go to the topic that was asked for, and to each group", async () => {
    await run("producer", "--topic", "other", "[]");
    const other = ["--topic", "other", "--count", "1"];
    for (const group of ["one", "two"]) {
      const { output } = await run("consumer", ...other, "--group", group);
      expect(output).toBe("received from other [0] at offset 0: []");
    }
  });

  test("what is not JSON is refused before anything is sent", async () => {
    const { exitCode, output } = await run("producer", "{foo: bar}");
    expect(exitCode).toBe(2);
    expect(output).toContain("{foo: bar} is not JSON");
  });
});

describe("with a listener that advertises what the machine cannot reach", () => {
  beforeAll(async () => {
    await deploy({ SEED_ADDRESS: VACANT, SEED_BIND_ADDRESS: ADDRESS });
  });

  test.each(["producer", "consumer"])(
    "the %s names the address that it was sent on to",
    async (script) => {
      const { exitCode, output } = await run(script, "--timeout", "5");
      expect(output).toContain(
        `${ADDRESS}:9092 answers, and sends clients on to ${VACANT}:9092, which this machine does not reach; `,
      );
      expect(output).toMatch(new RegExp(`^ {2}${VACANT}:9092/1: .*failed`, "m"));
      expect(exitCode).toBe(1);
    },
  );
});
