/** What a local Docker engine knows of the containers behind an address: only to say things better. */
import { networkInterfaces, hostname } from "node:os";
import type { Address } from "./address.ts";
import { formatAddress, parseAddress } from "./address.ts";
import { messageOf } from "./deadline.ts";
import type { Docker } from "./docker.ts";

/** One entry of what a broker advertises. */
export interface AdvertisedListener {
  readonly name: string;
  /** `host:port` */
  readonly address: string;
}

/** What a container's variables say of its listeners. */
export interface Advertised {
  /** The variable that says what it advertises. */
  readonly variable: string;
  readonly listeners: readonly AdvertisedListener[];
  /** Of the variables beside it, where they are set: what is bound, and which listener speaks what. */
  readonly bound: string | undefined;
  readonly protocols: string | undefined;
}

/** A container, as far as it explains an address. */
export interface Neighbour {
  readonly container: string;
  /** As the engine has it, such as `running`. */
  readonly state: string;
  /** The environment of this kit that it belongs to as a broker. */
  readonly environment: string | undefined;
  readonly networks: readonly {
    readonly name: string;
    /** Its addresses and all names that the network knows it by. */
    readonly names: readonly string[];
  }[];
  /** Its ports on the engine's machine. */
  readonly published: readonly { readonly host: string; readonly port: number }[];
  /** Whether it has that machine's ports for its own. */
  readonly onHostNetwork: boolean;
  /** The variable that says what it advertises, where it has one. */
  readonly advertised: Advertised | undefined;
  /** Listeners among what it advertises that clients had better leave to the brokers. */
  readonly ownListeners: readonly string[];
  readonly brokerId: number | undefined;
}

/** What `docker inspect` says of a container, as far as it is read here. */
export interface Inspected {
  readonly Name: string;
  readonly State: { readonly Status: string };
  readonly Config: {
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
  };
  readonly HostConfig?: {
    readonly NetworkMode?: string;
    readonly PortBindings?: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    > | null;
  };
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    > | null;
    readonly Networks?: Readonly<
      Record<
        string,
        {
          readonly Aliases?: readonly string[] | null;
          readonly IPAddress?: string;
          readonly GlobalIPv6Address?: string;
        }
      >
    > | null;
  };
}

/** By image: Confluent's and Apache's, Bitnami's. */
const ADVERTISING = ["KAFKA_ADVERTISED_LISTENERS", "KAFKA_CFG_ADVERTISED_LISTENERS"];
const IDS = ["KAFKA_NODE_ID", "KAFKA_BROKER_ID", "KAFKA_CFG_NODE_ID", "KAFKA_CFG_BROKER_ID"];

/**
 * All containers of an engine, stopped ones too.
 *
 * @returns nothing where the engine cannot be asked: the sentences then do without
 */
export async function findNeighbours(docker: Docker, seconds: number): Promise<Neighbour[]> {
  const until = performance.now() + seconds * 1000;
  // A container may be gone before it is looked at, which fails the look at all of them.
  for (let attempt = 1; attempt <= 3 && performance.now() < until; attempt += 1) {
    const left = (): number => (until - performance.now()) / 1000;
    try {
      const ids = await docker.run(["ps", "--all", "--quiet"], { seconds: left() });
      const named = ids.split(/\s+/).filter((id) => id !== "");
      if (named.length === 0) return [];
      const inspect = ["container", "inspect", ...named];
      const inspected = await docker.run(inspect, { seconds: Math.max(left(), 0.1) });
      return (JSON.parse(inspected) as Inspected[]).map(neighbourOf);
    } catch (error) {
      if (!/no such container/i.test(messageOf(error))) return [];
    }
  }
  return [];
}

