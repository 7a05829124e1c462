import { BlockList, isIPv6 } from "node:net";
import type { Container } from "@cdktf/provider-docker/lib/container/index.js";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider/index.js";
import { LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import {
  ENVIRONMENT_LABEL,
  InvalidSettingError,
  KafkaCluster,
  KafkaConnect,
  KsqlDb,
  Metadata,
  ReadinessGate,
  RestProxy,
  SchemaRegistry,
  Sizing,
  ZooKeeper,
  type Labels,
  type Listener,
} from "../constructs/index.ts";
import { ownReplication } from "../constructs/private/replication.ts";
import { sharesPort } from "../constructs/private/service-container.ts";
import { BridgeNetwork } from "./bridge-network.ts";
import { renderBackend, secretsIn, type RenderedBackend } from "./backend.ts";
import type { DockerEndpoint } from "./docker-engine.ts";
import { lockedDistribution, type EnvironmentLock } from "./environment-lock.ts";
import { leftOut, type Environment, type EnvironmentSettings } from "./environment.ts";
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
    const network = new BridgeNetwork(this, "network", {
      name: `${environment.name}-network`,
      labels,
      engine,
    });
    const distribution = lockedDistribution(lock);
    const settings: EnvironmentSettings = {
      ...environment.settings,
      ...Object.fromEntries(leftOut(environment, distribution).map((name) => [name, undefined])),
    };
    const { sizing = Sizing.server() } = settings;
    const common = { distribution, network, labels, sizing };
    const zooKeeper =
      settings.zooKeeper &&
      new ZooKeeper(this, "zookeeper", {
        ...common,
        ...settings.zooKeeper,
        name: `${environment.name}-zookeeper`,
      });
    if (zooKeeper !== undefined && settings.kafka.metadata !== undefined) {
      throw new InvalidSettingError(
        `environment ${environment.name} has a zooKeeper section and kafka.metadata; leave one of them out`,
      );
    }
    const kafka = new KafkaCluster(this, "kafka", {
      ...common,
      ...settings.kafka,
      name: `${environment.name}-kafka`,
      ...(zooKeeper === undefined
        ? { clusterId: lock.clusterId }
        : { metadata: Metadata.zooKeeper(zooKeeper) }),
    });
    const isLossy = settings.smoke?.brokerLoss === true;
    this.node.addValidation({
      validate: () => [
        ...(isLossy && kafka.size < 3
          ? [
              `smoke.brokerLoss kills a broker of ${kafka.size}, and records would be lost with it; give the cluster 3 brokers, or leave brokerLoss out`,
            ]
          : []),
        ...(isLossy && settings.kafka.storage?.kind === "ephemeral"
          ? [
              "smoke.brokerLoss kills a broker, and with ephemeral storage all that it holds is gone; give the cluster volumes, or leave brokerLoss out",
            ]
          : []),
        ...(isLossy && kafka.networkBootstrapServers === undefined
          ? [
              "smoke.brokerLoss writes from a container on the network, for which there is no listener; add Listener.network(), or leave brokerLoss out",
            ]
          : []),
      ],
    });
    const named = (
      service: string,
    ): { name: string; kafka: KafkaCluster; labels: Labels; sizing: Sizing } => ({
      name: `${environment.name}-${service}`,
      kafka,
      labels,
      sizing,
    });
    const schemaRegistry =
      settings.schemaRegistry &&
      new SchemaRegistry(this, "schema-registry", {
        ...named("schema-registry"),
        ...settings.schemaRegistry,
      });
    const connect =
      settings.connect &&
      new KafkaConnect(this, "connect", {
        ...named("connect"),
        // Kafka's own image has no converter that would use it.
        schemaRegistry: distribution.connect?.contract === "confluent" ? schemaRegistry : undefined,
        ...settings.connect,
      });
    const ksqlDb =
      settings.ksqlDb &&
      new KsqlDb(this, "ksqldb", {
        ...named("ksqldb-server"),
        schemaRegistry,
        connect,
        ...settings.ksqlDb,
      });
    const cli =
      settings.ksqlDb?.cli &&
      ksqlDb?.addCli({ name: `${environment.name}-ksqldb-cli`, ...settings.ksqlDb.cli });
    const restProxy =
      settings.restProxy &&
      new RestProxy(this, "rest-proxy", {
        ...named("rest-proxy"),
        schemaRegistry,
        ...settings.restProxy,
      });

    const { hostAddresses } = props;
    if (hostAddresses !== undefined) {
      const { jmx } = settings.kafka;
      const bound = [
        ...kafka.listeners.flatMap((listener) =>
          kafka.brokers.map((broker) => ({
            what: `${listener.vantage} listener "${listener.name}"`,
            bindAddress: listener.published(broker)?.bindAddress,
          })),
        ),
        ...(jmx === undefined
          ? []
          : [{ what: `${jmx.vantage} JMX`, bindAddress: jmx.bindAddress }]),
        ...(["zooKeeper", "schemaRegistry", "connect", "ksqlDb", "restProxy"] as const).flatMap(
          (service) => {
            const port = settings[service]?.publish;
            return port === undefined
              ? []
              : [{ what: String(port), bindAddress: port.bindAddress }];
          },
        ),
      ];
      this.node.addValidation({ validate: () => unboundable(bound, hostAddresses) });
    }
    const containers = [
      ...(zooKeeper?.containers ?? []),
      ...kafka.controllers.map(({ container }) => container),
      ...kafka.containers,
      ...[schemaRegistry, connect, ksqlDb, cli, restProxy].flatMap(
        (service) => service?.container ?? [],
      ),
    ];
    this.node.addValidation({ validate: () => collisions(containers, kafka.containers) });
    new ReadinessGate(this, "ready", {
      containers,
      clusters: [kafka],
      dockerHost: engine.host,
      dockerCertPath: engine.certPath,
    });

    // Of one broker nothing else can be asked.
    const replication =
      kafka.size === 1 ? undefined : ownReplication(kafka.size, settings.kafka.settings ?? {});
    const outputs: Readonly<Record<string, unknown>> = {
      environment: environment.name,
      docker: { host: engine.host, network: network.nameInput },
      labels,
      kafka: {
        version: kafka.distribution.kafkaVersion,
        metadata: kafka.metadata.mode,
        ...(kafka.clusterId === undefined ? {} : { clusterId: kafka.clusterId }),
        ...(zooKeeper === undefined ? {} : { zooKeeper: zooKeeperOutput(zooKeeper) }),
        brokers: kafka.brokers.map(({ id, host }) => ({ id, container: host })),
        ...(replication === undefined ? {} : { replication }),
        ...(kafka.controllers.length === 0
          ? {}
          : { controllers: kafka.controllers.map(({ id, host }) => ({ id, container: host })) }),
        listeners: byListener(kafka, ({ vantage }, bootstrapServers) => ({
          vantage,
          bootstrapServers,
          security: "PLAINTEXT",
        })),
      },
      services: defined({
        schemaRegistry: schemaRegistry && {
          ...serviceOutput(schemaRegistry),
          product: schemaRegistry.product,
        },
        connect: connect && serviceOutput(connect),
        ksqlDb: ksqlDb && {
          ...serviceOutput(ksqlDb),
          ...(cli === undefined ? {} : { cli: { container: cli.host } }),
        },
        restProxy: restProxy && serviceOutput(restProxy),
      }),
      ...(isLossy ? { smoke: { brokerLoss: true } } : {}),
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

/**
 * Names and host ports that two containers of one environment want.
 *
 * @param brokers whose ports the cluster itself holds against each other
 */
function collisions(containers: readonly Container[], brokers: readonly Container[]): string[] {
  const wanted = containers.map((container) => {
    const ports = container.portsInput;
    return {
      name: container.nameInput ?? "",
      isBroker: brokers.includes(container),
      ports: (Array.isArray(ports) ? ports : []).map(({ external = 0, ip = "" }) => ({
        external,
        ip,
      })),
    };
  });
  return wanted.flatMap(({ name, ports, isBroker }, i) =>
    wanted.slice(0, i).flatMap((earlier) => {
      const both = `${earlier.name} and ${name} both want`;
      const shared = ports
        .filter(() => !(isBroker && earlier.isBroker))
        .filter((port) => earlier.ports.some((other) => sharesPort(port, other)))
        .map(({ external }) => external);
      return [
        ...(earlier.name === name ? [`${both} the name ${name}; give each its own`] : []),
        ...[...new Set(shared)].map(
          (port) => `${both} port ${port} of the host; give each its own`,
        ),
      ];
    }),
  );
}

function zooKeeperOutput({ connect, servers }: ZooKeeper): object {
  return { connect, servers: servers.map(({ id, host }) => ({ id, container: host })) };
}

function serviceOutput(service: SchemaRegistry | KafkaConnect | KsqlDb | RestProxy): object {
  return defined({
    url: service.url("host"),
    networkUrl: service.networkUrl,
    externalUrl: service.url("external"),
    container: service.host,
  });
}

/** What is there of an object. */
function defined(object: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
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

/** Addresses that are to be bound, and that this host has not, each with all that they are for. */
function unboundable(
  bound: readonly { readonly what: string; readonly bindAddress: string | undefined }[],
  hostAddresses: readonly string[],
): string[] {
  // One address of IPv6 has many spellings, which BlockList sees through.
  const own = new BlockList();
  for (const address of hostAddresses) own.addAddress(address, isIPv6(address) ? "ipv6" : "ipv4");
  const wanted = new Map<string, string[]>();
  for (const { what, bindAddress } of bound) {
    if (bindAddress === undefined) continue;
    const family = isIPv6(bindAddress) ? "ipv6" : "ipv4";
    if (ALWAYS_BOUND.check(bindAddress, family) || own.check(bindAddress, family)) continue;
    wanted.set(bindAddress, [...new Set([...(wanted.get(bindAddress) ?? []), what])]);
  }
  return [...wanted].map(
    ([bindAddress, whats]) =>
      `${whats.join(", ")}: this host has no address ${bindAddress} to bind (it has ${hostAddresses.join(", ")}); give bindAddress, one of these or 0.0.0.0 for all of them`,
  );
}
