import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  combinedNode,
  commandLine,
  Containers,
  eventually,
  exec,
  shareOfArchive,
  stop,
  succeed,
  TELL_CLASSES,
  type Env,
} from "./containers.ts";

/**
 * The image is judged from outside, by what a container of it does: the same definitions are meant
 * to run on apicurio/apicurio-registry. What it stores is in a real Kafka. Build the images first, see images/README.md.
 */

const IMAGE = "kafka-platform-kit/apicurio-registry:3.0.9";
const KAFKA = "kafka-platform-kit/kafka:4.1.1";

/** What makes it a schema registry as Confluent's is: kept in Kafka, for ever, and compatible backwards. */
const REGISTRY: Env = {
  APICURIO_STORAGE_KIND: "kafkasql",
  APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: "broker:19092",
  APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: "1000",
  APICURIO_KAFKASQL_TOPIC_CLEANUP_POLICY: "delete",
  APICURIO_KAFKASQL_TOPIC_RETENTION_MS: "-1",
  APICURIO_RULES_GLOBAL_COMPATIBILITY: "BACKWARD",
  QUARKUS_HTTP_PORT: "8081",
  JAVA_OPTS_APPEND: `-Xmx256m -Xshare:on ${TELL_CLASSES}`,
};

/** A record's Avro schema, as the API takes it; a field with a default has one. */
function schemaOf(...fields: readonly { name: string; type: string; default?: number }[]): string {
  return JSON.stringify({ type: "record", name: "User", namespace: "test", fields });
}

const NAME = { name: "name", type: "string" };
const FIRST = schemaOf(NAME);
const COMPATIBLE = schemaOf(NAME, { name: "age", type: "int", default: 0 });
const INCOMPATIBLE = schemaOf(NAME, { name: "age", type: "string" });

let containers: Containers;

beforeAll(async () => {
  containers = await Containers.create("apicurio-image", [IMAGE, KAFKA]);
});

afterAll(async () => {
  await containers.remove();
});

describe("before it starts", { timeout: 120_000 }, () => {
  it.each([
    { name: "JAVA_OPTS_APPEND", what: "is added to", holds: true },
    { name: "JAVA_OPTS", what: "takes the place of", holds: false },
  ])("$name $what the JVM's options", async ({ name, holds }) => {
    const { exitCode, output } = await containers.run(IMAGE, {
      env: { [name]: "-XX:+PrintCommandLineFlags -version" },
    });
    expect(exitCode).toBe(0);
    expect(output.includes("-XX:MaxRAMPercentage=80")).toBe(holds);
    expect(output).toContain("openjdk version");
  });

  it("does not run as root", async () => {
    const { output } = await containers.run(IMAGE, { command: ["id", "-u"] });
    expect(output).toBe("1000");
  });
});

