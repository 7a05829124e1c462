/** Turns what ZooKeeper holds of a cluster into the setting at fault and the way out. */
import type { Address } from "../doctor/address.ts";
import { formatAddress, parseAddress } from "../doctor/address.ts";
import type { ListenerUnderTest } from "./diagnosis.ts";
import type { BrokerOutput, ZooKeeperOutput } from "./outputs.ts";

/** The listener that brokers use among themselves; the outputs speak of clients' listeners only. */
const OWN_LISTENER = "BROKER";

/** The servers of the outputs, each with its address, and where in them the cluster's nodes are. */
export interface EnsembleUnderTest {
  readonly connect: string;
  /** The path that all of the cluster's nodes are under, empty for the root. */
  readonly root: string;
  readonly servers: readonly {
    readonly id: number;
    readonly container: string;
    readonly address: Address;
  }[];
}

/**
 * Reads the ensemble out of the outputs.
 *
 * @throws Error when its addresses cannot be told apart by server
 */
export function ensembleUnderTest({ connect, servers }: ZooKeeperOutput): EnsembleUnderTest {
  const slash = connect.indexOf("/");
  const root = slash < 0 ? "" : connect.slice(slash).replace(/\/$/, "");
  const addresses = (slash < 0 ? connect : connect.slice(0, slash)).split(",").map(parseAddress);
  if (servers.length !== addresses.length) {
    throw new Error(
      `ZooKeeper has ${addresses.length} addresses ("${connect}") for ${servers.length} servers; the outputs must name one for each`,
    );
  }
  return {
    connect,
    root,
    servers: addresses.map((address, index) => ({
      id: servers[index]?.id ?? 0,
      container: servers[index]?.container ?? "",
      address,
    })),
  };
}

/**
 * Why a server does not answer, and what to change.
 *
 * @param complaint what its shell said
 * @param state of its container, where an engine can say
 */
export function explainSilentServer(
  { servers }: EnsembleUnderTest,
  { id, container, address }: EnsembleUnderTest["servers"][number],
  complaint: string,
  state?: string,
): string {
  const says = `ZooKeeper server ${id} (${formatAddress(address)}) gives no answer: ${complaint}`;
  if (state !== undefined && state !== "running") {
    return `${says}; container "${container}" is ${state}, so start it, or see in its log why it ended`;
  }
  const quorum =
    servers.length === 1
      ? ""
      : `, and that most of the ${servers.length} servers run and are named in ZOOKEEPER_SERVERS: without them none answers`;
  return `${says}; see that ZOOKEEPER_CLIENT_PORT of container "${container}" says ${address.port}${quorum}`;
}

/** What a broker has written about itself. */
export interface Registration {
  readonly id: number;
  /** `NAME://host:port` of every listener. */
  readonly endpoints: readonly string[];
}

/** What the brokers' registrations get wrong; empty when they are the brokers of the outputs. */
export function explainRegistrations(
  { connect, root }: EnsembleUnderTest,
  brokers: readonly BrokerOutput[],
  listeners: readonly ListenerUnderTest[],
  registrations: readonly Registration[],
): string[] {
  const path = `${root}/brokers/ids`;
  const known = new Set(brokers.map(({ id }) => id));
  const strangers = registrations.filter(({ id }) => !known.has(id));
  const explained = new Set<Registration>();

  const findings = brokers.flatMap(({ id, container }) => {
    const wanted = listeners.flatMap((listener) =>
      listener.brokers
        .filter((broker) => broker.id === id)
        .map(({ address }) => `${listener.name}://${address}`),
    );
    const registration = registrations.find((each) => each.id === id);
    if (registration !== undefined) {
      return explainEndpoints(registration.endpoints, wanted).map(
        (fault) =>
          `broker ${id} registers ${fault}; see KAFKA_ADVERTISED_LISTENERS of container "${container}" (${path}/${id} holds ${registration.endpoints.join(",")})`,
      );
    }
    const itself = strangers.find(({ endpoints }) =>
      endpoints.some((endpoint) => wanted.includes(endpoint)),
    );
    if (itself !== undefined) {
      explained.add(itself);
      return [
        `broker ${id} is registered as ${itself.id}; KAFKA_BROKER_ID of container "${container}" must say ${id}`,
      ];
    }
    return [
      `broker ${id} is not registered under ${path}; see that container "${container}" runs, and that its KAFKA_ZOOKEEPER_CONNECT says ${connect}`,
    ];
  });
  const others = strangers
    .filter((stranger) => !explained.has(stranger))
    .map(
      ({ id, endpoints }) =>
        `broker ${id} is registered under ${path} (${endpoints.join(",")}), which the outputs do not know; another cluster uses this ZooKeeper, so give each a path of its own in KAFKA_ZOOKEEPER_CONNECT`,
    );
  return [...findings, ...others];
}

function explainEndpoints(endpoints: readonly string[], wanted: readonly string[]): string[] {
  const nameOf = (endpoint: string): string => endpoint.split("://", 1)[0] ?? "";
  const named = new Map(endpoints.map((endpoint) => [nameOf(endpoint), endpoint]));
  const asked = new Set([OWN_LISTENER, ...wanted.map(nameOf)]);
  return [
    ...wanted
      .filter((endpoint) => !endpoints.includes(endpoint))
      .map((endpoint) => `${named.get(nameOf(endpoint)) ?? "nothing"} instead of ${endpoint}`),
    ...endpoints
      .filter((endpoint) => !asked.has(nameOf(endpoint)))
      .map((endpoint) => `${endpoint}, a listener that the outputs do not know`),
  ];
}

/**
 * What to say when a broker belongs to another cluster than its ZooKeeper says.
 *
 * @param held the id that ZooKeeper holds, undefined when it has none
 */
export function explainForeignCluster(
  { connect, root }: EnsembleUnderTest,
  { name }: ListenerUnderTest,
  { id, container, address }: ListenerUnderTest["brokers"][number],
  clusterId: string | null,
  held: string | undefined,
): string {
  const holds = held === undefined ? "there is none" : `ZooKeeper holds ${held}`;
  return `listener "${name}": ${address} belongs to cluster ${clusterId ?? "(none)"}, but under ${root}/cluster/id ${holds}; KAFKA_ZOOKEEPER_CONNECT of broker ${id} (container "${container}") must say ${connect}, or another platform holds this address`;
}
