import { InvalidSettingError } from "./errors.ts";
import { checkHostName } from "./private/host-name.ts";

/** Where clients of one listener reach one broker; what is not said follows from the listener. */
export interface BrokerAddress {
  /**
   * TCP port of the Docker host, and what clients are sent to.
   *
   * @default - the listener's port + id - 1
   */
  readonly port?: number;
  /**
   * What clients elsewhere dial, on an external listener.
   *
   * @default - the listener's address
   */
  readonly address?: string;
  /**
   * IP address that the engine binds, on an external listener.
   *
   * @default - the address, where that is an IP; the listener's, where no address is given
   */
  readonly bindAddress?: string;
}

/** What one broker of a cluster has of its own. */
export interface BrokerProps {
  /**
   * Its node id, which must never change while its data lives. Its host ports follow from it.
   *
   * @default - its place among the brokers, from 1
   */
  readonly id?: number;
  /**
   * Name of its container, and its host name on the network.
   *
   * @default - `<cluster>-<id>`
   */
  readonly host?: string;
  /**
   * Where it is reached otherwise than the listeners' rule has it, by the listener's name.
   *
   * @default - nowhere
   */
  readonly published?: Readonly<Record<string, BrokerAddress>>;
}

/** What Kafka can hold as an id. */
const HIGHEST_ID = 0x7fff_ffff;

/** A node of a cluster: its id, and its name on the Docker network. */
export interface Node {
  readonly id: number;
  readonly host: string;
}

/** A broker, as listeners need to know it. */
export interface BrokerNode extends Node {
  readonly published?: Readonly<Record<string, BrokerAddress>>;
}

/**
 * The brokers of a cluster, in their order.
 *
 * @param name the cluster's
 * @param brokers their number, or what each has of its own
 * @throws InvalidSettingError when there is none, or when an id or a name cannot be
 */
export function brokerNodes(name: string, brokers: number | readonly BrokerProps[]): BrokerNode[] {
  // A dash and the number follow.
  checkHostName(name, "cluster name", 60);
  if (typeof brokers === "number" && (!Number.isInteger(brokers) || brokers < 1)) {
    throw new InvalidSettingError(`cluster ${name}: ${brokers} brokers cannot be; give 1 or more`);
  }
  const given =
    typeof brokers === "number"
      ? Array.from({ length: brokers }, (): BrokerProps => ({}))
      : brokers;
  if (given.length === 0) {
    throw new InvalidSettingError(`cluster ${name} has no broker; give brokers, 1 or more`);
  }
  return given.map(({ id: own, host, published }, i) => {
    const id = own ?? i + 1;
    if (!Number.isInteger(id) || id < 1 || id > HIGHEST_ID) {
      throw new InvalidSettingError(
        `cluster ${name}: ${id} is no id of a broker; give a whole number from 1 to ${HIGHEST_ID}`,
      );
    }
    return {
      id,
      host: checkHostName(host ?? `${name}-${id}`, `cluster ${name}: host`),
      ...(published === undefined ? {} : { published }),
    };
  });
}

/**
 * Refuses two nodes under one id or one name.
 *
 * @throws InvalidSettingError naming both
 */
export function refuseTwins(cluster: string, nodes: readonly Node[]): void {
  for (const [i, node] of nodes.entries()) {
    const twin = nodes.slice(0, i).find(({ id, host }) => id === node.id || host === node.host);
    if (twin === undefined) continue;
    throw new InvalidSettingError(
      twin.id === node.id
        ? `cluster ${cluster}: ${twin.host} and ${node.host} both have the id ${node.id}; give each node its own (controllers have theirs from 101 on)`
        : `cluster ${cluster}: nodes ${twin.id} and ${node.id} are both called ${node.host}; give each its own name`,
    );
  }
}
