import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { workspace } from "../../stacks/workspace.ts";
import { CLUSTER_ID, combinedNode, Containers, eventually, exec, type Env } from "./containers.ts";

/** Platforms that plain docker commands have started, tried by the smoke command without any engine. */

const KAFKA = "kafka-platform-kit/kafka:3.9.1";
const APICURIO = "kafka-platform-kit/apicurio-registry:3.0.9";
const OTHER_CLUSTER_ID = "5X7h4oTiU-fNDuL--Y97tx";
const ROOT = resolve(import.meta.dirname, "../..");

const folder = mkdtempSync(join(tmpdir(), "foreign-"));
const html = join(folder, "reports", "page.html");
const junit = join(folder, "reports", "junit.xml");
let containers: Containers;
/** Host ports of the broker that is as it should be, of the one that is not, and of the registry. */
let [good, bad, registry] = [0, 0, 0];

beforeAll(async () => {
  [good, bad, registry] = [await freePort(), await freePort(), await freePort()];
  containers = await Containers.create("foreign", [KAFKA, APICURIO]);
  await Promise.all([
    broker("good", good, good),
    broker("bad", bad, 1, { CLUSTER_ID: OTHER_CLUSTER_ID }),
  ]);
  const container = await containers.start("registry", APICURIO, {
    env: {
      APICURIO_STORAGE_KIND: "kafkasql",
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: "good:19092",
      APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: "1000",
      APICURIO_KAFKASQL_TOPIC_CLEANUP_POLICY: "delete",
      APICURIO_KAFKASQL_TOPIC_RETENTION_MS: "-1",
      APICURIO_RULES_GLOBAL_COMPATIBILITY: "BACKWARD",
      QUARKUS_HTTP_PORT: "8081",
      JAVA_OPTS_APPEND: "-Xmx256m",
    },
    options: ["--publish", `127.0.0.1:${registry}:8081`],
  });
  const ready = `exec 3<>/dev/tcp/localhost/8081 && printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3 && grep -q ' 200 ' <&3`;
  await eventually("readiness", container, () => exec(container, "bash", "-c", ready), 120);
  const link = join(folder, "node");
  symlinkSync(process.execPath, link);
});

