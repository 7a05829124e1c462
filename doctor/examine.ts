/** Looks at somebody's Kafka as a client of it would: given addresses first, then where those send it. */
import { formatAddress, type Address } from "./address.ts";
import { HERE, isOnNetwork, type ClientProtocol } from "./explain.ts";
import {
  judge,
  otherPlaces,
  read,
  SLOW_MILLISECONDS,
  type Evidence,
  type Opinion,
} from "./judge.ts";
import { look, readiness, whoAnswers, type Look } from "./look.ts";
import { ownAddresses, type Neighbour } from "./neighbours.ts";
import type { DoctorReport } from "./report.ts";
import { StandpointError, thisHost, type Standpoint } from "./standpoint.ts";

/** How to look. */
export interface Examination {
  readonly from: Standpoint;
  /** What the client speaks. */
  readonly securityProtocol: ClientProtocol;
  /** After which it ends, whatever the other side does; the start of a container is not counted. */
  readonly seconds: number;
  /**
   * What a Docker engine knows.
   *
   * @default - no engine is asked
   */
  readonly engine?: Engine;
  /** @default - the real ones */
  readonly questions?: Questions;
}

/** What a Docker engine adds: names for sentences, and other places to try an address from. */
export interface Engine {
  /** Whether it is on this machine: its ports then are this machine's. */
  readonly isLocal: boolean;
  /** All containers; nothing where it cannot be asked. */
  neighbours(seconds: number): Promise<readonly Neighbour[]>;
  /** A container on a network. */
  network(name: string): Promise<Standpoint>;
}

/** What is asked of addresses. */
export interface Questions {
  readonly look: typeof look;
  readonly whoAnswers: typeof whoAnswers;
  readonly readiness: typeof readiness;
}

/** Shares of the whole time: a look, and the two questions that follow one. */
const FOR_A_LOOK = 0.35;
const FOR_QUESTIONS = 0.2;

/**
 * Looks at the given addresses, at all that they send clients to, and judges.
 *
 * @param bootstrap one address at least
 */
export async function examine(
  bootstrap: readonly Address[],
  examination: Examination,
): Promise<DoctorReport> {
  const started = performance.now();
  const { from, securityProtocol, engine } = examination;
  const given = [...new Set(bootstrap.map(formatAddress))];
  const visit = new Visits(examination);
  await Promise.all(given.map((address) => visit.follow(address)));

  const evidence: Evidence = {
    place: from.place,
    securityProtocol,
    given,
    looks: visit.looks,
    ids: visit.ids,
    unready: visit.unready,
    opinions: new Map(),
    neighbours: [],
    own: engine?.isLocal === true ? ownAddresses() : new Set(),
    now: new Date(),
  };
  let judgement = judge(evidence);
  if (judgement.findings.length > 0 && engine !== undefined && visit.remaining() > 0.5) {
    const neighbours = await engine.neighbours(Math.min(8, visit.remaining() * 0.7));
    const known = { ...evidence, neighbours };
    const unusable = judgement.addresses.filter(({ usable }) => !usable);
    const opinions = await secondOpinions(
      unusable.map(({ address }) => address),
      known,
      visit,
      engine,
    );
    judgement = judge({ ...known, opinions });
  }
  const { usable, clusterId, addresses, findings } = judgement;
  return {
    format: 1,
    from: from.place.network === undefined ? "host" : `network:${from.place.network}`,
    bootstrap: given,
    securityProtocol,
    usable,
    clusterId,
    addresses,
    findings,
    milliseconds: Math.round(performance.now() - started),
  };
}

/** The looks of one examination, one at each address. */
class Visits {
  readonly looks = new Map<string, Look>();
  readonly ids = new Map<string, number>();
  readonly unready = new Map<string, Awaited<ReturnType<typeof readiness>>>();
  readonly #examination: Examination;
  readonly #questions: Questions;
  readonly #end: number;
  readonly #under = new Map<string, Promise<void>>();

  constructor(examination: Examination) {
    this.#examination = examination;
    this.#questions = examination.questions ?? { look, whoAnswers, readiness };
    this.#end = performance.now() + examination.seconds * 1000;
  }

