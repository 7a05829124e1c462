export { Distribution, type DistributionName, type DistributionProps } from "./distribution.ts";
export { Endpoint } from "./endpoint.ts";
export { InvalidSettingError } from "./errors.ts";
export { Image } from "./image.ts";
export { KafkaCluster, type Broker, type KafkaClusterProps } from "./kafka-cluster.ts";
export { ENVIRONMENT_LABEL, SERVICE_LABEL, type Labels } from "./labels.ts";
export {
  Listener,
  type ExternalListenerProps,
  type ListenerProps,
  type Vantage,
} from "./listener.ts";
export { Memory } from "./memory.ts";
export { Metadata } from "./metadata.ts";
export { ReadinessGate, type ReadinessGateProps } from "./readiness-gate.ts";
export { Storage } from "./storage.ts";
