export type { BrokerAddress, BrokerProps } from "./broker.ts";
export {
  Distribution,
  SERVICES,
  titleOf,
  type ConnectImage,
  type DistributionName,
  type DistributionProps,
  type KsqlDbImages,
  type SchemaRegistryImage,
  type ServiceName,
} from "./distribution.ts";
export { Endpoint } from "./endpoint.ts";
export { InvalidSettingError } from "./errors.ts";
export { Image } from "./image.ts";
export { Jmx, type ExternalJmxProps, type JmxProps } from "./jmx.ts";
export {
  KafkaCluster,
  type Broker,
  type DeployedNode,
  type ForeignKafkaProps,
  type IKafkaCluster,
  type KafkaClusterProps,
} from "./kafka-cluster.ts";
export { KafkaConnect, type IKafkaConnect, type KafkaConnectProps } from "./kafka-connect.ts";
export { KsqlDb, type KsqlDbCli, type KsqlDbCliProps, type KsqlDbProps } from "./ksqldb.ts";
export { ENVIRONMENT_LABEL, SERVICE_LABEL, type Labels } from "./labels.ts";
export {
  Listener,
  type ExternalListenerProps,
  type ListenerProps,
  type Vantage,
} from "./listener.ts";
export { Memory } from "./memory.ts";
export { Metadata, type ControllersProps, type IZooKeeper } from "./metadata.ts";
export { PublishedPort, type ExternalPortProps } from "./published-port.ts";
export { ReadinessGate, type ReadinessGateProps } from "./readiness-gate.ts";
export { RestProxy, type RestProxyProps } from "./rest-proxy.ts";
export {
  SchemaRegistry,
  type ISchemaRegistry,
  type SchemaRegistryProps,
} from "./schema-registry.ts";
export { Sizing, type JavaService, type MemoryProps } from "./sizing.ts";
export { Storage } from "./storage.ts";
export { ZooKeeper, type ZooKeeperProps, type ZooKeeperServer } from "./zookeeper.ts";
