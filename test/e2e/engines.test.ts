import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dockerEndpoint } from "../../stacks/docker-engine.ts";
import { TestHost, type Outcome } from "./test-host.ts";

const IMAGE = "kafka-platform-kit/kafka:4.1.1";
const BROKER = "dev-kafka-1";
const TLS_HOST = "tcp://127.0.0.1:2376";

let folder: string;
/** The docker command's folder, with contexts `secure`, `far` and `ssh`. */
let config: string;
let certificates: string;

beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "kpk-engines-"));
  // Where the docker command looks when nobody says otherwise, for a home that is this folder.
  config = join(folder, ".docker");
  certificates = await makeCertificates(join(folder, "certificates"));
  await docker("context", "create", "ssh", "--docker=host=ssh://me@kafka.example.org");
  const files = ["ca", "cert", "key"].map((name) => `${name}=${certificates}/${name}.pem`);
  await docker("context", "create", "secure", `--docker=host=${TLS_HOST},${files.join()}`);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The docker command with its own idea of the engine: no variables but these. */
async function docker(...args: string[]): Promise<string> {
  const { stdout } = await execa("docker", args, { env: meaning() });
  return stdout;
}

/** Variables under which nothing but these says which engine is meant. */
function meaning(variables: Record<string, string> = {}): Record<string, string | undefined> {
  return {
    DOCKER_HOST: undefined,
    DOCKER_CONTEXT: undefined,
    DOCKER_TLS_VERIFY: undefined,
    DOCKER_CERT_PATH: undefined,
    DOCKER_CONFIG: config,
    IMAGES: "local",
    ...variables,
  };
}

/** An authority, and one certificate of it that serves engine and client. */
async function makeCertificates(target: string): Promise<string> {
  mkdirSync(target);
  const openssl = (...args: string[]) => execa("openssl", args, { cwd: target });
  const made = (name: string, ...more: string[]) =>
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, ...more);
  await made("authority", "-x509", "-days", "2", "-keyout", "ca-key.pem", "-out", "ca.pem");
  await made("engine", "-keyout", "key.pem", "-out", "request.pem");
  writeFileSync(
    join(target, "names"),
    "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n",
  );
  const signing = [
    "-req",
    "-days",
    "2",
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca-key.pem",
    "-CAcreateserial",
  ];
  await openssl("x509", ...signing, "-in", "request.pem", "-extfile", "names", "-out", "cert.pem");
  return target;
}

async function idOn(host: TestHost): Promise<string | undefined> {
  const { stdout } = await execa("docker", ["ps", "--all", "--quiet", "--no-trunc"], {
    env: { DOCKER_HOST: host.dockerHost, DOCKER_CONTEXT: undefined },
  });
  return stdout || undefined;
}

describe("the engine that is meant is the docker command's", () => {
  test.each([
    {},
    { DOCKER_CONTEXT: "ssh" },
    { DOCKER_CONTEXT: "secure" },
    { DOCKER_CONTEXT: "default" },
    { DOCKER_HOST: "tcp://10.0.0.5:2375", DOCKER_CONTEXT: "ssh" },
    { DOCKER_HOST: "10.0.0.5" },
    { DOCKER_HOST: "tcp://[::1]:2375" },
    { DOCKER_HOST: ":99" },
    { DOCKER_HOST: "unix://" },
  ])("by %j", async (variables) => {
    for (const current of ["default", "ssh"]) {
      await docker("context", "use", current);
      const { stdout } = await execa(
        "docker",
        ["context", "inspect", "--format", "{{.Name}} {{.Endpoints.docker.Host}}"],
        { env: meaning(variables) },
      );
      const { host, context } = dockerEndpoint(meaning(variables));
      expect(`${context ?? "default"} ${host}`).toBe(stdout);
    }
  });
});

