import { Listener, Memory } from "../../constructs/index.ts";
import type { EnvironmentSettings } from "../environment.ts";

/** One broker for a developer's machine, reached from containers beside it and from the host. */
export default {
  distribution: "confluent",
  versions: { confluent: "7.9.1", apache: "4.1.1", local: "4.1.1" },
  kafka: {
    listeners: [Listener.network(), Listener.host({ port: 9092 })],
    heap: Memory.mebibytes(512),
    memoryLimit: Memory.mebibytes(1024),
  },
} satisfies EnvironmentSettings;