/** Reads what the engine says of one container. */
export function neighbourOf({
  Name,
  State,
  Config,
  HostConfig,
  NetworkSettings,
}: Inspected): Neighbour {
  const container = Name.replace(/^\//, "");
  const labels = Config.Labels ?? {};
  const env = new Map(
    (Config.Env ?? []).map((line): [string, string] => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const variable = ADVERTISING.find((name) => env.has(name));
  const isOfKit = labels["kafka-platform-kit.service"] === "kafka";
  const id = IDS.map((name) => env.get(name)).find((value) => /^\d+$/.test(value ?? ""));
  // A port that the engine chose is in the settings only, one of a stopped container in the configuration only.
  const ports = [NetworkSettings?.Ports, HostConfig?.PortBindings].flatMap((each) =>
    Object.values(each ?? {}).flatMap((bindings) => bindings ?? []),
  );
  return {
    container,
    state: State.Status,
    environment: isOfKit ? labels["kafka-platform-kit.environment"] : undefined,
    networks: Object.entries(NetworkSettings?.Networks ?? {}).map(([name, settings]) => ({
      name,
      names: [
        container,
        ...(settings.Aliases ?? []),
        settings.IPAddress ?? "",
        settings.GlobalIPv6Address ?? "",
      ].filter((each) => each !== ""),
    })),
    published: ports
      .filter(({ HostPort }) => Number(HostPort) > 0)
      .map(({ HostIp, HostPort }) => ({ host: HostIp, port: Number(HostPort) })),
    onHostNetwork: HostConfig?.NetworkMode === "host",
    advertised:
      variable === undefined
        ? undefined
        : {
            variable,
            listeners: listenersIn(env.get(variable) ?? ""),
            bound: env.get(boundBeside(variable)),
            protocols: env.get(protocolsBeside(variable)),
          },
    // Elsewhere, clients beside the brokers often share what the brokers use among themselves.
    ownListeners: isOfKit ? [env.get("KAFKA_INTER_BROKER_LISTENER_NAME") ?? ""] : [],
    brokerId: id === undefined ? undefined : Number(id),
  };
}

/** The variable that says what is bound, beside the one that says what is advertised. */
export function boundBeside(variable: string): string {
  return variable.replace("ADVERTISED_", "");
}

/** The variable that says which listener speaks what, beside the same. */
export function protocolsBeside(variable: string): string {
  return variable.replace("ADVERTISED_LISTENERS", "LISTENER_SECURITY_PROTOCOL_MAP");
}

/** Reads `NAME://host:port,…`; what is none is left out. */
function listenersIn(value: string): AdvertisedListener[] {
  return value.split(",").flatMap((text) => {
    const [, name, address] = /^\s*([^:\s]+):\/\/(\S+)\s*$/.exec(text) ?? [];
    return name === undefined || address === undefined || !same(address, address)
      ? []
      : [{ name, address }];
  });
}

/** Whether a host is each client's own machine, or its own container. */
export function isLoopback(host: string): boolean {
  return /^localhost$|\.localhost$|^localhost\.localdomain$|^127\.|^::1$|^::ffff:127\.|^0\.0\.0\.0$|^::$/i.test(
    host,
  );
}

/** Names and addresses of this machine. */
export function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return new Set([hostname(), ...all.map(({ address }) => address)]);
}

/** The networks of a container that know a host by name or address; empty where none does. */
export function networksKnowing({ networks }: Neighbour, host: string): string[] {
  return networks.filter(({ names }) => names.includes(host)).map(({ name }) => name);
}

/**
 * Whether an address leads to a container.
 *
 * @param network where the client stands; undefined for this machine
 * @param own names and addresses of this machine, where the engine is on it
 */
export function leadsTo(
  neighbour: Neighbour,
  { host, port }: Address,
  network: string | undefined,
  own: ReadonlySet<string>,
): boolean {
  if (network !== undefined && network !== "host") {
    if (networksKnowing(neighbour, host).includes(network)) return true;
    if (isLoopback(host)) return false;
  }
  const isHere = own.size > 0 && (isLoopback(host) || own.has(host));
  if (!isHere) return network === undefined && networksKnowing(neighbour, host).length > 0;
  const meant = ({ host: bound }: { host: string }): boolean =>
    bound === "" ||
    bound === "0.0.0.0" ||
    bound === "::" ||
    bound === host ||
    (isLoopback(bound) && isLoopback(host));
  if (neighbour.published.some((each) => each.port === port && meant(each))) return true;
  const ends = `:${port}`;
  return (
    neighbour.onHostNetwork &&
    neighbour.advertised?.listeners.some(({ address }) => address.endsWith(ends)) === true
  );
}

/**
 * The container that a broker runs in: it says that it advertises the address, and it belongs to the cluster that
 * answered, for somebody else's container may say the same.
 *
 * @param reached whether a container is behind an address that answered
 */
export function brokerAt(
  neighbours: readonly Neighbour[],
  id: number,
  address: string,
  reached: (neighbour: Neighbour) => boolean,
): Neighbour | undefined {
  const behind = neighbours.filter(reached);
  const near = new Set(
    behind.flatMap(({ networks }) =>
      networks.map(({ name }) => name).filter((name) => name !== "bridge" && name !== "host"),
    ),
  );
  const candidates = neighbours.filter(
    (neighbour) =>
      neighbour.advertised?.listeners.some((each) => same(each.address, address)) === true &&
      (neighbour.brokerId === undefined || neighbour.brokerId === id) &&
      (behind.includes(neighbour) || neighbour.networks.some(({ name }) => near.has(name))),
  );
  const best = candidates.filter((each) => behind.includes(each));
  const [found, ...more] = best.length > 0 ? best : candidates;
  return more.length === 0 ? found : undefined;
}

function same(a: string, b: string): boolean {
  try {
    return formatAddress(parseAddress(a)) === formatAddress(parseAddress(b));
  } catch {
    return false;
  }
}
