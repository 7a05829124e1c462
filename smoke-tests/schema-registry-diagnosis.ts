/** Turns what a Schema Registry answered into the setting at fault and the way out. */
import type { Address } from "./address.ts";
import type { RegistryRefusal } from "./clients/schema-registry-client.ts";
import { sight } from "./diagnosis.ts";
import type { NoAnswer } from "./dial.ts";
import type { PlatformOutputs, SchemaRegistryOutput, Vantage } from "./outputs.ts";

/** The registry as its clients of one vantage reach it, with everything that a diagnosis names. */
export interface RegistryUnderTest {
  readonly vantage: Exclude<Vantage, "external">;
  readonly url: string;
  /** Name of that url in the outputs. */
  readonly output: "url" | "networkUrl";
  /** From where it is tried: `this host`, `a container on network "dev"`. */
  readonly standpoint: string;
  readonly network: string;
  readonly container: string;
  readonly product: SchemaRegistryOutput["product"];
}

/** The registry as each of its vantages sees it; none when the outputs have no registry. */
export function registriesUnderTest(outputs: PlatformOutputs): RegistryUnderTest[] {
  const { schemaRegistry } = outputs.services;
  if (schemaRegistry === undefined) return [];
  const { url, networkUrl, container, product } = schemaRegistry;
  const { network } = outputs.docker;
  const shared = { network, container, product };
  return [
    ...(url === undefined
      ? []
      : [{ ...shared, vantage: "host", url, output: "url", standpoint: "this host" } as const]),
    {
      ...shared,
      vantage: "network",
      url: networkUrl,
      output: "networkUrl",
      standpoint: `a container on network "${network}"`,
    },
  ];
}

/** What each product calls the settings that go wrong. */
const SETTINGS: Readonly<
  Record<
    SchemaRegistryOutput["product"],
    {
      /** Where it listens, given the port. */
      readonly listeners: (port: number) => string;
      /** Path of its API. */
      readonly path: string;
      readonly brokers: string;
      readonly compatibility: string;
      readonly keeping: string;
    }
  >
> = {
  confluent: {
    listeners: (port) => `SCHEMA_REGISTRY_LISTENERS says http://0.0.0.0:${port}`,
    path: "nothing behind the port",
    brokers: "SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS",
    compatibility: "SCHEMA_REGISTRY_SCHEMA_COMPATIBILITY_LEVEL must say backward",
    keeping:
      "it keeps them in the topic that SCHEMA_REGISTRY_KAFKASTORE_TOPIC names (_schemas), so see that this topic is compacted, not deleted, and that the brokers keep their data",
  },
  apicurio: {
    listeners: (port) => `QUARKUS_HTTP_HOST says 0.0.0.0 and QUARKUS_HTTP_PORT ${port}`,
    path: "/apis/ccompat/v7 behind the port",
    brokers: "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS",
    compatibility: "APICURIO_RULES_GLOBAL_COMPATIBILITY must say BACKWARD",
    keeping:
      "APICURIO_STORAGE_KIND must say kafkasql (its default is a database in memory), and the brokers must keep their data",
  },
};

/**
 * Why the registry's address does not answer, and what to change.
 *
 * @param address that its url leads to
 * @param state of its container, such as `exited`, where an engine can say
 */
export function explainRegistrySilence(
  registry: RegistryUnderTest,
  address: Address,
  silence: NoAnswer,
  state?: string,
): string {
  const { container } = registry;
  const wayOut =
    state === undefined || state === "running"
      ? remedy(registry, address, silence)
      : `container "${container}" is ${state}, so start it, or see in its log why it ended`;
  return `Schema Registry: ${sight(registry.standpoint, silence, "Schema Registry")}; ${wayOut}`;
}

function remedy(
  { vantage, network, container, product, output, url }: RegistryUnderTest,
  { host, port }: Address,
  { kind }: NoAnswer,
): string {
  const { listeners, brokers } = SETTINGS[product];
  const inOutputs = `services.schemaRegistry.${output} in the outputs (${url})`;
  switch (kind) {
    case "unresolved":
      return vantage === "host"
        ? `${inOutputs} must name the Docker host as its own programs do: localhost`
        : `${inOutputs} must name a container on network "${network}": "${container}", attached to it`;
    case "refused":
    case "unreachable":
    case "closed":
      return vantage === "host"
        ? `see that container "${container}" publishes port ${port} and is through with its start, which needs the brokers (${brokers})`
        : `see that ${listeners(port)} in container "${container}", and that it is through with its start, which needs the brokers (${brokers})`;
    case "dropped":
      return vantage === "host"
        ? `see that ${host} is the Docker host and that no firewall drops port ${port}`
        : `see that container "${container}" is attached to network "${network}"`;
    case "silent":
      return `see that container "${container}" reaches the brokers (${brokers})`;
    case "tls":
      return `see that ${listeners(port)} in container "${container}": the outputs say http`;
    case "foreign":
      return `${inOutputs} must lead to container "${container}", with ${SETTINGS[product].path}`;
  }
}

/** An answer that is not the wanted one: the service's own words, then the setting behind them. */
export function explainRefusal(registry: RegistryUnderTest, refusal: RegistryRefusal): string {
  const { container, product, output, url } = registry;
  const { brokers, path } = SETTINGS[product];
  const { status, errorCode } = refusal;
  const wayOut = (): string | undefined => {
    if (status === 404 && (errorCode === undefined || errorCode === 404)) {
      return `the API is not there; services.schemaRegistry.${output} in the outputs (${url}) must have ${path}`;
    }
    if (status === 401 || status === 403) {
      return "the smoke tests need the rights to register, read and delete subjects named kafka-platform-kit.smoke.*";
    }
    if (errorCode === 42205) {
      return "PUT /mode with READWRITE ends that";
    }
    if (errorCode === 50003 || errorCode === 50004) {
      return `it cannot forward to its leader; SCHEMA_REGISTRY_HOST_NAME of each registry must be a name that the others reach`;
    }
    if (status >= 500) {
      return `it cannot use its store; see that ${brokers} of container "${container}" leads to the brokers, and that they run`;
    }
    return undefined;
  };
  const out = wayOut();
  return `Schema Registry: ${refusal.message}${out === undefined ? "" : `; ${out}`}`;
}

/** What to say of a default compatibility that is not BACKWARD. */
export function explainCompatibility(
  { container, product }: RegistryUnderTest,
  level: string,
): string {
  return `Schema Registry: the default compatibility is ${level}, not BACKWARD; ${SETTINGS[product].compatibility} in container "${container}", and no other level must have been set through PUT /config`;
}

/** What to say when a schema was taken that breaks the readers of the one before. */
export function explainLaxness(
  { container, product }: RegistryUnderTest,
  subject: string,
  id: number,
): string {
  return `Schema Registry: a schema that cannot read what is there was taken for subject "${subject}", with id ${id}, not refused with HTTP 409; ${SETTINGS[product].compatibility} in container "${container}"`;
}

/** What to say when schemas are gone after a restart. */
export function explainForgetting({ container, product }: RegistryUnderTest): string {
  return `Schema Registry: container "${container}" has lost its schemas in a restart; ${SETTINGS[product].keeping}`;
}
