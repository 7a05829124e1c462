/** What is said of an address: what was seen there, and what mends it. No I/O. */
import { parseAddress } from "./address.ts";
import type { NoAnswer, SilenceKind } from "./dial.ts";
import type { Found, Look } from "./look.ts";
import { boundBeside, isLoopback, protocolsBeside, type Neighbour } from "./neighbours.ts";
import type { Fault, SecurityProtocol } from "./report.ts";

/** What a client speaks that brings no user of its own. */
export type ClientProtocol = "PLAINTEXT" | "SSL";

/**
 * What was seen of an address that gave no answer.
 *
 * @param standpoint from where it was tried
 * @param wanted what was to be there
 */
export function sight(
  standpoint: string,
  { kind, address, detail }: Pick<NoAnswer, "kind" | "address" | "detail">,
  wanted: string,
): string {
  return kind === "unresolved"
    ? `the name in ${address} does not resolve from ${standpoint}`
    : `${address} ${does(kind, detail, standpoint, wanted)}`;
}

function does(kind: SilenceKind, detail: string, standpoint: string, wanted: string): string {
  switch (kind) {
    case "unresolved":
      return `has a name that does not resolve from ${standpoint}`;
    case "refused":
      return `refuses connections from ${standpoint}`;
    case "unreachable":
      return `cannot be reached from ${standpoint} (${detail})`;
    case "dropped":
      return `takes no connection from ${standpoint} within ${detail}`;
    case "silent":
      return `takes the connection from ${standpoint}, but gives no answer to a ${wanted} request within ${detail}`;
    case "closed":
      return `closes the connection from ${standpoint} instead of answering a ${wanted} request`;
    case "tls":
      return "speaks TLS";
    case "foreign":
      return `answers, but not as ${wanted}: ${detail}`;
  }
}

/** What an address was found to do that keeps a client from using it; it follows "…:9092 " or "which ". */
export function whatItDoes(found: Found, standpoint: string): string {
  switch (found.is) {
    case "silence":
      return does(found.kind, found.detail, standpoint, "Kafka");
    case "stranger":
      return stranger(found);
    case "controller":
      return "is the port of a KRaft controller, which is not for clients";
    case "sasl":
      return `wants its clients to authenticate (${protocolAndMechanisms(found)})`;
    case "broker":
      return found.securityProtocol === "SSL" ? "speaks TLS" : "speaks no TLS";
  }
}

function stranger({ kind, tls, wantsCertificate, detail }: Found & { is: "stranger" }): string {
  if (wantsCertificate === true) return `speaks TLS and wants a certificate of its clients`;
  const within = tls ? " within TLS" : "";
  switch (kind) {
    case "http":
      return `answers in HTTP${within}, not as Kafka: ${detail}`;
    case "zookeeper":
      return `is a ZooKeeper server's${within}, not Kafka's: ${detail}`;
    case "not-kafka":
      return tls
        ? `speaks TLS, but not Kafka in it: ${detail}`
        : `answers, but not as Kafka: ${detail}`;
  }
}

function protocolAndMechanisms({ securityProtocol, mechanisms }: Found & { is: "sasl" }): string {
  return mechanisms.length === 0
    ? securityProtocol
    : `${securityProtocol}: ${mechanisms.join(", ")}`;
}

/** Which fault it is that an address was found so; undefined where a client can speak to it. */
export function faultOf(found: Found, client: SecurityProtocol): Fault | undefined {
  switch (found.is) {
    case "silence":
      return found.kind;
    case "stranger":
      return found.wantsCertificate === true ? "tls-expected" : found.kind;
    case "controller":
      return "controller";
    case "sasl":
      return "sasl-expected";
    case "broker":
      if (found.securityProtocol === client) return undefined;
      return found.securityProtocol === "SSL" ? "tls-expected" : "plaintext-expected";
  }
}

/** How a client is to be set for what listens at an address; undefined where that is no matter of settings. */
export function clientSettings(found: Found): string | undefined {
  if (found.is === "broker") {
    return found.securityProtocol === "SSL"
      ? "set security.protocol=SSL (kafkajs: ssl: true)"
      : "set security.protocol=PLAINTEXT (kafkajs: no ssl)";
  }
  if (found.is === "stranger" && found.wantsCertificate === true) {
    return "set security.protocol=SSL with a key of the client's (ssl.keystore.location; kafkajs: ssl: { key, cert })";
  }
  if (found.is !== "sasl") return undefined;
  const js = found.securityProtocol === "SASL_SSL" ? "sasl and ssl: true" : "sasl";
  return `set security.protocol=${found.securityProtocol}, with sasl.mechanism and sasl.jaas.config for a user of the cluster (kafkajs: ${js})`;
}

/**
 * Why an address that somebody gave cannot be used, and what to do.
 *
 * @param standpoint from where it was tried
 * @param only why the client cannot be set otherwise, where that is so
 */
