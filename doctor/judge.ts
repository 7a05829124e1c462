/** What is wrong, judged from what was seen: pure, so that every fault can be shown. */
import { parseAddress, type Address } from "./address.ts";
import {
  advertiseOtherwise,
  clientSettings,
  explainCertificate,
  explainGiven,
  faultOf,
  isOnNetwork,
  onNetworkCalled,
  sentOn,
  UNREADY,
  whatItDoes,
  type Astray,
  type ClientProtocol,
  type Place,
} from "./explain.ts";
import type { Found, Look, Unreadiness } from "./look.ts";
import { brokerAt, isLoopback, leadsTo, networksKnowing, type Neighbour } from "./neighbours.ts";
import type { AddressReport, DoctorReport, Fault, Finding } from "./report.ts";

/** An address as it was reached from another place than the client's. */
export interface Opinion {
  /** Where it can be used. */
  readonly place: Place;
  /** The container that it leads to there, where that is known. */
  readonly container?: string;
}

/** Everything that was seen. */
export interface Evidence {
  readonly place: Place;
  readonly securityProtocol: ClientProtocol;
  /** Addresses that were given. */
  readonly given: readonly string[];
  /** By address, every one that was looked at. */
  readonly looks: ReadonlyMap<string, Look>;
  /** By address: the id of the broker behind it, where it tells. */
  readonly ids: ReadonlyMap<string, number>;
  /** By address: what keeps the broker there from its work. */
  readonly unready: ReadonlyMap<string, readonly Unreadiness[]>;
  /** By address that cannot be used: a place where it can. */
  readonly opinions: ReadonlyMap<string, Opinion>;
  readonly neighbours: readonly Neighbour[];
  /** Names and addresses of this machine, where the engine is on it. */
  readonly own: ReadonlySet<string>;
  readonly now: Date;
}

/** What a client needs that waits a second for a connection, as kafkajs does by default. */
export const SLOW_MILLISECONDS = 1000;

/** Judges what was seen. */
export function judge(
  evidence: Evidence,
): Pick<DoctorReport, "addresses" | "findings" | "usable" | "clusterId"> {
  const judged = new Judged(evidence);
  const findings = judged.addresses.flatMap((address) => judged.findingsOn(address));
  const sorted = [
    ...findings.filter(({ severity }) => severity === "error"),
    ...findings.filter(({ severity }) => severity === "warning"),
  ];
  const unusable = new Set(
    sorted.filter(({ severity }) => severity === "error").map(({ address }) => address),
  );
  return {
    addresses: judged.addresses.map((address) => judged.report(address, !unusable.has(address))),
    findings: sorted,
    usable: unusable.size === 0,
    clusterId: judged.clusterId,
  };
}

