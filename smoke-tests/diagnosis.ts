/** Turns what a smoke test saw into the setting at fault and the way out. */
import type { NoAnswer } from "../doctor/dial.ts";
import type { BrokerSettings, ClusterMetadata } from "../doctor/metadata.ts";
import type { PlatformOutputs, Vantage } from "./outputs.ts";
import { formatAddress, parseAddress } from "../doctor/address.ts";
import { sight } from "../doctor/explain.ts";

/** A broker as one listener's clients are to see it. */
export interface ExpectedBroker {
  readonly id: number;
  /** Undefined where no engine is known. */
  readonly container: string | undefined;
  /** `host:port` that the listener advertises for this broker. */
  readonly address: string;
}

/** A listener with everything that a diagnosis names. */
export interface ListenerUnderTest {
  readonly name: string;
  readonly vantage: Vantage;
  /** From where it was tried: `this host`, `a container on network "dev"`. */
  readonly standpoint: string;
  /** Undefined where no engine is known. */
  readonly network: string | undefined;
  /** What a platform without an engine was found by; undefined for others. */
  readonly through?: string | undefined;
  /** Absent where Kafka drew it itself. */
  readonly clusterId: string | undefined;
  readonly brokers: readonly ExpectedBroker[];
}

/**
 * Reads one listener out of the outputs.
 *
 * @throws Error when its addresses cannot be told apart by broker
 */
export function listenerUnderTest(outputs: PlatformOutputs, name: string): ListenerUnderTest {
  const listener = outputs.kafka.listeners[name];
  if (listener === undefined) throw new Error(`the outputs have no listener "${name}"`);
  const addresses = listener.bootstrapServers.split(",").filter((text) => text.trim() !== "");
  const { brokers } = outputs.kafka;
  if (brokers.length === 0 || addresses.length !== brokers.length) {
    throw new Error(
      `listener "${name}" has ${addresses.length} addresses ("${listener.bootstrapServers}") for ${brokers.length} brokers; the outputs must name one for each`,
    );
  }
  return {
    name,
    vantage: listener.vantage,
    standpoint:
      listener.vantage === "network"
        ? `a container on network "${outputs.docker?.network}"`
        : "this host",
    network: outputs.docker?.network,
    through: outputs.docker === undefined ? outputs.environment : undefined,
    clusterId: outputs.kafka.clusterId,
    brokers: brokers.map(({ id, container }, index) => ({
      id,
      container,
      address: formatAddress(parseAddress(addresses[index] ?? "")),
    })),
  };
}

/**
 * Why a broker's address does not answer, and what to change.
 *
 * @param state of the broker's container, such as `exited`, where an engine can say
 */
export function explainSilence(
  listener: ListenerUnderTest,
  broker: ExpectedBroker,
  silence: NoAnswer,
  state?: string,
): string {
  const wayOut =
    state === undefined || state === "running"
      ? remedy(listener, broker, silence)
      : `${placeOf(broker)} of broker ${broker.id} is ${state}, so start it, or see in its log why it ended`;
  return `listener "${listener.name}": ${sight(listener.standpoint, silence, "Kafka")}; ${wayOut}`;
}

/** How a message names what a broker runs in. */
export function placeOf({ id, container }: ExpectedBroker): string {
  return container === undefined ? `broker ${id}` : `container "${container}"`;
}

