import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { InvalidSettingError } from "../../constructs/index.ts";
import {
  deployedHost,
  dockerEndpoint,
  dockerVariables,
  elsewhere,
  isLocalEngine,
  refuseContextOfProvider,
} from "../../stacks/docker-engine.ts";
import { workspace } from "../../stacks/workspace.ts";
import { scratchFolder, workInScratchFolder } from "../constructs/scratch.ts";

const USUAL = "unix:///var/run/docker.sock";

let folder: string;

beforeEach(() => {
  folder = scratchFolder();
});

/** Writes a context as `docker context create` does. */
function contextIs(
  name: string,
  engine: { readonly Host?: string; readonly SkipTLSVerify?: boolean },
  certificates: readonly string[] = [],
): string {
  const id = createHash("sha256").update(name).digest("hex");
  const meta = join(folder, "contexts", "meta", id);
  mkdirSync(meta, { recursive: true });
  writeFileSync(
    join(meta, "meta.json"),
    JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: engine } }),
  );
  const tls = join(folder, "contexts", "tls", id, "docker");
  for (const file of certificates) {
    mkdirSync(tls, { recursive: true });
    writeFileSync(join(tls, file), "");
  }
  return tls;
}

function uses(context: string): void {
  writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: context }));
}

function endpoint(variables: Record<string, string> = {}): ReturnType<typeof dockerEndpoint> {
  return dockerEndpoint({ DOCKER_CONFIG: folder, ...variables });
}

describe("the engine that is meant", () => {
  it("is this machine's where nobody names one", () => {
    expect(endpoint()).toEqual({ host: USUAL });
  });

  it("is that of the current context, of DOCKER_CONTEXT before it, of DOCKER_HOST before both", () => {
    contextIs("one", { Host: "ssh://me@one.example.org" });
    contextIs("two", { Host: "unix:///two.sock" });
    uses("one");
    const two = { DOCKER_CONTEXT: "two" };
    expect(endpoint()).toEqual({ host: "ssh://me@one.example.org", context: "one" });
    expect(endpoint(two)).toEqual({ host: "unix:///two.sock", context: "two" });
    expect(endpoint({ ...two, DOCKER_HOST: "tcp://10.0.0.5:2375" })).toEqual({
      host: "tcp://10.0.0.5:2375",
    });
  });

  it("is this machine's again by the context that is called default", () => {
    contextIs("one", { Host: "unix:///one.sock" });
    uses("one");
    expect(endpoint({ DOCKER_CONTEXT: "default" })).toEqual({ host: USUAL });
    uses("default");
    expect(endpoint()).toEqual({ host: USUAL });
  });

  it("takes empty variables for none", () => {
    contextIs("one", { Host: "unix:///one.sock" });
    uses("one");
    expect(endpoint({ DOCKER_HOST: "", DOCKER_CONTEXT: "", DOCKER_TLS_VERIFY: "" })).toEqual({
      host: "unix:///one.sock",
      context: "one",
    });
  });

  it.each([
    { context: "gone", message: /^the docker context "gone" is not in \S+; choose one/ },
    { context: "hollow", message: /^the docker context "hollow" names no Docker engine; choose/ },
  ])("cannot be that of the context $context", ({ context, message }) => {
    contextIs("hollow", {});
    expect(() => endpoint({ DOCKER_CONTEXT: context })).toThrowError(InvalidSettingError);
    expect(() => endpoint({ DOCKER_CONTEXT: context })).toThrowError(message);
  });

  it("is not guessed from a configuration that cannot be read", () => {
    writeFileSync(join(folder, "config.json"), "{");
    expect(() => endpoint()).toThrowError(
      /config\.json is not JSON \(.*\), and the docker command/,
    );
    expect(endpoint({ DOCKER_HOST: "unix:///one.sock" })).toEqual({ host: "unix:///one.sock" });
  });
});

describe("an address", () => {
  it.each([
    ["unix:///one.sock", "unix:///one.sock"],
    ["unix://", USUAL],
    ["ssh://me@one.example.org:22", "ssh://me@one.example.org:22"],
    ["npipe:////./pipe/docker_engine", "npipe:////./pipe/docker_engine"],
    ["tcp://10.0.0.5:2375", "tcp://10.0.0.5:2375"],
    ["tcp://10.0.0.5", "tcp://10.0.0.5:2375"],
    ["tcp://", "tcp://localhost:2375"],
    ["10.0.0.5", "tcp://10.0.0.5:2375"],
    ["10.0.0.5:99", "tcp://10.0.0.5:99"],
    [":99", "tcp://localhost:99"],
    ["[::1]:99", "tcp://[::1]:99"],
    ["tcp://10.0.0.5:2375/engine", "tcp://10.0.0.5:2375/engine"],
    [" unix:///one.sock ", "unix:///one.sock"],
  ])("%s is in full %s", (short, full) => {
    expect(endpoint({ DOCKER_HOST: short })).toEqual({ host: full });
  });

  it.each(["http://10.0.0.5:2375", "fd://"])("cannot be %s", (host) => {
    expect(() => endpoint({ DOCKER_HOST: host })).toThrowError(
      `"${host}" is no address of a Docker engine; give unix://<file>, tcp://<host>:<port> or ssh://<user>@<host>`,
    );
  });

  it.each([
    { host: "unix:///var/run/docker.sock", local: true },
    { host: "npipe:////./pipe/docker_engine", local: true },
    { host: "tcp://127.0.0.1:2375", local: false },
    { host: "ssh://me@kafka.example.org", local: false },
  ])("$host is a file of this machine: $local", ({ host, local }) => {
    expect(isLocalEngine(host)).toBe(local);
  });
});

