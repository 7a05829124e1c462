import type { ConnectImage } from "../distribution.ts";
import type { ServiceDialect, ServiceNeeds } from "./http-service.ts";
import { Probe } from "./probe.ts";
import { toEnvironment, toPropertiesFile, type Properties } from "./properties.ts";

/** All that a Connect worker must know, under Kafka's own names. */
export function connectProperties(
  { host, port, bootstrapServers, replicationFactor }: ServiceNeeds,
  converters: Properties,
): Properties {
  const replicas = String(replicationFactor);
  return {
    "bootstrap.servers": bootstrapServers,
    "group.id": host,
    "config.storage.topic": `${host}-configs`,
    "config.storage.replication.factor": replicas,
    "offset.storage.topic": `${host}-offsets`,
    "offset.storage.replication.factor": replicas,
    "status.storage.topic": `${host}-status`,
    "status.storage.replication.factor": replicas,
    ...converters,
    listeners: `http://0.0.0.0:${port}`,
    // What workers tell each other: where the one that answers sends what only the leader may do.
    "rest.advertised.host.name": host,
    "rest.advertised.port": String(port),
  };
}

/** Settings of cp-kafka-connect, by its environment contract. */
function confluent(needs: ServiceNeeds, properties: Properties): ServiceDialect {
  return {
    environment: {
      ...toEnvironment("CONNECT", properties),
      // The image's own healthcheck reads it.
      CONNECT_REST_PORT: String(needs.port),
      ...needs.jvm.environment("KAFKA"),
    },
    apiPath: "",
    probe: ready(needs),
  };
}

/** A worker in the image of Kafka itself, whose contract is the broker's: so its settings are written to a file at each start. */
function kafka(image: ConnectImage & { readonly contract: "kafka" }) {
  return (needs: ServiceNeeds, properties: Properties): ServiceDialect => ({
    environment: {
      CONNECT_PROPERTIES: toPropertiesFile({ ...plugins(image, properties), ...properties }),
      ...needs.jvm.environment("KAFKA"),
    },
    command: [
      "bash",
      "-c",
      'printf %s "$CONNECT_PROPERTIES" > /tmp/connect.properties && exec /opt/kafka/bin/connect-distributed.sh /tmp/connect.properties',
    ],
    apiPath: "",
    probe: ready(needs),
  });
}

/** How the image's own plugins are found. What else lies on a path that somebody gives may have no manifest, so that is searched. */
function plugins(
  image: ConnectImage & { readonly contract: "kafka" },
  properties: Properties,
): Properties {
  if (properties["plugin.path"] !== undefined) return {};
  return {
    "plugin.path": image.plugins,
    ...(image.pluginsHaveManifests === true ? { "plugin.discovery": "service_load" } : {}),
  };
}

/** The list of connectors is answered by a worker that is a member of its group, and has read its configuration. */
function ready({ host, port }: ServiceNeeds): Probe {
  return Probe.http(host, port, "/connectors");
}

/** Renders a worker's settings into its image's own words. */
export function connectDialect(
  image: ConnectImage,
  needs: ServiceNeeds,
  properties: Properties,
): ServiceDialect {
  const render = image.contract === "confluent" ? confluent : kafka(image);
  return render(needs, properties);
}