class Judged {
  readonly addresses: readonly string[];
  readonly clusterId: string | null;
  readonly #evidence: Evidence;
  /** By advertised address: brokers, in order. */
  readonly #advertisers = new Map<string, number[]>();
  /** By advertised address: the given ones that lead there. */
  readonly #through = new Map<string, string[]>();
  readonly #brokerCount: number;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    const { given, looks } = evidence;
    for (const root of given) {
      const seen = new Set<string>();
      const queue = [root];
      for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
        if (seen.has(from)) continue;
        seen.add(from);
        const found = looks.get(from)?.found;
        if (found?.is !== "broker") continue;
        for (const { id, address } of found.metadata.brokers) {
          // Behind an address of another cluster, that one's brokers are nobody's here.
          if (this.#isStrange(root, from)) continue;
          this.#advertisers.set(address, union(this.#advertisers.get(address), id));
          this.#through.set(address, union(this.#through.get(address), root));
          queue.push(address);
        }
      }
    }
    for (const ids of this.#advertisers.values()) ids.sort((a, b) => a - b);
    const advertised = [...this.#advertisers].filter(([address]) => !given.includes(address));
    advertised.sort(([, a], [, b]) => (a[0] ?? 0) - (b[0] ?? 0));
    this.addresses = [...given, ...advertised.map(([address]) => address)];
    this.#brokerCount = new Set([...this.#advertisers.values()].flat()).size;
    this.clusterId = given.map((each) => this.#clusterAt(each)).find((id) => id !== null) ?? null;
  }

  #clusterAt(address: string): string | null {
    const found = this.#evidence.looks.get(address)?.found;
    return found?.is === "broker" ? found.metadata.clusterId : null;
  }

  #isStrange(root: string, address: string): boolean {
    const [wanted, there] = [this.#clusterAt(root), this.#clusterAt(address)];
    return wanted !== null && there !== null && wanted !== there;
  }

  report(address: string, usable: boolean): AddressReport {
    const look = this.#evidence.looks.get(address);
    const found = look?.found;
    return {
      address,
      bootstrap: this.#evidence.given.includes(address),
      advertisedBy: this.#advertisers.get(address) ?? [],
      usable,
      securityProtocol:
        found?.is === "broker" || found?.is === "sasl" || found?.is === "controller"
          ? found.securityProtocol
          : null,
      saslMechanisms: found?.is === "sasl" ? found.mechanisms : [],
      milliseconds: look?.milliseconds ?? null,
    };
  }

  findingsOn(address: string): Finding[] {
    const [brokerId = null, ...others] = this.#advertisers.get(address) ?? [];
    const made: Finding[] = [];
    const add = (fault: Fault, message: string, severity: Finding["severity"] = "error"): void => {
      made.push({ fault, severity, address, brokerId, message });
    };
    const main = this.#mainFault(address);
    if (main !== undefined) add(...main);
    if (others.length > 0 && brokerId !== null) {
      const ids = [brokerId, ...others];
      add(
        "shared-address",
        `brokers ${ids.slice(0, -1).join(", ")} and ${ids.at(-1)} ${ids.length === 2 ? "both" : "all"} send clients to ${address}, where only one of them can be: give each an address of its own (advertised.listeners, KAFKA_ADVERTISED_LISTENERS)`,
      );
    }
    if (made.length > 0) return made;
    for (const unready of this.#evidence.unready.get(address) ?? []) {
      add(unready, `${address} answers, but the cluster ${UNREADY[unready]}`);
    }
    const found = this.#evidence.looks.get(address)?.found;
    const spent = found?.is === "broker" ? found.connectMilliseconds : 0;
    // A connection that begins in a container takes the time to get in there, too.
    if (made.length === 0 && spent > SLOW_MILLISECONDS && !isOnNetwork(this.#evidence.place)) {
      add(
        "slow",
        `it took ${spent} ms to connect to ${address}, and kafkajs gives up after ${SLOW_MILLISECONDS} ms by default: raise its connectionTimeout, or see what makes the way there slow`,
        "warning",
      );
    }
    if (made.length === 0 && this.#leadsAway(address) && brokerId !== null) {
      add(
        "localhost",
        `${sentOn(this.#astray(address, brokerId))}, which is each client itself, so that only programs on this machine can use it: ${advertiseOtherwise(this.#astray(address, brokerId))}`,
        "warning",
      );
    }
    return made;
  }

  /** Whether it is a loopback address that clients elsewhere got. */
  #leadsAway(address: string): boolean {
    const { host } = read(address);
    if (!isLoopback(host)) return false;
    if (isOnNetwork(this.#evidence.place)) return true;
    const through = this.#through.get(address) ?? [];
    return through.some((root) => !isLoopback(read(root).host));
  }

  #mainFault(address: string): [Fault, string] | undefined {
    const { looks, place, securityProtocol, opinions, now } = this.#evidence;
    const look = looks.get(address);
    if (look === undefined) return undefined;
    const { found } = look;
    const [id] = this.#advertisers.get(address) ?? [];
    const fault = faultOf(found, securityProtocol);
    const astray = id === undefined ? undefined : this.#astray(address, id);
    const opinion = opinions.get(address);
    const isGiven = astray === undefined || astray.through === address;

    if (fault === undefined) {
      if (found.is !== "broker") return undefined;
      const { certificate, metadata } = found;
      if (certificate !== undefined && (now < certificate.validFrom || now > certificate.validTo)) {
        return ["certificate-time", explainCertificate(address, certificate, now)];
      }
      const wanted = isGiven ? this.clusterId : this.#clusterAt(astray.through);
      const { clusterId } = metadata;
      if (wanted !== null && clusterId !== null && clusterId !== wanted) {
        return this.#otherCluster(address, [clusterId, wanted], isGiven ? undefined : astray);
      }
      if (metadata.brokers.length === 0) {
        return ["not-ready", `${address} answers as Kafka, but ${UNREADY["not-ready"]}`];
      }
      return this.#otherBroker(address, astray);
    }

    const isAlien =
      found.is === "silence" || (found.is === "stranger" && clientSettings(found) === undefined);
    if (astray !== undefined && !isGiven) {
      if (this.#leadsAway(address) && isAlien) {
        const itself = isOnNetwork(place) ? "which from there is the container itself" : ITSELF;
        // Programs on the Docker host use it well.
        const mended = { ...astray, isOfUse: isOnNetwork(place) };
        return ["localhost", `${sentOn(astray)}, ${itself}: ${advertiseOtherwise(mended)}`];
      }
      if (opinion !== undefined && found.is === "silence") {
        const seen = `${sentOn(astray)}, which can be used from ${whose(opinion)}, but not from ${place.words}`;
        return [only(opinion), `${seen}: ${advertiseOtherwise({ ...astray, isOfUse: true })}`];
      }
      if (clientSettings(found) !== undefined) {
        return [fault, this.#otherProtocol(astray, look)];
      }
      const seen =
        found.is === "silence" && found.kind === "unresolved"
          ? `a name that does not resolve from ${place.words}`
          : `which ${whatItDoes(found, place.words)}`;
      return [
        fault,
        `${sentOn(astray)}, ${seen}: ${this.#toSee(astray, found)}${advertiseOtherwise(astray)}`,
      ];
    }
    if (isOnNetwork(place) && isLoopback(read(address).host) && isAlien) {
      return [
        "localhost",
        `${address} is, from ${place.words}, that container itself; give the address that the network knows a broker by${this.#instead(address, opinion)}`,
      ];
    }
    if (opinion !== undefined && found.is === "silence") {
      return [
        only(opinion),
        `${address} can be used from ${whose(opinion)}, but not from ${place.words}; give an address that is reached from there${this.#instead(address, opinion)}`,
      ];
    }
    const hint =
      found.is === "silence" ? this.#stopped(address) : this.#instead(address, undefined);
    return [fault, explainGiven(look, address, place.words) + hint];
  }

  /** What may be wrong with a broker or the way to it, before its settings. */
  #toSee({ id, container, through }: Astray, found: Found): string {
    if (found.is !== "silence" || found.kind === "unresolved") return "";
    // Its state is told.
    if (container !== undefined && container.state !== "running") return "";
    const isUnseen = container === undefined && this.#brokerCount > 1;
    const isAnother = this.#evidence.ids.get(through) !== id;
    const all = [
      ...(isUnseen && isAnother ? [`broker ${id} runs`] : []),
      ...(found.kind === "dropped" ? ["no firewall drops it"] : []),
    ];
    return all.length === 0 ? "" : `see that ${all.join(" and that ")}, or `;
  }

  #otherCluster(
    address: string,
    [clusterId, wanted]: readonly [string, string],
    astray: Astray | undefined,
  ): [Fault, string] {
    const there = `a broker of another cluster answers (${clusterId}, not ${wanted})`;
    if (astray === undefined) {
      return ["other-cluster", `at ${address} ${there}; give addresses of one cluster only`];
    }
    const fault = this.#leadsAway(address) ? "localhost" : "other-cluster";
    const itself = fault === "localhost" ? `${ITSELF}, and ` : "";
    return [fault, `${sentOn(astray)}, ${itself}where ${there}: ${advertiseOtherwise(astray)}`];
  }

  #otherBroker(address: string, astray: Astray | undefined): [Fault, string] | undefined {
    const other = this.#evidence.ids.get(address);
    const ids = this.#advertisers.get(address) ?? [];
    // That two advertise it is said elsewhere.
    if (astray === undefined || other === undefined || ids.includes(other)) return undefined;
    return [
      "other-broker",
      `${sentOn(astray)}, where broker ${other} answers: see that port ${read(address).port} leads to broker ${astray.id}, or ${advertiseOtherwise({ ...astray, better: undefined })}`,
    ];
  }

