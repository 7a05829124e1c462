import { BlockList, isIPv6 } from "node:net";
import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { Network } from "@cdktf/provider-docker/lib/network/index.js";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider/index.js";
import { LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import {
  ENVIRONMENT_LABEL,
  KafkaCluster,
  Metadata,
  ReadinessGate,
  SchemaRegistry,
  ZooKeeper,
  type Labels,
  type Listener,
} from "../constructs/index.ts";
import { labelBlocks } from "../constructs/labels.ts";
import { renderBackend, secretsIn, type RenderedBackend } from "./backend.ts";
import type { DockerEndpoint } from "./docker-engine.ts";
import { lockedDistribution, type EnvironmentLock } from "./environment-lock.ts";
import type { Environment } from "./environment.ts";
import { stateFromStackFolder } from "./workspace.ts";

/** Versions of kreuzwerker/docker that keep stopped containers in the state; cdktf's bindings pin an older one. */
export const PROVIDER_VERSIONS = ">= 4.1.0, < 5.0.0";

/** What a {@link KafkaPlatform} is made from. */
export interface KafkaPlatformProps {
  readonly environment: Environment;
  readonly lock: EnvironmentLock;
  /** The engine it is for. */
  readonly engine: DockerEndpoint;
  /** IP addresses of the Docker host; undefined where they cannot be known from here. */
  readonly hostAddresses: readonly string[] | undefined;
  /** Why nothing of it may be changed now; every plan says so and fails, a destroy's too. */
  readonly refusal?: string | undefined;
}

/** An environment as one Terraform stack: network, services, and the gate at the end. */
export class KafkaPlatform extends TerraformStack {
  /** Where its state is kept. */
  readonly backend: RenderedBackend;

  constructor(scope: Construct, props: KafkaPlatformProps) {
    const { environment, lock, engine, refusal } = props;
    super(scope, environment.name);
    this.backend = renderBackend(
      environment.settings.backend?.(this) ??
        new LocalBackend(this, { path: stateFromStackFolder(environment.name) }),
    );
    this.node.addValidation({ validate: () => secretsIn(this.backend) });
    new DockerProvider(this, "docker", {
      host: engine.host,
      certPath: engine.certPath ?? "",
      // Unset, it is DOCKER_CONTEXT, which wins over the host.
      context: "",
    });
    this.addOverride("terraform.required_providers.docker.version", PROVIDER_VERSIONS);

    // terraform_data, which the gate is, needs 1.4, cdktf's outputs 1.5.
    this.addOverride("terraform.required_version", ">= 1.5.0");

    const labels: Labels = { [ENVIRONMENT_LABEL]: environment.name };
    const network = new Network(this, "network", {
      name: `${environment.name}-network`,
      labels: labelBlocks(labels),
    });
    const { settings } = environment;
    const distribution = lockedDistribution(lock);
    const common = { distribution, network, labels };
    const zooKeeper =
      settings.zooKeeper &&
      new ZooKeeper(this, "zookeeper", {
        ...common,
        ...settings.zooKeeper,
        name: `${environment.name}-zookeeper`,
      });
    const kafka = new KafkaCluster(this, "kafka", {
      ...common,
      ...settings.kafka,
      name: `${environment.name}-kafka`,
      ...(zooKeeper === undefined
        ? { clusterId: lock.clusterId }
        : { metadata: Metadata.zooKeeper(zooKeeper) }),
    });
    const schemaRegistry =
      settings.schemaRegistry &&
      new SchemaRegistry(this, "schema-registry", {
        name: `${environment.name}-schema-registry`,
        ...settings.schemaRegistry,
        kafka,
        labels,
      });
    const { hostAddresses } = props;
    if (hostAddresses !== undefined) {
      this.node.addValidation({
        validate: () => kafka.listeners.flatMap((listener) => unboundable(listener, hostAddresses)),
      });
    }
    const containers = [
      ...(zooKeeper?.containers ?? []),
      ...kafka.brokers.map(({ container }) => container),
      ...(schemaRegistry === undefined ? [] : [schemaRegistry.container]),
    ];
    this.node.addValidation({ validate: () => collisions(containers) });
    new ReadinessGate(this, "ready", {
      containers,
      dockerHost: engine.host,
      dockerCertPath: engine.certPath,
    });

    const outputs = {
      environment: environment.name,
      docker: { host: engine.host, network: `${environment.name}-network` },
      labels,
      kafka: {
        version: kafka.distribution.kafkaVersion,
        metadata: kafka.metadata.mode,
        ...(kafka.clusterId === undefined ? {} : { clusterId: kafka.clusterId }),
        ...(zooKeeper === undefined ? {} : { zooKeeper: zooKeeperOutput(zooKeeper) }),
        brokers: kafka.brokers.map(({ id, host }) => ({ id, container: host })),
        listeners: byListener(kafka, ({ vantage }, bootstrapServers) => ({
          vantage,
          bootstrapServers,
          security: "PLAINTEXT",
        })),
      },
      services: {
        ...(schemaRegistry === undefined
          ? {}
          : { schemaRegistry: schemaRegistryOutput(schemaRegistry) }),
      },
      clients: {
        kafkajs: byListener(kafka, (_, servers) => ({ brokers: servers.split(",") })),
        librdkafka: byListener(kafka, (_, servers) => ({ "bootstrap.servers": servers })),
        java: byListener(kafka, (_, servers) => ({ "bootstrap.servers": servers })),
      },
    };
    for (const [name, value] of Object.entries(outputs)) {
      const output = new TerraformOutput(this, `output-${name}`, { value });
      output.overrideLogicalId(name);
      if (name === "docker" && refusal !== undefined) {
        // cdktf 0.21 takes a precondition of an output and leaves it out.
        output.addOverride("precondition", {
          // Never true, whatever answers; Terraform takes no constant.
          condition: '${terraform.workspace == ""}',
          error_message: refusal,
        });
      }
    }
  }
}

/** Names and host ports that two containers of one environment want. */
function collisions(containers: readonly Container[]): string[] {
  const wanted = containers.flatMap((container) => {
    const name = container.nameInput ?? "";
    const ports = container.portsInput;
    return [
      { name, what: `the name ${name}` },
      ...(Array.isArray(ports) ? ports : []).map(({ external }) => ({
        name,
        what: `port ${external} of the host`,
      })),
    ];
  });
  return wanted.flatMap(({ name, what }, i) => {
    const earlier = wanted.slice(0, i).find((other) => other.what === what);
    return earlier === undefined
      ? []
      : [`${earlier.name} and ${name} both want ${what}; give each its own`];
  });
}

function zooKeeperOutput({ connect, servers }: ZooKeeper): object {
  return { connect, servers: servers.map(({ id, host }) => ({ id, container: host })) };
}

function schemaRegistryOutput(registry: SchemaRegistry): object {
  const { hostUrl, networkUrl, host, product } = registry;
  return {
    ...(hostUrl === undefined ? {} : { url: hostUrl }),
    networkUrl,
    container: host,
    product,
  };
}

function byListener<T>(
  kafka: KafkaCluster,
  render: (listener: Listener, bootstrapServers: string) => T,
): Record<string, T> {
  return Object.fromEntries(
    kafka.listeners.map((listener) => [
      listener.name,
      render(listener, kafka.bootstrapServers(listener.name)),
    ]),
  );
}

/** Addresses that every host can bind. */
const ALWAYS_BOUND = new BlockList();
ALWAYS_BOUND.addAddress("0.0.0.0");
ALWAYS_BOUND.addAddress("::", "ipv6");
ALWAYS_BOUND.addSubnet("127.0.0.0", 8);

function unboundable(listener: Listener, hostAddresses: readonly string[]): string[] {
  const { bindAddress } = listener;
  if (bindAddress === undefined) return [];
  const family = isIPv6(bindAddress) ? "ipv6" : "ipv4";
  // One address of IPv6 has many spellings, which BlockList sees through.
  const own = new BlockList();
  for (const address of hostAddresses) own.addAddress(address, isIPv6(address) ? "ipv6" : "ipv4");
  if (ALWAYS_BOUND.check(bindAddress, family) || own.check(bindAddress, family)) return [];
  return [
    `${listener.vantage} listener "${listener.name}": this host has no address ${bindAddress} to bind (it has ${hostAddresses.join(", ")}); give bindAddress, one of these or 0.0.0.0 for all of them`,
  ];
}
