import { Jmx, Listener, Memory } from "../../constructs/index.ts";
import type { EnvironmentSettings } from "../environment.ts";

/** A well-known docker-compose platform of Confluent 7.0.1: ZooKeeper, one broker and Schema Registry, under its names and ports. */
export default {
  distribution: "confluent",
  versions: { confluent: "7.0.1", local: "3.0.1" },
  zooKeeper: { hosts: ["zookeeper"], hostPort: 2181 },
  kafka: {
    hosts: ["broker"],
    listeners: [
      Listener.network({ name: "PLAINTEXT", port: 29092 }),
      Listener.host({ name: "PLAINTEXT_HOST", port: 9092 }),
    ],
    jmx: Jmx.host({ port: 9101 }),
    heap: Memory.mebibytes(512),
    memoryLimit: Memory.mebibytes(1024),
  },
  schemaRegistry: { name: "schema-registry", hostPort: 8081 },
} satisfies EnvironmentSettings;
