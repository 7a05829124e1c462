import { CLUSTER_LISTENERS, type Listener } from "../listener.ts";
import type { Metadata } from "../metadata.ts";
import type { Properties } from "./properties.ts";

/** A node of the cluster: its id, from 1, and its name on the Docker network. */
export interface Node {
  readonly id: number;
  readonly host: string;
}

/**
 * All that Kafka must know of itself, its listeners and where the metadata is, on one broker. With KRaft
 * it is a controller too.
 *
 * @param node the node that the settings are for
 * @param nodes every node of the cluster, `node` among them
 * @param listeners the clients' listeners
 */
export function listenerSettings(
  node: Node,
  nodes: readonly Node[],
  listeners: readonly Listener[],
  metadata: Metadata,
): Properties {
  const { broker, controller } = CLUSTER_LISTENERS;
  const clients = listeners.map((listener) => ({
    name: listener.name,
    bound: `0.0.0.0:${listener.port}`,
    advertised: listener.advertised(node).toString(),
  }));
  const served = [
    {
      name: broker.name,
      bound: `0.0.0.0:${broker.port}`,
      advertised: `${node.host}:${broker.port}`,
    },
    ...clients,
  ];
  const settings = (bound: readonly string[], named: readonly { name: string }[]): Properties => ({
    listeners: bound.join(","),
    "advertised.listeners": served
      .map(({ name, advertised }) => `${name}://${advertised}`)
      .join(","),
    "listener.security.protocol.map": named.map(({ name }) => `${name}:PLAINTEXT`).join(","),
    "inter.broker.listener.name": broker.name,
  });
  const bound = served.map((listener) => `${listener.name}://${listener.bound}`);
  if (metadata.ensemble !== undefined) {
    return {
      "broker.id": String(node.id),
      "zookeeper.connect": metadata.ensemble.connect,
      ...settings(bound, served),
    };
  }
  // Kafka 3.9.0 refuses a controller listener on 0.0.0.0 (apache/kafka#18387), so it is bound by name.
  const controllerAt = `${controller.name}://${node.host}:${controller.port}`;
  return {
    "node.id": String(node.id),
    "process.roles": "broker,controller",
    ...settings([...bound, controllerAt], [...served, controller]),
    "controller.listener.names": controller.name,
    "controller.quorum.voters": nodes
      .map(({ id, host }) => `${id}@${host}:${controller.port}`)
      .join(","),
  };
}