function remedy(
  listener: ListenerUnderTest,
  { id, container, address }: ExpectedBroker,
  { kind }: NoAnswer,
): string {
  const { name, vantage, network, through } = listener;
  if (through !== undefined) return remedyElsewhere(name, id, through, kind);
  const { host, port } = parseAddress(address);
  const advertised = `advertised.listeners of broker ${id} (KAFKA_ADVERTISED_LISTENERS)`;
  const bound = `listeners of broker ${id} (KAFKA_LISTENERS)`;
  switch (kind) {
    case "unresolved":
      return {
        host: `${advertised} must name the Docker host as its own clients do: ${name}://localhost:${port}`,
        external: `give clients a name record for ${host}, or let ${advertised} say ${name}://<an address that they reach>:${port}`,
        network: `${advertised} must name a container on network "${network}": ${name}://${container}:${port}, with "${container}" attached to it`,
      }[vantage];
    case "refused":
    case "unreachable":
    case "closed":
      return vantage === "network"
        ? `see that container "${container}" runs, and that ${bound} bind ${name} to port ${port} on an address that its network reaches, not on localhost`
        : `see that container "${container}" runs and publishes port ${port}, and that ${bound} bind ${name} to 0.0.0.0 there`;
    case "dropped":
      return vantage === "network"
        ? `see that container "${container}" is attached to network "${network}"`
        : `see that ${host} is an address of the Docker host and that no firewall drops port ${port}`;
    case "silent":
      return `see that container "${container}" is not stuck in its start, and that port ${port} leads to ${name} in ${bound}`;
    case "tls":
      return `listener.security.protocol.map of broker ${id} (KAFKA_LISTENER_SECURITY_PROTOCOL_MAP) must say ${name}:PLAINTEXT, as the outputs do`;
    case "foreign":
      return `something else than ${name} holds port ${port}; stop it, or give ${name} of broker ${id} another port`;
  }
}

/** On a platform that others deployed: all that is known of the address is who gave it. */
function remedyElsewhere(
  name: string,
  id: number,
  through: string,
  kind: NoAnswer["kind"],
): string {
  const sent = `broker ${id} sends clients that came through ${through} there`;
  return kind === "tls"
    ? `${sent}; the smoke tests speak PLAINTEXT only, so give them the address of a listener that does`
    : `${sent}; advertised.listeners of broker ${id} (KAFKA_ADVERTISED_LISTENERS) must say ${name}://<an address that these clients reach>`;
}

/**
 * What the metadata that came through one broker's address gets wrong; empty when it is right.
 *
 * @param through the broker whose address was asked
 * @param settings what that broker says of its own settings, where it could be asked
 * @param others the platform's other listeners, to recognize an address that belongs to one
 */
export function explainMetadata(
  listener: ListenerUnderTest,
  through: ExpectedBroker,
  metadata: ClusterMetadata,
  settings: BrokerSettings | undefined,
  others: readonly ListenerUnderTest[] = [],
): string[] {
  const findings: string[] = [];
  const seen = new Map(metadata.brokers.map(({ id, address }) => [id, address]));
  if (listener.clusterId !== undefined && metadata.clusterId !== listener.clusterId) {
    findings.push(
      `${through.address} belongs to cluster ${metadata.clusterId ?? "(none)"}, not to ${listener.clusterId}; another platform holds this port, or the outputs are not this platform's`,
    );
  }
  for (const broker of listener.brokers) {
    const { id, address } = broker;
    const advertised = seen.get(id);
    if (advertised === undefined) {
      findings.push(
        `${through.address} does not name broker ${id}; see that ${placeOf(broker)} runs and has joined the cluster`,
      );
      continue;
    }
    if (advertised === address) continue;
    const wanted = `${listener.name}://${address}`;
    const own = id === through.id ? settings?.settings["advertised.listeners"] : undefined;
    const owner = others.find(({ brokers }) =>
      brokers.some((other) => other.id === id && other.address === advertised),
    );
    const says = `broker ${id} sends clients that came through ${through.address} on to ${advertised}`;
    if (own?.split(",").includes(wanted) === true) {
      findings.push(
        `${says}, though its advertised.listeners say ${wanted}: port ${parseAddress(through.address).port} leads to ${
          owner === undefined ? "another listener" : `listener "${owner.name}"`
        }; publish the port that ${listener.name} has in listeners of broker ${id} (KAFKA_LISTENERS)`,
      );
      continue;
    }
    const now = own === undefined || own === null ? "" : ` and says ${own}`;
    const mixUp = owner === undefined ? "" : `, which is the address of listener "${owner.name}"`;
    findings.push(
      `${says}${mixUp}; advertised.listeners of broker ${id} (KAFKA_ADVERTISED_LISTENERS) must say ${wanted}${now}`,
    );
  }
  for (const { id, address } of metadata.brokers) {
    if (listener.brokers.every((broker) => broker.id !== id)) {
      findings.push(
        `${through.address} names broker ${id} at ${address}, which the outputs do not know; make them anew with "npm run outputs"`,
      );
    }
  }
  return findings.map((finding) => `listener "${listener.name}": ${finding}`);
}

