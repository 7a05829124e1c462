/** Turns what a Schema Registry answered into the setting at fault and the way out. */
import type { Address } from "../doctor/address.ts";
import type { ServiceRefusal } from "./clients/http-client.ts";
import type { NoAnswer } from "../doctor/dial.ts";
import type { PlatformOutputs, SchemaRegistryOutput } from "./outputs.ts";
import type { ServiceSettings, ServiceUnderTest } from "./services.ts";
import { containerOf, explainServiceSilence, servicesUnderTest, sourceOf } from "./services.ts";

/** The registry as its clients of one vantage reach it, and whose it is. */
export interface RegistryUnderTest extends ServiceUnderTest {
  readonly product: SchemaRegistryOutput["product"];
}

/** The registry as each of its vantages sees it; none when the outputs have no registry. */
export function registriesUnderTest(outputs: PlatformOutputs): RegistryUnderTest[] {
  const product = outputs.services.schemaRegistry?.product;
  if (product === undefined) return [];
  return servicesUnderTest(outputs, "schemaRegistry").map((service) => ({ ...service, product }));
}

/** What each product calls the settings that go wrong. */
const SETTINGS: Readonly<
  Record<
    SchemaRegistryOutput["product"],
    ServiceSettings & { readonly compatibility: string; readonly keeping: string }
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
  return explainServiceSilence(registry, SETTINGS[registry.product], address, silence, state);
}

/** An answer that is not the wanted one: the service's own words, then the setting behind them. */
export function explainRefusal(registry: RegistryUnderTest, refusal: ServiceRefusal): string {
  const { product } = registry;
  const { brokers, path } = SETTINGS[product];
  const { status, errorCode } = refusal;
  const wayOut = (): string | undefined => {
    if (status === 404 && (errorCode === undefined || errorCode === 404)) {
      return `the API is not there; ${sourceOf(registry)} must have ${path}`;
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
      return `it cannot use its store; see that ${brokers} of ${containerOf(registry)} leads to the brokers, and that they run`;
    }
    return undefined;
  };
  const out = wayOut();
  return `Schema Registry: ${refusal.message}${out === undefined ? "" : `; ${out}`}`;
}

/** What to say of a default compatibility that is not BACKWARD. */
export function explainCompatibility(registry: RegistryUnderTest, level: string): string {
  const { product } = registry;
  return `Schema Registry: the default compatibility is ${level}, not BACKWARD; ${SETTINGS[product].compatibility} in ${containerOf(registry)}, and no other level must have been set through PUT /config`;
}

/** What to say when a schema was taken that breaks the readers of the one before. */
export function explainLaxness(registry: RegistryUnderTest, subject: string, id: number): string {
  const { product } = registry;
  return `Schema Registry: a schema that cannot read what is there was taken for subject "${subject}", with id ${id}, not refused with HTTP 409; ${SETTINGS[product].compatibility} in ${containerOf(registry)}`;
}

/** What to say when schemas are gone after a restart. */
export function explainForgetting(registry: RegistryUnderTest): string {
  const { product } = registry;
  return `Schema Registry: ${containerOf(registry)} has lost its schemas in a restart; ${SETTINGS[product].keeping}`;
}
