import { Listener, Memory, Metadata } from "../../constructs/index.ts";
import type { EnvironmentSettings } from "../environment.ts";

/** Three brokers and three controllers, of which one each may be lost: reached from containers beside them and from the host. */
export default {
  distribution: "confluent",
  versions: { confluent: "7.9.1", apache: "4.1.1", local: "4.1.1" },
  kafka: {
    brokers: 3,
    metadata: Metadata.kraft({ controllers: 3, heap: Memory.mebibytes(256) }),
    listeners: [Listener.network(), Listener.host({ port: 9092 })],
    heap: Memory.mebibytes(512),
    memoryLimit: Memory.mebibytes(1024),
  },
  smoke: { brokerLoss: true },
} satisfies EnvironmentSettings;