describe("an engine behind a docker context", () => {
  let near: TestHost;
  let far: TestHost;
  let broker: string | undefined;

  beforeAll(async () => {
    const tls = ["ca", "cert", "key"].map(
      (name) => `--tls${name === "ca" ? "cacert" : name}=${certificates}/${name}.pem`,
    );
    near = await TestHost.create([IMAGE], {
      flags: [`--host=${TLS_HOST}`, "--tlsverify", ...tls],
    });
    near.leaveBrokersOnly("dev");
    far = await TestHost.create([]);
    await docker("context", "create", "far", `--docker=host=${far.dockerHost}`);
  });

  afterAll(async () => {
    await near?.remove();
    await far?.remove();
  });

  function kit(variables: Record<string, string>, ...args: string[]): Promise<Outcome> {
    return near.run(["node", "cli/run.mjs", ...args], { env: meaning(variables) });
  }

  function cdktf(variables: Record<string, string>, ...args: string[]): Promise<Outcome> {
    return near.run(["npx", "cdktf", ...args], { env: meaning(variables) });
  }

  test("is deployed on and proven by npm start, and named by it", async () => {
    await docker("context", "use", "secure");
    const { exitCode, output } = await kit({}, "start");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/Tests +10 passed/);
    expect(output).toMatch(
      /\n {2}engine {5}tcp:\/\/127\.0\.0\.1:2376 \(Docker \S+, docker context "secure"\), network dev-network\n/,
    );
    broker = await idOn(near);
    expect(broker).toMatch(/^[0-9a-f]{64}$/);
    expect(await idOn(far)).toBeUndefined();
  });

  test("is what status and smoke look at, by DOCKER_CONTEXT too", async () => {
    await docker("context", "use", "default");
    const status = await kit({ DOCKER_CONTEXT: "secure" }, "status", "dev");
    expect(status.exitCode, status.output).toBe(0);
    expect(status.output).toMatch(
      /^engine\ttcp:\/\/127\.0\.0\.1:2376 \(Docker \S+, docker context "secure"\)$/m,
    );
    const smoke = await kit({ DOCKER_CONTEXT: "secure" }, "smoke", "dev");
    expect(smoke.exitCode, smoke.output).toBe(0);
  });

  test("is the same by another address, which changes nothing that runs", async () => {
    const address = {
      DOCKER_HOST: "tcp://localhost:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: certificates,
    };
    const { exitCode, output } = await kit(address, "deploy", "dev");
    expect(exitCode, output).toBe(0);
    expect(await idOn(near)).toBe(broker);
    // And back.
    const back = await kit({ DOCKER_CONTEXT: "secure" }, "deploy", "dev");
    expect(back.exitCode, back.output).toBe(0);
  });

  test.each([["deploy"], ["destroy", "--yes"], ["status"]])(
    "is not left for another one when the context was switched: %s",
    async (command, ...options) => {
      await docker("context", "use", "far");
      const { exitCode, output } = await kit({}, command, "dev", ...options);
      expect(exitCode).toBe(1);
      expect(output).toContain(
        `dev is deployed on the engine at ${TLS_HOST}, and ${far.dockerHost} (docker context far) is meant now; to go on there, choose its docker context or set DOCKER_HOST=${TLS_HOST}; `,
      );
      expect(await idOn(near)).toBe(broker);
      expect(await idOn(far)).toBeUndefined();
    },
  );

  test("is not left by plain cdktf either", async () => {
    await docker("context", "use", "far");
    const { exitCode, output } = await cdktf({}, "deploy", "dev", "--auto-approve");
    expect(exitCode).toBe(1);
    expect(output.replaceAll(/\s+/g, " ")).toContain(
      `dev is deployed on the engine at ${TLS_HOST}`,
    );
    expect(await idOn(near)).toBe(broker);
    expect(await idOn(far)).toBeUndefined();
  });

  test("is what plain cdktf deploys on and removes from, by the current context and by DOCKER_CONTEXT", async () => {
    await docker("context", "use", "secure");
    const deployed = await cdktf({}, "deploy", "dev", "--auto-approve");
    expect(deployed.exitCode, deployed.output).toBe(0);
    expect(deployed.output).toContain("No changes.");
    expect(await idOn(near)).toBe(broker);

    await docker("context", "use", "default");
    const named = { DOCKER_CONTEXT: "secure" };
    const refused = await cdktf(named, "destroy", "dev", "--auto-approve");
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain(`unset DOCKER_CONTEXT and set DOCKER_HOST=${TLS_HOST}`);
    expect(await idOn(near)).toBe(broker);

    // A user whose home is the folder, where the provider finds the context.
    const users = readFileSync("/etc/passwd", "utf8").replace(
      /^(root:.*):[^:]*(:[^:]*)$/m,
      `$1:${folder}$2`,
    );
    writeFileSync(join(folder, "passwd"), users);
    const destroyed = await near.run(
      [
        ...["unshare", "--mount", "bash", "-c", 'mount --bind "$1" /etc/passwd; shift; exec "$@"'],
        ...["bash", join(folder, "passwd"), "npx", "cdktf", "destroy", "dev", "--auto-approve"],
      ],
      { env: meaning({ ...named, HOME: folder }) },
    );
    expect(destroyed.exitCode, destroyed.output).toBe(0);
    expect(await idOn(near)).toBeUndefined();
  });
});

describe("a rootless engine", () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await TestHost.create([IMAGE], { rootless: true });
    host.leaveBrokersOnly("dev");
  });

  afterAll(async () => {
    await host?.remove();
  });

  test("carries the platform, and is named", async () => {
    const { exitCode, output } = await host.run(["node", "cli/run.mjs", "start"], {
      env: { IMAGES: "local" },
    });
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/Tests +10 passed/);
    expect(output).toMatch(
      /\n {2}engine {5}unix:\S+ \(Docker \S+, rootless\), network dev-network\n/,
    );
    // Really: its containers' root is nobody on this machine.
    const pid = await host.must("docker", "inspect", "--format", "{{.State.Pid}}", BROKER);
    const [, first] = readFileSync(`/proc/${pid.trim()}/uid_map`, "utf8").trim().split(/\s+/);
    expect(Number(first)).toBeGreaterThan(0);
  });

  test("leaves nothing for a plan to do, though limits of memory may have no effect on it", async () => {
    const plan = await host.plan("dev");
    expect(plan, plan.output).toMatchObject({ exitCode: 0 });
    const removed = await host.kit("destroy", "dev", "--yes");
    expect(removed.exitCode, removed.output).toBe(0);
  });
});
