import { existsSync } from "node:fs";
import { basename } from "node:path";
import { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { describe, expect, it } from "vitest";
import { ReadinessGate, type ReadinessGateProps } from "../../constructs/index.ts";
import { synthesizeScope, theOnly, type Block } from "./synthesis.ts";

function gate(props: Omit<ReadinessGateProps, "containers"> = {}): Block {
  const program = synthesizeScope((scope) => {
    const containers = ["one", "two"].map(
      (name) => new Container(scope, name, { name: `dev-${name}`, image: "example:1" }),
    );
    new ReadinessGate(scope, "ready", { containers, ...props });
  });
  return theOnly("terraform_data", program);
}

function provisioner(block: Block): {
  interpreter: string[];
  command: string;
  environment?: Record<string, string>;
} {
  const [first] = block["provisioner"] as { "local-exec": ReturnType<typeof provisioner> }[];
  return first!["local-exec"];
}

describe("ReadinessGate", () => {
  it("runs again whenever a container is another one", () => {
    expect(gate()["triggers_replace"]).toEqual([
      "${docker_container.one.id}",
      "${docker_container.two.id}",
    ]);
  });

  it("runs a script that is there, by node and without a shell", () => {
    const [program, script = ""] = provisioner(gate()).interpreter;
    expect(program).toBe("node");
    expect(basename(script)).toBe("gate.mjs");
    expect(existsSync(script)).toBe(true);
  });

  it("waits five minutes for every container by default, on the engine that docker means", () => {
    const { command, environment } = provisioner(gate());
    expect(JSON.parse(command)).toEqual({
      containers: ["dev-one", "dev-two"],
      needs: {},
      timeoutSeconds: 300,
    });
    expect(environment).toBeUndefined();
  });

  it("tells which container needs which", () => {
    const program = synthesizeScope((scope) => {
      const image = "example:1";
      const elsewhere = new Container(scope, "zero", { name: "zero", image });
      const one = new Container(scope, "one", { name: "one", image, dependsOn: [elsewhere] });
      const two = new Container(scope, "two", { name: "two", image, dependsOn: [one] });
      new ReadinessGate(scope, "ready", { containers: [one, two] });
    });
    const { command } = provisioner(theOnly("terraform_data", program));
    expect(JSON.parse(command)).toMatchObject({
      containers: ["one", "two"],
      needs: { two: ["one"] },
    });
  });

  it("waits as long and on the engine that it is told", () => {
    const { command, environment } = provisioner(
      gate({ timeoutSeconds: 20, dockerHost: "tcp://10.0.0.5:2375" }),
    );
    expect(JSON.parse(command)).toMatchObject({ timeoutSeconds: 20 });
    expect(environment).toEqual({ DOCKER_HOST: "tcp://10.0.0.5:2375" });
    const tls = gate({ dockerHost: "tcp://10.0.0.5:2376", dockerCertPath: "/certificates" });
    expect(provisioner(tls).environment).toEqual({
      DOCKER_HOST: "tcp://10.0.0.5:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: "/certificates",
    });
  });
});
