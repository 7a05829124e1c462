export {
  Distribution,
  type DistributionName,
  type DistributionProps,
  type SchemaRegistryImage,
} from "./distribution.ts";
export { Endpoint } from "./endpoint.ts";
export { InvalidSettingError } from "./errors.ts";
export { Image } from "./image.ts";
export { Jmx, type JmxProps } from "./jmx.ts";
export { KafkaCluster, type Broker, type KafkaClusterProps } from "./kafka-cluster.ts";
export { ENVIRONMENT_LABEL, SERVICE_LABEL, type Labels } from "./labels.ts";
export {
  Listener,
  type ExternalListenerProps,
  type ListenerProps,
  type Vantage,
} from "./listener.ts";
export { Memory } from "./memory.ts";
export { Metadata, type IZooKeeper } from "./metadata.ts";
export { ReadinessGate, type ReadinessGateProps } from "./readiness-gate.ts";
export { SchemaRegistry, type SchemaRegistryProps } from "./schema-registry.ts";
export { Storage } from "./storage.ts";
export { ZooKeeper, type ZooKeeperProps, type ZooKeeperServer } from "./zookeeper.ts";