  /** Seconds until the end. */
  remaining(): number {
    return (this.#end - performance.now()) / 1000;
  }

  /** Looks at an address, and at what it advertises, and so on; at none twice. */
  follow(address: string): Promise<void> {
    const followed = this.#under.get(address) ?? this.#follow(address);
    this.#under.set(address, followed);
    return followed;
  }

  async lookFrom({ dial }: Standpoint, address: string): Promise<Look> {
    const seconds = Math.min(this.#examination.seconds * FOR_A_LOOK, this.remaining());
    const to = read(address);
    if (to.port === 0 || seconds <= 0) {
      const found =
        to.port === 0
          ? ({ is: "silence", kind: "unresolved", detail: "no address" } as const)
          : ({ is: "silence", kind: "dropped", detail: "0 s" } as const);
      return { address: to, found, milliseconds: null };
    }
    return this.#questions.look(dial, to, { seconds });
  }

  async #follow(address: string): Promise<void> {
    const { from, securityProtocol, seconds } = this.#examination;
    const seen = await this.#lookCalmly(address);
    this.looks.set(address, seen);
    const { found } = seen;
    if (found.is !== "broker") return;
    const { brokers } = found.metadata;
    // Not waited for here: brokers name each other, and would wait in a circle.
    const others = brokers.map((broker) => broker.address).filter((each) => !this.#under.has(each));
    const following = others.map((other) => this.follow(other));
    const [first] = brokers.filter((broker) => broker.address === address).concat(brokers);
    const time = Math.min(seconds * FOR_QUESTIONS, this.remaining());
    const to = seen.address;
    const asks = found.securityProtocol === securityProtocol && first !== undefined && time > 0;
    const [id, unready] = asks
      ? await Promise.all([
          this.#questions.whoAnswers(from.dial, to, securityProtocol, first.id, time),
          this.#questions.readiness(from.dial, to, securityProtocol, time),
        ])
      : [undefined, []];
    if (id !== undefined) this.ids.set(address, id);
    if (unready.length > 0) this.unready.set(address, unready);
    await Promise.all(following);
  }

  /** Where connecting took long, a second look says whether it was the address, or this program, that was slow. */
  async #lookCalmly(address: string): Promise<Look> {
    const { from } = this.#examination;
    const seen = await this.lookFrom(from, address);
    if (seen.found.is !== "broker" || seen.found.connectMilliseconds <= SLOW_MILLISECONDS)
      return seen;
    if (isOnNetwork(from.place) || this.remaining() < 3) return seen;
    const again = await this.lookFrom(from, address);
    const isFaster =
      again.found.is === "broker" &&
      again.found.connectMilliseconds < seen.found.connectMilliseconds;
    return isFaster ? again : seen;
  }
}

/** A name may be one on many networks. */
const NETWORKS_TRIED = 3;

/** Whether what cannot be used from here can be from the host, or from a network that knows its name. */
async function secondOpinions(
  addresses: readonly string[],
  evidence: Evidence,
  visits: Visits,
  engine: Engine,
): Promise<Map<string, Opinion>> {
  const tried = addresses.map(async (address): Promise<[string, Opinion][]> => {
    const { looks } = evidence;
    if (looks.get(address)?.found.is !== "silence") return [];
    // The host of an engine elsewhere is not this one.
    if (isOnNetwork(evidence.place) && !engine.isLocal) return [];
    for (const opinion of otherPlaces(address, evidence, HERE).slice(0, NETWORKS_TRIED)) {
      const standpoint = await standpointOf(opinion, engine);
      if (standpoint === undefined) continue;
      const { found } = await visits.lookFrom(standpoint, address);
      if (found.is === "broker" || found.is === "sasl") return [[address, opinion]];
    }
    return [];
  });
  return new Map((await Promise.all(tried)).flat());
}

/** The place of a second opinion; undefined where nobody can be put there, which leaves only the first. */
async function standpointOf({ place }: Opinion, engine: Engine): Promise<Standpoint | undefined> {
  if (place.network === undefined) return thisHost;
  return engine.network(place.network).catch((error: unknown) => {
    if (error instanceof StandpointError) return undefined;
    throw error;
  });
}
