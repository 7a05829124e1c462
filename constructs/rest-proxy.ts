import { Construct } from "constructs";
import { lacking } from "./distribution.ts";
import { HttpService, type HttpServiceProps } from "./private/http-service.ts";
import { Probe } from "./private/probe.ts";
import { toEnvironment } from "./private/properties.ts";
import type { ISchemaRegistry } from "./schema-registry.ts";

/** Settings of a {@link RestProxy}. */
export interface RestProxyProps extends HttpServiceProps {
  /**
   * Where the schemas of Avro, JSON Schema and Protobuf records are.
   *
   * @default - none: records are JSON or binary
   */
  readonly schemaRegistry?: ISchemaRegistry | undefined;
}

/** Confluent's REST Proxy: produces and consumes for clients that speak HTTP only. */
export class RestProxy extends HttpService {
  /** @throws InvalidSettingError when a setting is wrong by itself; what two settings say against each other is reported at synth */
  constructor(scope: Construct, id: string, props: RestProxyProps) {
    const distribution = props.distribution ?? props.kafka.distribution;
    const image = distribution.restProxy ?? lacking(distribution, "restProxy");
    const { schemaRegistry } = props;
    super(scope, id, props, {
      service: "rest-proxy",
      title: "REST Proxy",
      image,
      port: 8082,
      size: "restProxy",
      stopSeconds: 60,
      render: ({ host, port, bootstrapServers, jvm }) => ({
        environment: {
          ...toEnvironment("KAFKA_REST", {
            "bootstrap.servers": bootstrapServers,
            // The image demands one. A blank satisfies it and is none in its properties file, so that a consumer's
            // base_uri is the address that its client has dialled.
            "host.name": " ",
            listeners: `http://0.0.0.0:${port}`,
            ...(schemaRegistry === undefined
              ? {}
              : { "schema.registry.url": schemaRegistry.networkUrl }),
          }),
          ...jvm.environment("KAFKAREST"),
        },
        apiPath: "",
        // The root is answered with the brokers gone, too.
        probe: Probe.http(host, port, "/topics"),
      }),
    });
  }
}