afterAll(async () => {
  await containers?.remove();
  rmSync(folder, { recursive: true });
  for (const port of [good, bad]) {
    for (const file of [workspace.outputs, workspace.report]) {
      rmSync(file(`localhost:${port}`), { force: true });
    }
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** A broker at a port of this host, which sends its clients to another if need be. */
async function broker(
  name: string,
  port: number,
  advertised: number,
  env: Env = {},
): Promise<void> {
  const container = await containers.start(name, KAFKA, {
    env: {
      ...combinedNode(name),
      KAFKA_LISTENERS: `NETWORK://0.0.0.0:19092,HOST://0.0.0.0:9092,CONTROLLER://${name}:9093`,
      KAFKA_ADVERTISED_LISTENERS: `NETWORK://${name}:19092,HOST://localhost:${advertised}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,NETWORK:PLAINTEXT,HOST:PLAINTEXT",
      ...env,
    },
    options: ["--publish", `127.0.0.1:${port}:9092`],
  });
  const list = ["kafka-topics", "--bootstrap-server", `${name}:19092`, "--list"];
  await eventually("topics", container, () => exec(container, ...list), 120);
}

/** On a machine that has Node.js and nothing else: no docker, no terraform, no shell. */
async function smoke(...args: string[]): Promise<{ status: number | undefined; out: string }> {
  const { exitCode, all } = await execa(
    process.execPath,
    [join(ROOT, "cli", "run.mjs"), "smoke", ...args],
    {
      all: true,
      reject: false,
      extendEnv: false,
      env: { PATH: folder, DOCKER_HOST: "unix:///nonesuch.sock", NO_COLOR: "1" },
    },
  );
  return { status: exitCode, out: all };
}

const outputsOf = (port: number): PlatformOutputs =>
  JSON.parse(readFileSync(workspace.outputs(`localhost:${port}`), "utf8")) as PlatformOutputs;

describe("a platform that others deployed", () => {
  it("is proven without its engine, and what needs a container is not tried", async () => {
    const { status, out } = await smoke(
      ...["--bootstrap", `localhost:${good}`, "--junit", junit, "--html", html],
      ...["--schema-registry", `http://localhost:${registry}/apis/ccompat/v7`],
    );
    expect({ status, out }).toEqual({
      status: 0,
      out: expect.stringMatching(
        new RegExp(`^localhost:${good}: green, 13 proven, 0 failed, 1 not tried$`, "m"),
      ),
    });
    expect(out).toMatch(new RegExp(`^✔ {2}Kafka HOST +the host +localhost:${good} +kafkajs`, "m"));
    expect(out).toMatch(/^✔ {2}Schema Registry +the host +http:.* 8 proven, 1 not tried$/m);
    expect(out).toMatch(/^– {2}ZooKeeper +not named$/m);
    expect(out).toContain(
      "not tried of Schema Registry from the host: keeps its schemas when its container is restarted (which container it runs in is not known)",
    );
    expect(out).toContain(html);

    const { environment, docker, kafka, services } = outputsOf(good);
    expect({ environment, docker, kafka, services }).toEqual({
      environment: `localhost:${good}`,
      docker: undefined,
      kafka: {
        metadata: "kraft",
        clusterId: CLUSTER_ID,
        brokers: [{ id: 1 }],
        listeners: {
          HOST: {
            vantage: "host",
            bootstrapServers: `localhost:${good}`,
            security: "PLAINTEXT",
          },
        },
      },
      services: {
        schemaRegistry: {
          url: `http://localhost:${registry}/apis/ccompat/v7`,
          product: "apicurio",
        },
      },
    });

    const page = readFileSync(html, "utf8");
    expect(page).toContain(
      `<title>localhost:${good}: green, 13 proven, 0 failed, 1 not tried</title>`,
    );
    expect(page).toContain(CLUSTER_ID);
    expect(readFileSync(junit, "utf8")).toMatch(/<testsuites [^>]*tests="14" failures="0"/);
  });

  it("is red when its advertised listener is wrong, which the finding names", async () => {
    const { status, out } = await smoke("--bootstrap", `localhost:${bad}`);
    const finding = `listener "HOST": localhost:1 refuses connections from this host; broker 1 sends clients that came through localhost:${bad} there; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must say HOST://<an address that these clients reach>`;
    expect(out).toContain(finding);
    expect(out).toContain(`localhost:${bad}: red, 0 proven, 1 failed, 4 not tried`);
    expect(out).not.toContain("docker");
    expect(status).toBe(1);
    const page = readFileSync(workspace.report(`localhost:${bad}`), "utf8");
    expect(page).toContain(
      finding.replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
    );
  });

  it("is told to be out of reach, and no report of an earlier run is left", async () => {
    const port = await freePort();
    const { status, out } = await smoke(
      ...["--bootstrap", `localhost:${good},localhost:${port}`, "--junit", junit, "--html", html],
    );
    expect(out).toBe(
      `error: localhost:${port} refuses connections from this host; see that a broker runs there and listens on an address that others reach`,
    );
    expect(status).toBe(1);
    expect([html, junit].filter((file) => existsSync(file))).toEqual([]);
  });

  it("is refused when its addresses are those of two clusters", async () => {
    const { status, out } = await smoke("--bootstrap", `localhost:${good},localhost:${bad}`);
    expect(out).toMatch(
      new RegExp(
        `^error: brokers of one platform belong to different clusters: localhost:${good} .* to cluster ${CLUSTER_ID}; localhost:${bad} .* to cluster ${OTHER_CLUSTER_ID};`,
      ),
    );
    expect(status).toBe(1);
  });

  it("is refused when something else is at its address", async () => {
    const { status, out } = await smoke("--bootstrap", `localhost:${registry}`);
    expect(out).toMatch(new RegExp(`^error: localhost:${registry} .*; give the address of a .*$`));
    expect(status).toBe(1);
  });
});
