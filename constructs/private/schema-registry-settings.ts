import type { SchemaRegistryImage } from "../distribution.ts";

/** What a schema registry must know, whosever image it is. */
export interface SchemaRegistryNeeds {
  /** Its name on the Docker network. */
  readonly host: string;
  readonly port: number;
  /** Brokers that keep the schemas. */
  readonly bootstrapServers: string;
  /** Replicas of the topics that hold the schemas: at the default of 3, one broker is not enough. */
  readonly replicationFactor: number;
  /** Java's options for the heap. */
  readonly heap: string;
}

/** A product's way of saying it. */
export interface SchemaRegistryDialect {
  readonly environment: Readonly<Record<string, string>>;
  /** Path of its Confluent API, without a slash at the end; empty at the root. */
  readonly apiPath: string;
  /** Path that answers 200 once it serves. */
  readonly readyPath: string;
}

/** Settings of cp-schema-registry, by its environment contract. */
function confluent(needs: SchemaRegistryNeeds): SchemaRegistryDialect {
  return {
    environment: {
      SCHEMA_REGISTRY_HOST_NAME: needs.host,
      SCHEMA_REGISTRY_LISTENERS: `http://0.0.0.0:${needs.port}`,
      SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS: needs.bootstrapServers,
      SCHEMA_REGISTRY_KAFKASTORE_TOPIC_REPLICATION_FACTOR: String(needs.replicationFactor),
      SCHEMA_REGISTRY_HEAP_OPTS: needs.heap,
    },
    apiPath: "",
    readyPath: "/subjects",
  };
}

/** Settings of apicurio/apicurio-registry 3, made to behave as Confluent's does: stored in Kafka, BACKWARD by default. */
function apicurio(needs: SchemaRegistryNeeds): SchemaRegistryDialect {
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
      JAVA_OPTS_APPEND: needs.heap,
    },
    apiPath: "/apis/ccompat/v7",
    readyPath: "/health/ready",
  };
}

const DIALECTS = { confluent, apicurio } as const;

/** Renders what a schema registry must know into its image's own words. */
export function schemaRegistrySettings(
  product: SchemaRegistryImage["product"],
  needs: SchemaRegistryNeeds,
): SchemaRegistryDialect {
  return DIALECTS[product](needs);
}