  /** Clients that came through a listener of one protocol are sent to one of another. */
  #otherProtocol(astray: Astray, { found }: Look): string {
    const { securityProtocol, looks, place } = this.#evidence;
    const seen = `${sentOn(astray)}, which ${whatItDoes(found, place.words)}`;
    const first = looks.get(astray.through)?.found;
    const settings = clientSettings(found) ?? "";
    return first?.is === "broker" && first.securityProtocol === securityProtocol
      ? `${seen}, while ${astray.through} speaks ${securityProtocol}: ${advertiseOtherwise(astray)}, or begin at ${astray.address} and ${settings}`
      : `${seen}: ${settings}, or use another listener's address`;
  }

  /** What to give instead, where the engine knows it. */
  #instead(address: string, opinion: Opinion | undefined): string {
    const { place, neighbours, own } = this.#evidence;
    const { host, port } = read(address);
    const there = opinion?.place ?? place;
    const behind =
      neighbours.find((each) => each.container === opinion?.container) ??
      neighbours.find((each) => leadsTo(each, { host, port }, there.network, own));
    const listeners = behind?.advertised?.listeners.filter(
      ({ name }) => behind.ownListeners.includes(name) === false,
    );
    const fit = listeners?.find(({ address: other }) => {
      const target = read(other);
      if (other === address) return false;
      return isOnNetwork(place)
        ? networksKnowing(behind as Neighbour, target.host).includes(place.network ?? "")
        : leadsTo({ ...(behind as Neighbour), networks: [] }, target, undefined, own);
    });
    return fit === undefined ? "" : `, such as ${fit.address}`;
  }

  /** A container that should be behind an address, and does not run. */
  #stopped(address: string): string {
    const { place, neighbours, own } = this.#evidence;
    const asleep = neighbours.filter(
      (each) => each.state !== "running" && leadsTo(each, read(address), place.network, own),
    );
    const [one, ...more] = asleep;
    return one === undefined || more.length > 0
      ? ""
      : ` (container "${one.container}" is ${one.state})`;
  }

  #astray(address: string, id: number): Astray {
    const { neighbours, own, place, looks, ids, securityProtocol: client } = this.#evidence;
    const roots = this.#through.get(address) ?? [];
    const through = roots.find((root) => root !== address) ?? roots[0] ?? address;
    // Behind an address of another cluster is none of the containers that are looked for.
    const cluster = this.#clusterAt(through);
    const reached = [...looks].flatMap(([at, look]) =>
      look.found.is === "broker" && this.#clusterAt(at) === cluster ? [look] : [],
    );
    const container = brokerAt(neighbours, id, address, (neighbour) =>
      reached.some((look) => leadsTo(neighbour, look.address, place.network, own)),
    );
    // The address that led to this very broker is one that it may advertise.
    const proven = [...roots, ...this.#evidence.given].find(
      (root) => root !== address && (ids.get(root) === id || this.#brokerCount === 1),
    );
    const { host, port } = read(address);
    const moved = isLoopback(host) && through !== address ? read(through).host : undefined;
    const better = proven ?? (moved === undefined ? undefined : `${bracketed(moved)}:${port}`);
    // What it advertises already mends nothing.
    const change = better === address ? undefined : better;
    return { id, address, through, better: change, container, place, client, isOfUse: false };
  }
}

const ITSELF = "which is each client itself";

function whose({ place, container }: Opinion): string {
  return container === undefined ? place.words : `${place.words} (container "${container}")`;
}

function only({ place }: Opinion): Fault {
  return isOnNetwork(place) ? "network-only" : "host-only";
}

function union<T>(all: readonly T[] = [], one: T): T[] {
  return [...new Set([...all, one])];
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** What brokers advertise may be no address at all. */
export function read(address: string): Address {
  try {
    return parseAddress(address);
  } catch {
    return { host: address, port: 0 };
  }
}

/** Places where an address may work that does not from here: the host, or networks that know its name. */
export function otherPlaces(
  address: string,
  { place, neighbours }: Pick<Evidence, "place" | "neighbours">,
  here: Place,
): Opinion[] {
  if (isOnNetwork(place)) return [{ place: here }];
  const { host } = read(address);
  return neighbours
    .filter(({ state }) => state === "running")
    .flatMap((neighbour) =>
      networksKnowing(neighbour, host).map((network) => ({
        place: onNetworkCalled(network),
        container: neighbour.container,
      })),
    );
}
