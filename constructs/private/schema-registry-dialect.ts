import type { SchemaRegistryImage } from "../distribution.ts";
import type { ServiceDialect, ServiceNeeds } from "./http-service.ts";
import { Probe } from "./probe.ts";

/** Settings of cp-schema-registry, by its environment contract. */
function confluent(needs: ServiceNeeds): ServiceDialect {
  return {
    environment: {
      SCHEMA_REGISTRY_HOST_NAME: needs.host,
      SCHEMA_REGISTRY_LISTENERS: `http://0.0.0.0:${needs.port}`,
      SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: needs.bootstrapServers,
      SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR: String(needs.replicationFactor),
      ...needs.jvm.environment("SCHEMA_REGISTRY"),
    },
    apiPath: "",
    probe: Probe.http(needs.host, needs.port, "/subjects"),
  };
}

/** Settings of apicurio/apicurio-registry 3, made to behave as Confluent's does: stored in Kafka, BACKWARD by default. */
function apicurio(needs: ServiceNeeds): ServiceDialect {
  return {
    environment: {
      QUARKUS_HTTP_PORT: String(needs.port),
      APICURIO_STORAGE_KIND: "kafkasql",
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: needs.bootstrapServers,
      // It would take the broker's: schemas gone after a week, or compacted away.
      APICURIO_KAFKASQL_TOPIC_RETENTION_MS: "-1",
      APICURIO_KAFKASQL_TOPIC_CLEANUP_POLICY: "delete",
      // Milliseconds that each start waits for a snapshot to appear, which it seldom does.
      APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: "1000",
      APICURIO_RULES_GLOBAL_COMPATIBILITY: "BACKWARD",
      // The healthcheck's own line every few seconds would hide what matters.
      QUARKUS_HTTP_ACCESS_LOG_ENABLED: "false",
      ...needs.jvm.quarkusEnvironment(),
    },
    apiPath: "/apis/ccompat/v7",
    probe: Probe.http(needs.host, needs.port, "/health/ready"),
  };
}

const DIALECTS = { confluent, apicurio } as const;

/** Renders what a schema registry must know into its image's own words. */
export function schemaRegistryDialect(
  product: SchemaRegistryImage["product"],
  needs: ServiceNeeds,
): ServiceDialect {
  return DIALECTS[product](needs);
}
