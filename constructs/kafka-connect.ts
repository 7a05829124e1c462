import { Construct } from "constructs";
import { lacking } from "./distribution.ts";
import { connectDialect, connectProperties } from "./private/connect-dialect.ts";
import { HttpService, type HttpServiceProps } from "./private/http-service.ts";
import { settingConflicts, type Properties } from "./private/properties.ts";
import type { ISchemaRegistry } from "./schema-registry.ts";

/** Settings of a {@link KafkaConnect}. */
export interface KafkaConnectProps extends HttpServiceProps {
  /**
   * Where converters keep schemas: records are Avro then, unless a connector says otherwise. Confluent's images only.
   *
   * @default - none: records are JSON without schemas
   */
  readonly schemaRegistry?: ISchemaRegistry | undefined;
  /**
   * More worker settings, under Connect's own names, such as `plugin.path`. They win over the defaults; addresses
   * and topics cannot be set here.
   *
   * @default - none
   */
  readonly settings?: Properties;
}

/** A Connect as other services need to know it. */
export interface IKafkaConnect {
  /** Address of its API for containers on the network. */
  readonly networkUrl: string;
}

/** What the construct derives; a second opinion on it would break what it promises. */
const OWN_PROPERTIES =
  /^(bootstrap\.servers|group\.id|listeners|rest\.(advertised\..*|port|host\.name)|(config|offset|status)\.storage\.(topic|replication\.factor))$/;

/** A Kafka Connect worker in distributed mode: it runs connectors, which move records between topics and other systems. */
export class KafkaConnect extends HttpService implements IKafkaConnect {
  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: KafkaConnectProps) {
    const distribution = props.distribution ?? props.kafka.distribution;
    const image = distribution.connect ?? lacking(distribution, "connect");
    const { schemaRegistry, settings = {} } = props;
    super(scope, id, props, {
      service: "connect",
      title: "Connect",
      image: image.image,
      port: 8083,
      size: "connect",
      // It leaves its group and lets the tasks commit.
      stopSeconds: 60,
      render: (needs) =>
        connectDialect(image, needs, {
          ...connectProperties(needs, converters(schemaRegistry)),
          ...settings,
        }),
    });
    this.node.addValidation({
      validate: () => [
        ...settingConflicts(settings, OWN_PROPERTIES, "Connect", "name, kafka or publish"),
        ...(schemaRegistry !== undefined && image.contract === "kafka"
          ? [
              `the image ${image.image} has no converter that knows a Schema Registry; leave schemaRegistry out, or use Distribution.confluent()`,
            ]
          : []),
      ],
    });
  }
}

/** How records are read and written where a connector does not say it. */
function converters(schemaRegistry: ISchemaRegistry | undefined): Properties {
  const key = { "key.converter": "org.apache.kafka.connect.storage.StringConverter" };
  return schemaRegistry === undefined
    ? {
        ...key,
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
      }
    : {
        ...key,
        "value.converter": "io.confluent.connect.avro.AvroConverter",
        "value.converter.schema.registry.url": schemaRegistry.networkUrl,
      };
}