export function explainGiven(
  { found }: Look,
  address: string,
  standpoint: string,
  only?: string,
): string {
  const seen =
    found.is === "silence"
      ? sight(standpoint, { ...found, address }, "Kafka")
      : `${address} ${whatItDoes(found, standpoint)}`;
  const settings = clientSettings(found);
  if (settings !== undefined) {
    return only === undefined
      ? `${seen}; ${settings}, or give the address of a listener that speaks what the client does`
      : `${seen}; ${only}, so give the address of a listener that does`;
  }
  switch (found.is) {
    case "silence":
      return `${seen}; ${SILENT_GIVEN[found.kind]}`;
    case "controller":
      return `${seen}; give the address of a listener for clients`;
    default:
      return `${seen}; give the address of a Kafka broker`;
  }
}

const SILENT_GIVEN = {
  unresolved: "see how it is spelled, or give it a name record",
  refused: "see that a broker runs there and listens on an address that others reach",
  unreachable: "see that a broker runs there and listens on an address that others reach",
  dropped: "see that the address is right and that no firewall drops it",
  silent:
    "see that the broker there is not stuck in its start, and that the port is a listener's for clients",
  closed:
    "see that a broker runs behind the port, and that it is a listener's for clients (listeners of the broker, KAFKA_LISTENERS)",
} as const;

/** A place where clients stand. */
export interface Place {
  /** In the words of a sentence: `this host`, `a container on network "dev"`. */
  readonly words: string;
  /** The Docker network that it is on; undefined for this machine. */
  readonly network: string | undefined;
}

/** This machine, as a place. */
export const HERE: Place = { words: "this host", network: undefined };

/** A container on a Docker network, as a place. */
export function onNetworkCalled(network: string): Place {
  return { words: `a container on network "${network}"`, network };
}

/** What is known of a broker whose advertised address cannot be used. */
export interface Astray {
  readonly id: number;
  /** What it advertises. */
  readonly address: string;
  /** The given address through which that was learnt. */
  readonly through: string;
  /** What it had better advertise, where that can be told: `host:port`. */
  readonly better: string | undefined;
  /** The container that it runs in, where that is known. */
  readonly container: Neighbour | undefined;
  readonly place: Place;
  /** What the client speaks. */
  readonly client: ClientProtocol;
  /** Whether others use the address well, so that it must stay. */
  readonly isOfUse: boolean;
}

/** The beginning of every sentence on an advertised address. */
export function sentOn({ id, address, through }: Astray): string {
  return address === through
    ? `broker ${id} sends clients to ${address}`
    : `you reached ${through}, but broker ${id} sends clients to ${address}`;
}

/** The setting that makes a broker advertise what clients reach. */
export function advertiseOtherwise(astray: Astray): string {
  const { id, container } = astray;
  if (container !== undefined && container.state !== "running") {
    return `start container "${container.container}" of broker ${id}, which is ${container.state}, or see in its log why it ended`;
  }
  const other = otherListener(astray);
  if (other === undefined) return changedSetting(astray);
  const listener = `${other.address}, which is listener ${other.name} of container "${container?.container}"`;
  // The setting may be as it should: those that it is for are others.
  return isForOthers(astray)
    ? `${astray.isOfUse || isOnNetwork(astray.place) ? "clients there" : "clients elsewhere"} are to use ${listener}`
    : `${changedSetting(astray)}, or begin at ${listener}`;
}

/** Whether others use the address, or are meant to: each on the machine or in the container that the broker is on. */
function isForOthers({ address, through, place, isOfUse }: Astray): boolean {
  if (isOfUse) return true;
  const leadsBack = (each: string): boolean => isLoopback(parseAddress(each).host);
  return leadsBack(address) && (isOnNetwork(place) || !leadsBack(through));
}

function changedSetting(astray: Astray): string {
  const { id, better, container, place } = astray;
  const wanted = better ?? `<host:port that leads to broker ${id}>`;
  const target = better === undefined ? undefined : parseAddress(better);
  if (container?.environment !== undefined) {
    const file = `stacks/environments/${container.environment}.ts`;
    if (isOnNetwork(place))
      return `add a listener for that network (Listener.network() in ${file})`;
    if (target !== undefined && isLoopback(target.host)) {
      return `add a listener for this host (Listener.host() in ${file})`;
    }
    const host = target?.host ?? "<an address that clients reach>";
    return `set an external listener with address ${host} (Listener.external({ address: "${host}" }) in ${file})`;
  }
  if (container?.advertised !== undefined) {
    const { variable, listeners } = container.advertised;
    const its = `${variable} of container "${container.container}"`;
    if (astray.isOfUse) return addListener(astray, container, variable);
    const wrong = wrongListeners(astray, container.advertised);
    const value = listeners.map(
      (each) => `${each.name}://${wrong.includes(each.name) ? wanted : each.address}`,
    );
    return `set ${its} to ${value.join(",")}`;
  }
  return astray.isOfUse
    ? `give clients there a listener of their own (listeners and advertised.listeners of broker ${id}), which advertises an address that they reach`
    : `set advertised.listeners of broker ${id} (KAFKA_ADVERTISED_LISTENERS) to <listener>://${wanted}`;
}