// One registry's life, in order: each test goes on from where the one before left it.
describe("in service", { timeout: 120_000 }, () => {
  let broker: string;
  let registry: string;
  let url: string;

  const start = async () => {
    registry = await containers.start("registry", IMAGE, {
      env: REGISTRY,
      options: ["--memory", "512m", "--publish", "127.0.0.1::8081"],
    });
    url = `http://${await succeed(["port", registry, "8081"])}`;
    await eventually("GET /health/ready", registry, async () => {
      try {
        const { ok, status } = await fetch(`${url}/health/ready`, {
          signal: AbortSignal.timeout(5000),
        });
        return { exitCode: ok ? 0 : 1, output: `HTTP ${status}` };
      } catch (error) {
        return { exitCode: 1, output: String(error) };
      }
    });
  };

  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}/apis/ccompat/v7${path}`, {
      method,
      headers: { "Content-Type": "application/vnd.schemaregistry.v1+json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  };

  const register = (subject: string, schema: string) =>
    call("POST", `/subjects/${subject}/versions`, { schema });

  beforeAll(async () => {
    broker = await containers.start("broker", KAFKA, {
      env: combinedNode("broker"),
      options: ["--memory", "768m"],
    });
    const topics = ["kafka-topics", "--bootstrap-server", "broker:19092"];
    await eventually("kafka-topics --list", broker, () => exec(broker, ...topics, "--list"));
    await start();
  });

  it("has its classes from the archive of the image", async () => {
    // But for those that it needs for Kafka: the build has no broker.
    expect(await shareOfArchive(registry)).toBeGreaterThan(0.75);
  });

  it("runs the JVM as process 1, with the options given", async () => {
    expect(await commandLine(registry)).toEqual(expect.arrayContaining(["java", "-Xmx256m"]));
  });

  it("makes its topics so that nothing in them expires", async () => {
    const described = ["--describe", "--topics-with-overrides", "--exclude-internal"];
    const topics = ["kafka-topics", "--bootstrap-server", "broker:19092", ...described];
    const lines = (await succeed(["exec", broker, ...topics])).split("\n");
    const settings = lines.map((line) => line.split("\t"));
    for (const topic of ["kafkasql-journal", "kafkasql-snapshots", "registry-events"]) {
      const found = settings.find(([name]) => name === `Topic: ${topic}`)?.at(-1);
      expect(found, topic).toContain("retention.ms=-1");
      expect(found, topic).toContain("cleanup.policy=delete");
    }
  });

  it("gives a schema an id, and the same schema the same one", async () => {
    const first = await register("users-value", FIRST);
    expect(first).toEqual({ status: 200, body: { id: expect.any(Number) as number } });
    expect(await register("users-value", FIRST)).toEqual(first);
    const { id } = first.body as { id: number };
    const byId = await call("GET", `/schemas/ids/${id}`);
    expect(byId.status).toBe(200);
    expect(JSON.parse((byId.body as { schema: string }).schema)).toEqual(JSON.parse(FIRST));
  });

  it("takes a compatible change as the next version", async () => {
    expect((await register("users-value", COMPATIBLE)).status).toBe(200);
    expect(await call("GET", "/subjects/users-value/versions")).toEqual({
      status: 200,
      body: [1, 2],
    });
    expect(await call("GET", "/subjects")).toEqual({ status: 200, body: ["users-value"] });
  });

  it.each([
    {
      what: "a change that is not compatible backwards",
      ask: () => register("users-value", INCOMPATIBLE),
      answer: { status: 409, body: { error_code: 409 } },
    },
    {
      what: "what is no Avro schema",
      ask: () => register("users-value", '{"type":"recrd"}'),
      answer: { status: 422, body: { error_code: 42201 } },
    },
    {
      what: "an unknown id",
      ask: () => call("GET", "/schemas/ids/9999"),
      answer: { status: 404, body: { error_code: 40403 } },
    },
    {
      what: "an unknown subject",
      ask: () => call("GET", "/subjects/nobody-value/versions"),
      answer: { status: 404, body: { error_code: 40401 } },
    },
  ])("refuses $what with Confluent's code", async ({ ask, answer }) => {
    expect(await ask()).toMatchObject(answer);
  });

  it("deletes a subject softly, then for good", async () => {
    expect((await register("gone-value", FIRST)).status).toBe(200);
    const all = () => call("GET", "/subjects?deleted=true");
    expect(await call("DELETE", "/subjects/gone-value")).toEqual({ status: 200, body: [1] });
    expect(await call("GET", "/subjects")).toMatchObject({ body: ["users-value"] });
    expect((await all()).body).toContain("gone-value");
    const forGood = await call("DELETE", "/subjects/gone-value?permanent=true");
    expect(forGood).toEqual({ status: 200, body: [1] });
    expect(await all()).toMatchObject({ body: ["users-value"] });
  });

  it("ends when it is stopped", async () => {
    expect(await stop(registry)).toBe("143 false");
  });

  it("finds its schemas again when the container is replaced", async () => {
    await succeed(["rm", "--volumes", registry]);
    await start();
    const { status, body } = await call("GET", "/subjects/users-value/versions/2");
    expect(status).toBe(200);
    expect(JSON.parse((body as { schema: string }).schema)).toEqual(JSON.parse(COMPATIBLE));
    expect((await register("users-value", INCOMPATIBLE)).status).toBe(409);
  });
});