/** A cluster id that a broker named to a client. */
export interface ClusterIdSighting {
  readonly listener: string;
  readonly address: string;
  readonly clusterId: string | null;
}

/** What to say when brokers name different clusters; undefined when they agree. */
export function explainClusterIds(sightings: readonly ClusterIdSighting[]): string | undefined {
  const ids = new Set(sightings.map(({ clusterId }) => clusterId));
  if (ids.size < 2) return undefined;
  const said = [...ids].map((id) => {
    const seen = sightings.filter(({ clusterId }) => clusterId === id);
    const places = seen.map(({ listener, address }) => `${address} (listener "${listener}")`);
    return `${places.join(", ")} to cluster ${id ?? "(none)"}`;
  });
  return `brokers of one platform belong to different clusters: ${said.join("; ")}; another platform holds one of these ports, or KAFKA_ZOOKEEPER_CONNECT of the brokers leads to different places`;
}

/** Where a bootstrap server sends its clients on to. */
export interface BootstrapSighting {
  readonly address: string;
  readonly brokers: readonly { readonly id: number; readonly address: string }[];
}

/**
 * What to say when bootstrap servers send clients to different addresses, of which only one's would be tried; undefined
 * when they agree.
 */
export function explainBootstrapListeners(
  sightings: readonly BootstrapSighting[],
): string | undefined {
  const places = new Map<string, string[]>();
  for (const { address, brokers } of sightings) {
    const to = [...brokers].sort((a, b) => a.id - b.id).map((broker) => broker.address);
    const key = to.length === 0 ? "no broker" : to.join(", ");
    places.set(key, [...(places.get(key) ?? []), address]);
  }
  if (places.size < 2) return undefined;
  const said = [...places].map(([to, from]) => `${from.join(", ")} to ${to}`);
  return `bootstrap servers of one platform send clients to different addresses: ${said.join("; ")}; give those of one listener in --bootstrap, and try the others in runs of their own`;
}

/** What to say when another broker than the advertised one is behind an address. */
export function explainStranger(
  listener: ListenerUnderTest,
  broker: ExpectedBroker,
  otherId: number,
): string {
  const { id, address, container } = broker;
  const wayOut =
    container === undefined
      ? `advertised.listeners of broker ${id} (KAFKA_ADVERTISED_LISTENERS) must say an address that leads to it`
      : `publish port ${parseAddress(address).port} from container "${container}"`;
  return `listener "${listener.name}": ${address} is advertised for broker ${id}, but broker ${otherId} answers there; ${wayOut}`;
}

/** Settings that stand behind errors which clients report when the addresses are right. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /replication.?factor|INVALID_REPLICATION_FACTOR/i,
    "fewer brokers take part than the replication factor asks for; see which of them is down",
  ],
  [
    /not enough (in-sync )?replicas|fewer in-sync replicas|NOT_ENOUGH_REPLICAS|NotEnoughReplicas/i,
    "fewer replicas are in sync than min.insync.replicas (KAFKA_MIN_INSYNC_REPLICAS) asks for",
  ],
  [
    /message larger than|MESSAGE_TOO_LARGE|RecordTooLarge/i,
    "a hundred small records are too large for message.max.bytes of the brokers (KAFKA_MESSAGE_MAX_BYTES)",
  ],
  [
    /coordinator/i,
    "no group coordinator; offsets.topic.replication.factor (KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR) must not exceed the number of brokers",
  ],
  [
    /authoriz|not authorized|AUTHORIZATION_FAILED/i,
    "the smoke tests need the rights to create, write, read and delete topics and groups named kafka-platform-kit.smoke.*",
  ],
  [
    /no space left|KAFKA_STORAGE_ERROR|disk error/i,
    "a broker cannot write to its disk; see the space that its volume has",
  ],
];

/** A client's own message, followed by the setting that is usually behind it. */
export function explainClientError(listener: ListenerUnderTest, message: string): string {
  const hint = HINTS.find(([pattern]) => pattern.test(message))?.[1];
  return `listener "${listener.name}": ${message}${hint === undefined ? "" : `; ${hint}`}`;
}

/** What a test that stands on the Docker host itself cannot know of an external listener. */
export function ownHostCaveat(name: string): string {
  return `external listener "${name}" was tried from its own host only; a client elsewhere may still be stopped by a firewall`;
}
