import { Listener, Metadata, Sizing } from "../../constructs/index.ts";
import type { EnvironmentSettings } from "../environment.ts";

/** Three brokers and three controllers, of which one each may be lost: reached from containers beside them and from the host. */
export default {
  distribution: "confluent",
  versions: { confluent: "7.9.1", apache: "4.1.1", local: "4.1.1" },
  sizing: Sizing.laptop(),
  kafka: {
    brokers: 3,
    metadata: Metadata.kraft({ controllers: 3 }),
    listeners: [Listener.network(), Listener.host({ port: 9092 })],
  },
  smoke: { brokerLoss: true },
} satisfies EnvironmentSettings;
