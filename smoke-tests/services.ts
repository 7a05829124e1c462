/** The HTTP services beside the brokers, as their clients of each vantage reach them. */
import type { Address } from "../doctor/address.ts";
import { sight } from "../doctor/explain.ts";
import type { NoAnswer } from "../doctor/dial.ts";
import type { PlatformOutputs, ServiceOutputs, Vantage } from "./outputs.ts";

/** A service's key in the outputs. */
export type ServiceKey = keyof ServiceOutputs;

/** What people call the services. */
export const SERVICE_TITLES: Readonly<Record<ServiceKey, string>> = {
  schemaRegistry: "Schema Registry",
  connect: "Connect",
  ksqlDb: "ksqlDB",
  restProxy: "REST Proxy",
};

/** Options of the smoke command that give a service's address, where no outputs do. */
export const SERVICE_OPTIONS: Readonly<Record<ServiceKey, string>> = {
  schemaRegistry: "schema-registry",
  connect: "connect",
  ksqlDb: "ksqldb",
  restProxy: "rest-proxy",
};

/** A service as its clients of one vantage reach it, with everything that a diagnosis names. */
export interface ServiceUnderTest {
  readonly service: ServiceKey;
  readonly title: string;
  readonly vantage: Vantage;
  readonly url: string;
  /** Name of that url in the outputs. */
  readonly output: "url" | "networkUrl" | "externalUrl";
  /** From where it is tried: `this host`, `a container on network "dev"`. */
  readonly standpoint: string;
  /** Undefined where no engine is known, like the container. */
  readonly network: string | undefined;
  /** Undefined where no engine is known. */
  readonly container: string | undefined;
}

/** A service as each of its vantages sees it; none when it is not deployed. */
export function servicesUnderTest(
  outputs: PlatformOutputs,
  service: ServiceKey,
): ServiceUnderTest[] {
  const output = outputs.services[service];
  if (output === undefined) return [];
  const network = outputs.docker?.network;
  const places = [
    ["host", "url", "this host"],
    ["network", "networkUrl", `a container on network "${network}"`],
    // Nobody else is there to try it; the report says so.
    ["external", "externalUrl", "this host"],
  ] as const;
  return places.flatMap(([vantage, key, standpoint]) => {
    const url = output[key];
    const { container } = output;
    const title = SERVICE_TITLES[service];
    return url === undefined
      ? []
      : [{ service, title, vantage, url, output: key, standpoint, network, container }];
  });
}

/** The listener of Kafka for clients of a service's vantage; programs on the host may use an external one. */
export function listenerBeside(outputs: PlatformOutputs, vantage: Vantage): string | undefined {
  const nearest = {
    network: ["network"],
    host: ["host", "external"],
    external: ["external", "host"],
  };
  return nearest[vantage]
    .map((wanted) =>
      Object.entries(outputs.kafka.listeners).find(([, listener]) => listener.vantage === wanted),
    )
    .find((found) => found !== undefined)?.[0];
}

/** How one service's settings are called, for the way out of a fault. */
export interface ServiceSettings {
  /** Where it listens, given the port, such as `CONNECT_LISTENERS says http://0.0.0.0:8083`. */
  readonly listeners: (port: number) => string;
  /** Where its API is, such as `nothing behind the port`. */
  readonly path: string;
  /** What says where the brokers are. */
  readonly brokers: string;
}

/**
 * Why a service's address does not answer, and what to change.
 *
 * @param address that its url leads to
 * @param state of its container, such as `exited`, where an engine can say
 */
export function explainServiceSilence(
  service: ServiceUnderTest,
  settings: ServiceSettings,
  address: Address,
  silence: NoAnswer,
  state?: string,
): string {
  const { title, standpoint } = service;
  const wayOut =
    state === undefined || state === "running"
      ? remedy(service, settings, address, silence)
      : `${containerOf(service)} is ${state}, so start it, or see in its log why it ended`;
  return `${title}: ${sight(standpoint, silence, title)}; ${wayOut}`;
}

/** How a message names a service's container. */
export function containerOf({ container, title }: ServiceUnderTest): string {
  return container === undefined ? `the server of ${title}` : `container "${container}"`;
}

/** How a message names where a service's address is from. */
export function sourceOf({ service, output, url, network }: ServiceUnderTest): string {
  return network === undefined
    ? `--${SERVICE_OPTIONS[service]} (${url})`
    : `services.${service}.${output} in the outputs (${url})`;
}

function remedy(
  service: ServiceUnderTest,
  { listeners, path, brokers }: ServiceSettings,
  { host, port }: Address,
  { kind }: NoAnswer,
): string {
  const { vantage, network } = service;
  const container = containerOf(service);
  const inOutputs = sourceOf(service);
  switch (kind) {
    case "unresolved":
      return {
        host: `${inOutputs} must name the Docker host as its own programs do: localhost`,
        network: `${inOutputs} must name ${container}, attached to network "${network}"`,
        external: `${inOutputs} must name the Docker host as its clients elsewhere do`,
      }[vantage];
    case "refused":
    case "unreachable":
    case "closed":
      return vantage === "network"
        ? `see that ${listeners(port)} in ${container}, and that it is through with its start, which needs the brokers (${brokers})`
        : `see that ${container} publishes port ${port} and is through with its start, which needs the brokers (${brokers})`;
    case "dropped":
      return vantage === "network"
        ? `see that ${container} is attached to network "${network}"`
        : `see that ${host} is the Docker host and that no firewall drops port ${port}`;
    case "silent":
      return `see that ${container} reaches the brokers (${brokers})`;
    case "tls":
      return `see that ${listeners(port)} in ${container}: the outputs say http`;
    case "foreign":
      return `${inOutputs} must lead to ${container}, with ${path}`;
  }
}
