import type { BrokerNode, Node } from "../broker.ts";
import { CLUSTER_LISTENERS, type Listener } from "../listener.ts";
import type { Metadata } from "../metadata.ts";
import type { Properties } from "./properties.ts";

/**
 * All that Kafka must know of itself, its listeners and where the metadata is, on one broker.
 *
 * @param node the broker that the settings are for
 * @param voters the controllers of a KRaft cluster; the broker is one of them, or none is a broker
 * @param listeners the clients' listeners
 */
export function brokerSettings(
  node: BrokerNode,
  voters: readonly Node[],
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
  const votes = voters.some(({ id }) => id === node.id);
  return {
    "node.id": String(node.id),
    "process.roles": votes ? "broker,controller" : "broker",
    ...settings(votes ? [...bound, boundController(node)] : bound, [...served, controller]),
    ...quorumSettings(voters),
  };
}

/** The same for a controller that is no broker: it has no clients, and nothing to advertise. */
export function controllerSettings(node: Node, voters: readonly Node[]): Properties {
  return {
    "node.id": String(node.id),
    "process.roles": "controller",
    listeners: boundController(node),
    "listener.security.protocol.map": `${CLUSTER_LISTENERS.controller.name}:PLAINTEXT`,
    ...quorumSettings(voters),
  };
}

/** Kafka 3.9.0 refuses a controller listener on 0.0.0.0 (apache/kafka#18387), so it is bound by name. */
function boundController({ host }: Node): string {
  const { name, port } = CLUSTER_LISTENERS.controller;
  return `${name}://${host}:${port}`;
}

function quorumSettings(voters: readonly Node[]): Properties {
  const { name, port } = CLUSTER_LISTENERS.controller;
  return {
    "controller.listener.names": name,
    "controller.quorum.voters": voters.map(({ id, host }) => `${id}@${host}:${port}`).join(","),
  };
}
