import { Listener, PublishedPort, Sizing } from "../../constructs/index.ts";
import type { EnvironmentSettings } from "../environment.ts";

/** The whole platform around one broker, for a developer's machine: reached from containers beside it and from the host. */
export default {
  distribution: "confluent",
  versions: { confluent: "7.9.1", apache: "4.1.1", local: "4.1.1" },
  sizing: Sizing.laptop(),
  kafka: {
    listeners: [Listener.network(), Listener.host({ port: 9092 })],
  },
  schemaRegistry: { publish: PublishedPort.host(8081) },
  connect: { publish: PublishedPort.host(8083) },
  ksqlDb: { publish: PublishedPort.host(8088), cli: {} },
  restProxy: { publish: PublishedPort.host(8082) },
} satisfies EnvironmentSettings;