describe("an engine with TLS", () => {
  const ALL = ["ca.pem", "cert.pem", "key.pem"];
  const HOST = { DOCKER_HOST: "tcp://10.0.0.5:2376" };

  it("has its certificates in the context's store", () => {
    const certPath = contextIs("one", { Host: "tcp://10.0.0.5:2376" }, ALL);
    expect(endpoint({ DOCKER_CONTEXT: "one" })).toEqual({
      host: "tcp://10.0.0.5:2376",
      context: "one",
      certPath,
    });
  });

  it("has them where DOCKER_CERT_PATH says, or in the docker command's folder", () => {
    const certPath = contextIs("one", { Host: "tcp://10.0.0.5:2376" }, ALL);
    for (const file of ALL) writeFileSync(join(folder, file), "");
    const verify = { ...HOST, DOCKER_TLS_VERIFY: "1" };
    expect(endpoint({ ...verify, DOCKER_CERT_PATH: certPath })).toEqual({
      host: "tcp://10.0.0.5:2376",
      certPath,
    });
    expect(endpoint(verify)).toEqual({ host: "tcp://10.0.0.5:2376", certPath: folder });
    expect(endpoint({ DOCKER_TLS_VERIFY: "1" })).toEqual({
      host: "tcp://localhost:2376",
      certPath: folder,
    });
  });

  it("is not every one for which there are certificates", () => {
    expect(endpoint({ ...HOST, DOCKER_CERT_PATH: folder })).toEqual({ host: HOST.DOCKER_HOST });
    expect(endpoint({ DOCKER_HOST: "unix:///one.sock", DOCKER_TLS_VERIFY: "1" })).toEqual({
      host: "unix:///one.sock",
    });
  });

  it("is refused without all that Terraform's provider wants", () => {
    const certPath = contextIs("one", { Host: "tcp://10.0.0.5:2376" }, ["ca.pem"]);
    expect(() => endpoint({ DOCKER_CONTEXT: "one" })).toThrowError(
      new InvalidSettingError(
        `${certPath} lacks cert.pem, key.pem; an engine with TLS needs ca.pem, cert.pem, key.pem there`,
      ),
    );
  });

  it.each([
    { variables: { DOCKER_CONTEXT: "one" }, what: 'the docker context "one"' },
    { variables: { ...HOST, DOCKER_TLS: "1" }, what: "DOCKER_TLS without DOCKER_TLS_VERIFY" },
  ])("is refused unverified, which the provider never does: $what", ({ variables, what }) => {
    contextIs("one", { Host: "tcp://10.0.0.5:2376", SkipTLSVerify: true }, ALL);
    expect(() => endpoint(variables)).toThrowError(
      `${what} takes an engine's certificate unverified, which Terraform's Docker provider never does`,
    );
  });

  it("is the same to every child", () => {
    const certPath = contextIs("one", { Host: "tcp://10.0.0.5:2376" }, ALL);
    const variables = dockerVariables(endpoint({ DOCKER_CONTEXT: "one" }));
    expect(variables).toEqual({
      DOCKER_HOST: "tcp://10.0.0.5:2376",
      DOCKER_CONTEXT: undefined,
      DOCKER_TLS: undefined,
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: certPath,
    });
    expect(dockerEndpoint(variables)).toEqual({ host: "tcp://10.0.0.5:2376", certPath });
  });
});

describe("Terraform's provider", () => {
  it("needs no refusal where it has no DOCKER_CONTEXT to read", () => {
    expect(() => {
      refuseContextOfProvider({ host: USUAL }, { DOCKER_CONTEXT: "" });
    }).not.toThrowError();
  });

  it.each(["default", "of-no-home-folder"])(
    "finds no context %s in the home folder, which is said with the variable that means the same",
    (context) => {
      expect(() => {
        refuseContextOfProvider({ host: USUAL }, { DOCKER_CONTEXT: context });
      }).toThrowError(
        /^DOCKER_CONTEXT="[\w-]+" is no context in \S+\.docker, .*; unset DOCKER_CONTEXT and set DOCKER_HOST=unix:\/\/\/var\/run\/docker\.sock, or use npm run deploy$/,
      );
    },
  );
});

describe("the engine that an environment is deployed on", () => {
  beforeEach(() => {
    workInScratchFolder();
  });

  function stateIs(state: unknown): void {
    mkdirSync(workspace.root(), { recursive: true });
    writeFileSync(workspace.state("trial"), JSON.stringify(state));
  }

  const outputs = { docker: { value: { host: "unix:///one.sock" } } };

  it("is known by its state", () => {
    stateIs({ outputs, resources: [{}] });
    expect(deployedHost("trial")).toBe("unix:///one.sock");
  });

  it("is unknown without a state, and when nothing is left of it", () => {
    expect(deployedHost("trial")).toBeUndefined();
    stateIs({ outputs, resources: [] });
    expect(deployedHost("trial")).toBeUndefined();
  });

  it("is named with the one that is meant, and with the ways out", () => {
    const meant = { host: "unix:///two.sock", context: "two" };
    expect(elsewhere("trial", "unix:///one.sock", meant)).toBe(
      `trial is deployed on the engine at unix:///one.sock, and unix:///two.sock (docker context two) is meant now; to go on there, choose its docker context or set DOCKER_HOST=unix:///one.sock; to move it, remove it there first (npm run destroy -- trial); if that engine is gone for good, remove its state ${workspace.state("trial")}`,
    );
  });
});