/** The listeners that advertise the address; of several, the one behind the port that the client came by. */
function wrongListeners(
  { address, through }: Astray,
  { listeners, bound = "" }: NonNullable<Neighbour["advertised"]>,
): string[] {
  const all = listeners.filter((each) => each.address === address).map(({ name }) => name);
  const ends = `:${parseAddress(through).port}`;
  const behind = bound.split(",").filter((each) => each.trim().endsWith(ends));
  const one = all.filter((name) => behind.some((each) => each.trim().startsWith(`${name}://`)));
  return one.length === 0 ? all : one;
}

/** Another listener of that broker's, which clients at the place reach by a name of Docker's or of this machine's. */
function otherListener({ address, better, container, place, client }: Astray):
  | {
      readonly name: string;
      readonly address: string;
    }
  | undefined {
  if (container?.advertised === undefined) return undefined;
  const { advertised, ownListeners, networks, published } = container;
  return advertised.listeners.find(({ name, address: other }) => {
    if (other === address || ownListeners.includes(name)) return false;
    if (advertised.protocols?.split(",").includes(`${name}:${client}`) === false) return false;
    const { host, port } = parseAddress(other);
    if (isOnNetwork(place)) {
      const own = networks.find((network) => network.name === place.network);
      return own?.names.includes(host) === true;
    }
    const target = better === undefined ? undefined : parseAddress(better);
    return host === target?.host && published.some((each) => each.port === port);
  });
}

/** A listener beside the one whose address others use well. */
function addListener({ place, through }: Astray, container: Neighbour, variable: string): string {
  const { container: name, advertised, networks } = container;
  const listeners = advertised?.listeners ?? [];
  const network = isOnNetwork(place) ? place.network : undefined;
  if (network !== undefined && networks.every((each) => each.name !== network)) {
    return `attach container "${name}" to network "${network}", and give its clients a listener of their own in ${variable}`;
  }
  const taken = new Set(listeners.map((each) => each.name));
  const given = parseAddress(through).host;
  const [own, host, port] =
    network !== undefined
      ? ["NETWORK", name, 19_092]
      : isLoopback(given)
        ? ["HOST", "localhost", 29_092]
        : ["EXTERNAL", given, 29_092];
  const title = taken.has(own) ? `${own}_2` : own;
  const entries = listeners.map((each) => `${each.name}://${each.address}`);
  const values = [
    `${variable} to ${[...entries, `${title}://${host}:${port}`].join(",")}`,
    withMore(boundBeside(variable), advertised?.bound, `${title}://0.0.0.0:${port}`),
    ...(advertised?.protocols?.split(",").includes(`${title}:PLAINTEXT`) === true
      ? []
      : [withMore(protocolsBeside(variable), advertised?.protocols, `${title}:PLAINTEXT`)]),
  ];
  const publish = network === undefined ? `, and publish its port ${port}` : "";
  return `give clients there a listener of their own in container "${name}": set ${values.join(" and ")}${publish}`;
}

/** Which value a variable is to have; where it has none, the image's own is not known. */
function withMore(variable: string, value: string | undefined, more: string): string {
  return value === undefined
    ? `${variable} to what it is by default and ${more}`
    : `${variable} to ${value},${more}`;
}

/** Whether a place has an engine's names and addresses, and a loopback of its own. */
export function isOnNetwork({ network }: Place): boolean {
  return network !== undefined && network !== "host";
}

/** A certificate that is not valid now, and which of the two is to be mended: it, or the clock. */
export function explainCertificate(
  address: string,
  { validFrom, validTo }: { readonly validFrom: Date; readonly validTo: Date },
  now: Date,
): string {
  const shown = (date: Date): string => date.toISOString().replace(".000Z", "Z");
  const when = `the certificate at ${address} is valid from ${shown(validFrom)} to ${shown(validTo)}, and this machine's clock says ${shown(now)}`;
  return now < validFrom
    ? `${when}, before its first day: set this machine's clock, or, if that is right, wait or have the certificate made anew`
    : `${when}, after its last day: renew the certificate (ssl.keystore.location of the broker), if that clock is right`;
}

/** What keeps a broker that answers from its work. */
export const UNREADY = {
  "not-ready":
    "knows of no broker yet: wait until it has joined its cluster, or see in its log why it does not",
  "no-controller":
    "has no controller, so nothing can be created and no leader elected: start more than half of the controllers (controller.quorum.voters), or of the ZooKeeper servers (zookeeper.connect), or see in the log why they do not agree",
  "no-coordinator":
    "has no coordinator for consumer groups: start the brokers that hold __consumer_offsets (offsets.topic.replication.factor must not exceed their number)",
  "coordinator-loading":
    "still reads the state of the consumer groups (__consumer_offsets): nothing needs to be set, so wait until it is done",
} as const satisfies Partial<Record<Fault, string>>;
