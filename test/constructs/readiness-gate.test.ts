import { existsSync } from "node:fs";
import { basename } from "node:path";
import { Network } from "@cdktf/provider-docker/lib/network/index.js";
import { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { describe, expect, it } from "vitest";
import {
  Distribution,
  KafkaCluster,
  Listener,
  ReadinessGate,
  type ReadinessGateProps,
} from "../../constructs/index.ts";
import type { GateQuestion } from "../../constructs/private/gate.ts";
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
    const [program, ...args] = provisioner(gate()).interpreter;
    const script = args.at(-1) ?? "";
    expect(program).toBe("node");
    expect(basename(script)).toBe("gate.ts");
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

  it("tries a cluster's listeners from where their clients stand, where anybody can be put there", () => {
    const program = synthesizeScope((scope) => {
      const network = new Network(scope, "network", { name: "c-network" });
      const kafka = new KafkaCluster(scope, "kafka", {
        name: "c",
        brokers: 3,
        distribution: Distribution.local("4.1.1"),
        network,
        clusterId: "MkU3OEVBNTcwNTJENDM2Qk",
        listeners: [
          Listener.network(),
          Listener.host(),
          Listener.external({ address: "192.168.56.101" }),
        ],
      });
      new ReadinessGate(scope, "ready", { containers: kafka.containers, clusters: [kafka] });
    });
    const { command } = provisioner(theOnly("terraform_data", program));
    const { listeners } = JSON.parse(command) as GateQuestion;
    const brokers = (address: (id: number) => string): object[] =>
      [1, 2, 3].map((id) => ({ id, container: `c-${id}`, address: address(id) }));
    expect(listeners).toEqual([
      {
        name: "NETWORK",
        vantage: "network",
        network: "c-network",
        brokers: brokers((id) => `c-${id}:19092`),
      },
      {
        name: "HOST",
        vantage: "host",
        network: "c-network",
        brokers: brokers((id) => `localhost:${9091 + id}`),
      },
    ]);
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
