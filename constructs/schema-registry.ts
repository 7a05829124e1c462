import { Construct } from "constructs";
import { lacking, type SchemaRegistryImage } from "./distribution.ts";
import { HttpService, type HttpServiceProps } from "./private/http-service.ts";
import { schemaRegistryDialect } from "./private/schema-registry-dialect.ts";

/** Settings of a {@link SchemaRegistry}. */
export type SchemaRegistryProps = HttpServiceProps;

/** A Schema Registry, as other services need to know it. */
export interface ISchemaRegistry {
  /** Address of its API for containers on the network. */
  readonly networkUrl: string;
}

/**
 * Keeps the schemas of records, under Confluent's API: Confluent's own service, or Apicurio Registry where a
 * distribution has that one. The schemas are in Kafka, so they live as long as the cluster's data. An
 * incompatible change is refused unless a subject says otherwise (BACKWARD).
 */
export class SchemaRegistry extends HttpService implements ISchemaRegistry {
  /** Whose service it is. */
  readonly product: SchemaRegistryImage["product"];

  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: SchemaRegistryProps) {
    const distribution = props.distribution ?? props.kafka.distribution;
    const image = distribution.schemaRegistry ?? lacking(distribution, "schemaRegistry");
    super(scope, id, props, {
      service: "schema-registry",
      title: "Schema Registry",
      image: image.image,
      port: 8081,
      size: "schemaRegistry",
      stopSeconds: 60,
      render: (needs) => schemaRegistryDialect(image.product, needs),
    });
    this.product = image.product;
  }
}
