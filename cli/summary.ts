import { SERVICES, titleOf } from "../constructs/index.ts";
import type { DeployedOutputs, ServiceOutput, ServiceOutputs } from "../smoke-tests/outputs.ts";
import type { EnvironmentLock } from "../stacks/environment-lock.ts";
import type { ContainerState } from "./engine-objects.ts";
import { describeEngine, type Engine } from "./prepare/engine.ts";

/** What the end of a start tells. */
export interface SummaryParts {
  /** Services that the environment asks for and its images lack, as people call them. */
  readonly leftOut: readonly string[];
  readonly outputs: DeployedOutputs;
  readonly lock: EnvironmentLock;
  readonly containers: readonly ContainerState[];
  readonly engine: Engine;
  /** When the smoke tests passed. */
  readonly provenAt: string;
}

const WHO: Readonly<Record<string, string>> = {
  network: "containers on the Docker network",
  host: "programs on this host",
  external: "clients elsewhere",
};

/** What runs where, what was left out and why, how to connect, how to stop it. */
export function summary({ outputs, lock, containers, ...rest }: SummaryParts): string {
  const { environment, docker, kafka, services, clients } = outputs;
  const { distribution, version, reason } = lock.images;
  // With ZooKeeper the volumes tell it; storage that is none keeps it to itself.
  const clusterId = kafka.clusterId ?? lock.clusterId;
  const listeners = Object.entries(kafka.listeners);
  const width = Math.max(9, ...listeners.map(([name]) => name.length));
  const [fromHost] = listeners.filter(([, { vantage }]) => vantage !== "network");
  const snippet = fromHost === undefined ? undefined : clients.kafkajs[fromHost[0]];
  return [
    `${environment}: Kafka ${kafka.version} (${kafka.metadata === "kraft" ? "KRaft" : "ZooKeeper"})${clusterId === undefined ? "" : `, cluster ${clusterId}`}`,
    `  engine     ${docker.host} (${describeEngine(rest.engine)}), network ${docker.network}`,
    ...containers.map(
      ({ name, state, published }) =>
        `  container  ${name}, ${state}${published.length > 0 ? `, published on ${published.join(", ")}` : ""}`,
    ),
    `  images     ${distribution} ${version}: ${reason}`,
    ...(rest.leftOut.length === 0 ? [] : [`  left out   ${tellLeftOut(rest.leftOut)}`]),
    `  proven     by the smoke tests, ${rest.provenAt}`,
    "",
    "bootstrap servers:",
    ...listeners.map(
      ([name, { vantage, bootstrapServers }]) =>
        `  ${name.padEnd(width)}  ${bootstrapServers}  for ${WHO[vantage] ?? vantage}${vantage === "network" ? ` ${docker.network}` : ""}`,
    ),
    ...SERVICES.flatMap((service) => [
      ...addresses(titleOf(service), services[service], docker.network),
      ...(service === "ksqlDb" ? commandLine(services.ksqlDb) : []),
    ]),
    ...(snippet === undefined
      ? []
      : [
          "",
          "to connect, with kafkajs:",
          `  import { Kafka } from "kafkajs";`,
          `  const kafka = new Kafka({ clientId: "me", brokers: ${JSON.stringify(snippet.brokers)} });`,
        ]),
    "",
    `to look at it:  npm run status -- ${environment}`,
    `to remove it:   npm run destroy -- ${environment}`,
  ].join("\n");
}

/** Says which services an environment asks for and its images lack. */
export function tellLeftOut(services: readonly string[]): string {
  return `${services.join(", ")}: these images have none`;
}

function addresses(title: string, service: ServiceOutput | undefined, network: string): string[] {
  if (service === undefined) return [];
  const { url, externalUrl, networkUrl } = service;
  return [
    "",
    `${title}:`,
    ...(url === undefined ? [] : [`  ${url}  for ${WHO["host"]}`]),
    ...(externalUrl === undefined ? [] : [`  ${externalUrl}  for ${WHO["external"]}`]),
    ...(networkUrl === undefined ? [] : [`  ${networkUrl}  for ${WHO["network"]} ${network}`]),
  ];
}

function commandLine(ksqlDb: ServiceOutputs["ksqlDb"]): string[] {
  if (ksqlDb?.cli === undefined) return [];
  return [`  docker exec -it ${ksqlDb.cli.container} ksql ${ksqlDb.networkUrl}  for SQL by hand`];
}
