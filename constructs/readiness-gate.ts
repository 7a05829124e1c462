import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { DefaultTokenResolver, StringConcat, TerraformResource, Tokenization } from "cdktf";
import { Construct } from "constructs";
import type { KafkaCluster } from "./kafka-cluster.ts";
import { engineVariables } from "./private/engine-variables.ts";
import type { GateQuestion } from "./private/gate.ts";
import type { GateListener } from "./private/listener-trial.ts";

/** Settings of a {@link ReadinessGate}. */
export interface ReadinessGateProps {
  /** Containers that must be ready, each with a healthcheck. One that depends on others may restart until they are ready. */
  readonly containers: readonly Container[];
  /**
   * Clusters among them whose listeners must be usable: each is tried from where its clients stand, as far as that is on
   * the network or on the Docker host itself.
   *
   * @default - none is tried
   */
  readonly clusters?: readonly KafkaCluster[];
  /**
   * Seconds until the gate gives up.
   *
   * @default 300
   */
  readonly timeoutSeconds?: number;
  /**
   * Address of the engine, in the form that `DOCKER_HOST` takes.
   *
   * @default - the engine that the `docker` command means
   */
  readonly dockerHost?: string;
  /**
   * Folder of `ca.pem`, `cert.pem` and `key.pem` where the engine at `dockerHost` is reached by TLS.
   *
   * @default - without TLS, or as `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` say
   */
  readonly dockerCertPath?: string | undefined;
}

/**
 * The end of a deploy: waits until every container is ready and every listener usable, or fails naming what is not, with
 * the end of its log. Only the gate itself is repeated by the next deploy, the containers are left as they are.
 *
 * It needs `node` and the `docker` command where Terraform runs.
 */
export class ReadinessGate extends Construct {
  constructor(scope: Construct, id: string, props: ReadinessGateProps) {
    super(scope, id);
    const resolver = new DefaultTokenResolver(new StringConcat());
    // In some places cdktf writes an address as an expression, in some without its braces.
    const addressOf = (token: string): string =>
      String(Tokenization.resolve(token, { scope: this, preparing: false, resolver })).replace(
        /^\$\{(.*)\}$/,
        "$1",
      );
    const containers = props.containers.map(nameOf);
    const needs = Object.fromEntries(
      props.containers.flatMap((container) => {
        const addresses = (container.dependsOn ?? []).map(addressOf);
        const others = props.containers.filter(({ fqn }) => addresses.includes(addressOf(fqn)));
        return others.length === 0 ? [] : [[nameOf(container), others.map(nameOf)]];
      }),
    );
    const listeners = (props.clusters ?? []).flatMap(listenersOf);
    const question: GateQuestion = {
      containers,
      needs,
      ...(listeners.length === 0 ? {} : { listeners }),
      timeoutSeconds: props.timeoutSeconds ?? 300,
    };
    // Not cdktf's DataResource: that one wants to run Terraform, and to find it under its usual name, at synth.
    const data = new TerraformResource(this, "gate", {
      terraformResourceType: "terraform_data",
      provisioners: [
        {
          type: "local-exec",
          // Without a shell between: Terraform appends the command as the script's one argument.
          interpreter: gateProgram(),
          command: JSON.stringify(question),
          ...(props.dockerHost === undefined
            ? {}
            : { environment: engineVariables(props.dockerHost, props.dockerCertPath) }),
        },
      ],
    });
    data.addOverride(
      "triggers_replace",
      props.containers.map((container) => container.id),
    );
  }
}

/** The command that the gate's question is appended to. */
export function gateProgram(): string[] {
  if (!import.meta.url.endsWith(".ts")) {
    return ["node", fileURLToPath(new URL("./private/gate.js", import.meta.url))];
  }
  // In a checkout there is no JavaScript of it.
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return ["node", "--import", loader, fileURLToPath(new URL("./private/gate.ts", import.meta.url))];
}

/** As somebody wrote it, where that is known: what Terraform reads back is a reference in the program. */
function nameOf(named: { readonly name: string; readonly nameInput?: string | undefined }): string {
  return named.nameInput ?? named.name;
}

/** What a gate can stand in for the clients of. */
function listenersOf({ listeners, brokers, network }: KafkaCluster): GateListener[] {
  return listeners.flatMap((listener) => {
    const { name, vantage } = listener;
    if (vantage === "external") return [];
    const at = brokers.map((broker) => ({
      id: broker.id,
      container: broker.host,
      address: listener.advertised(broker).toString(),
    }));
    return [{ name, vantage, network: nameOf(network), brokers: at }];
  });
}
