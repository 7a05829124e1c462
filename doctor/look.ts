/** What one address is, seen without judging: Kafka of some kind, something else, or nothing. */
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Address } from "./address.ts";
import { apiVersions } from "./api-versions.ts";
import { Connection, WantsCertificate, type Validity } from "./connection.ts";
import {
  COORDINATOR_LOADING,
  COORDINATOR_NOT_AVAILABLE,
  describeGroup,
  findCoordinator,
  OFFSETS_TOPIC,
} from "./coordinator.ts";
import { NoAnswer, type Dial } from "./dial.ts";
import { METADATA, metadata, settings, type ClusterMetadata } from "./metadata.ts";
import { DESCRIBE_QUORUM, describeQuorum } from "./quorum.ts";
import type { SecurityProtocol } from "./report.ts";
import { saslMechanisms } from "./sasl-handshake.ts";

/** What an address was found to be. */
export type Found =
  | {
      readonly is: "silence";
      readonly kind: "unresolved" | "refused" | "unreachable" | "dropped" | "silent" | "closed";
      /** An error code, or the seconds waited. */
      readonly detail: string;
    }
  | {
      readonly is: "stranger";
      readonly kind: "http" | "zookeeper" | "not-kafka";
      readonly tls: boolean;
      /** Set where TLS ended because it wants a client's certificate: Kafka may be behind it. */
      readonly wantsCertificate?: true;
      /** The begin of what it said. */
      readonly detail: string;
    }
  | { readonly is: "controller"; readonly securityProtocol: SecurityProtocol }
  | {
      readonly is: "sasl";
      readonly securityProtocol: "SASL_PLAINTEXT" | "SASL_SSL";
      readonly mechanisms: readonly string[];
      readonly certificate?: Validity;
    }
  | {
      readonly is: "broker";
      readonly securityProtocol: "PLAINTEXT" | "SSL";
      readonly certificate?: Validity;
      /** Until the connection stood, TLS included: what clients' time-outs for connections are about. */
      readonly connectMilliseconds: number;
      readonly metadata: ClusterMetadata;
    };

/** One look at one address. */
export interface Look {
  readonly address: Address;
  readonly found: Found;
  /** From the attempt to connect to the first answer; null without one. */
  readonly milliseconds: number | null;
}

/** What keeps a broker that answers from doing its work. */
export type Unreadiness = "no-controller" | "no-coordinator" | "coordinator-loading";

/** Shares of a look's time: to connect, to wait for Kafka alone, to wait for TLS where HTTP is. */
const TO_CONNECT = 0.7;
const FOR_KAFKA_ALONE = 0.3;
const FOR_TLS_AS_WELL = 0.2;

/** So many times as long as another answer took, and silence is not for lack of time. */
const SURELY = 4;

const GROUP = "kafka-platform-kit.doctor";
/** Error codes of a client that may not ask, or not so, which say nothing of the broker. */
const NOT_TELLING = new Set([29, 30, 31, 35]);

type Seen = Omit<Look, "address">;

/**
 * Looks at an address. Nothing that it asks changes anything on the other side. It leaves no
 * connection behind.
 *
 * @param options.seconds after which it ends, whatever the other side does
 * @returns never rejects
 */
export async function look(
  dial: Dial,
  address: Address,
  { seconds }: { seconds: number },
): Promise<Look> {
  const visit = new Visit(dial, address, seconds);
  try {
    return { address, ...(await visit.see()) };
  } finally {
    visit.end();
  }
}

/**
 * Asks who is behind an address.
 *
 * @param brokerId the broker that should be
 * @returns the id of the broker that is; undefined where it doesn't tell
 */
export async function whoAnswers(
  dial: Dial,
  address: Address,
  securityProtocol: SecurityProtocol,
  brokerId: number,
  seconds: number,
): Promise<number | undefined> {
  const visit = new Visit(dial, address, seconds);
  try {
    const connection = await visit.connect(isTls(securityProtocol));
    const { refusal, otherId } = await connection.ask(settings(brokerId, []), visit.until);
    return refusal === undefined ? brokerId : otherId;
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  } finally {
    visit.end();
  }
}

/**
 * Asks a broker whether it can do its work, without changing anything.
 *
 * @returns what keeps it from that; nothing where it is ready, or may not say
 */
export async function readiness(
  dial: Dial,
  address: Address,
  securityProtocol: SecurityProtocol,
  seconds: number,
): Promise<Unreadiness[]> {
  const visit = new Visit(dial, address, seconds);
  try {
    const tls = isTls(securityProtocol);
    const connection = await visit.connect(tls);
    const keys = await connection.ask(apiVersions, visit.until);
    const asked = performance.now();
    const { controllerId, topics } = await connection.ask(metadata([OFFSETS_TOPIC]), visit.until);
    const spent = performance.now() - asked;
    // The controller's answer may take all the time there is, so the rest doesn't wait for it.
    const [controller, coordinator] = await Promise.all([
      keys.has(DESCRIBE_QUORUM) ? visit.hasNoController(tls, spent) : controllerId < 0,
      // 5: there, but a partition of it has no leader.
      [0, 5].includes(topics[OFFSETS_TOPIC] ?? -1) ? visit.coordinator(connection) : undefined,
    ]);
    return [
      ...(controller ? (["no-controller"] as const) : []),
      ...(coordinator === undefined ? [] : [coordinator]),
    ];
  } catch (error) {
    if (error instanceof NoAnswer) return [];
    throw error;
  } finally {
    visit.end();
  }
}

/** The connections of one errand to one address, which end together. */
class Visit {
  /** The end, on the clock of `performance.now()`. */
  readonly until: number;
  readonly #dial: Dial;
  readonly #address: Address;
  readonly #milliseconds: number;
  readonly #links = new Set<Duplex>();
  readonly #connections = new Set<Connection>();
  readonly #ended = new AbortController();

  constructor(dial: Dial, address: Address, seconds: number) {
    this.#address = address;
    this.#milliseconds = seconds * 1000;
    this.until = performance.now() + this.#milliseconds;
    this.#dial = (to) => {
      const link = dial(to);
      this.#links.add(link);
      return link;
    };
  }

  /** Closes whatever is still open, and so ends whatever still waits. */
  end(): void {
    this.#ended.abort();
    for (const connection of this.#connections) connection.close();
    for (const link of this.#links) link.destroy();
  }

  /** @throws NoAnswer */
  async connect(tls: boolean, until = this.until): Promise<Connection> {
    const connection = await Connection.open(this.#dial, this.#address, { until, tls });
    this.#connections.add(connection);
    // Made while the errand ended.
    if (this.#ended.signal.aborted) connection.close();
    return connection;
  }

  async see(): Promise<Seen> {
    const connection = await answerOf(
      this.connect(false, performance.now() + TO_CONNECT * this.#milliseconds),
    );
    if (connection instanceof NoAnswer) return silence(connection, false);
    return this.#recognise(connection, false);
  }

  /** Speaks Kafka on a connection, and then, where that is not understood, all else. */
  async #recognise(connection: Connection, tls: boolean): Promise<Seen> {
    const kafka = answerOf(this.#askKafka(connection, tls));
    const alone = Math.min(
      FOR_KAFKA_ALONE * this.#milliseconds,
      (this.until - performance.now()) / 2,
    );
    const first = await Promise.race([kafka, this.#pause(alone)]);
    if (first !== undefined && !(first instanceof NoAnswer)) return first;
    // TLS that ends after the handshake: whatever is asked in it.
    if (tls && first?.kind === "tls") return unrecognised([first], tls, connection.milliseconds);

    const secure = tls ? undefined : answerOf(this.connect(true));
    const inTls = (async (): Promise<Seen | NoAnswer | undefined> => {
      const found = await secure;
      if (found instanceof Connection) return this.#recognise(found, true);
      return found?.kind === "tls" ? unrecognised([found], true, null) : found;
    })();
    // Servers of HTTPS may answer in HTTP where no TLS is spoken: what is within TLS goes first.
    const unlessTls = async (asked: Promise<Seen>): Promise<Seen | NoAnswer | undefined> => {
      const seen = await answerOf(asked);
      if (seen instanceof NoAnswer) return seen;
      const grace = this.#pause(FOR_TLS_AS_WELL * this.#milliseconds);
      const found = await Promise.race([secure, grace]);
      return found instanceof Connection || found?.kind === "tls" ? inTls : seen;
    };
    const http =
      first !== undefined && isHttp(first.detail)
        ? Promise.resolve(stranger("http", tls, first.detail, connection.milliseconds))
        : this.#askHttp(tls);
    const answers = [kafka, unlessTls(http), unlessTls(this.#askZooKeeper(tls)), inTls];
    const seen = await firstSeen(answers);
    if (seen !== undefined) return seen;
    const silences = (await Promise.all(answers)).filter((each) => each instanceof NoAnswer);
    return unrecognised(silences, tls, connection.milliseconds);
  }

  /** @throws NoAnswer where it isn't Kafka */
  async #askKafka(connection: Connection, tls: boolean): Promise<Seen> {
    const keys = await connection.ask(apiVersions, this.until);
    const { milliseconds, certificate } = connection;
    const validity = certificate === undefined ? {} : { certificate };
    if (!keys.has(METADATA)) {
      if (!keys.has(DESCRIBE_QUORUM)) {
        throw new NoAnswer("foreign", "", "takes requests neither of clients nor of brokers");
      }
      const mechanisms = await answerOf(this.#askMechanisms(tls));
      const sasl = mechanisms !== undefined && !(mechanisms instanceof NoAnswer);
      const securityProtocol: SecurityProtocol = `${sasl ? "SASL_" : ""}${tls ? "SSL" : "PLAINTEXT"}`;
      return { found: { is: "controller", securityProtocol }, milliseconds };
    }
    const told = await answerOf(connection.ask(metadata([]), this.until));
    if (!(told instanceof NoAnswer)) {
      const securityProtocol = tls ? "SSL" : "PLAINTEXT";
      return {
        found: {
          is: "broker",
          securityProtocol,
          ...validity,
          connectMilliseconds: connection.connectMilliseconds,
          metadata: told,
        },
        milliseconds,
      };
    }
    // Brokers hang up on whoever asks before having authenticated.
    const mechanisms = told.kind === "closed" ? await answerOf(this.#askMechanisms(tls)) : told;
    if (mechanisms === undefined || mechanisms instanceof NoAnswer) {
      const late = new NoAnswer(told.kind, "", `asked for metadata: ${told.detail}`);
      return { ...silence(late, tls), milliseconds };
    }
    const securityProtocol = tls ? "SASL_SSL" : "SASL_PLAINTEXT";
    return {
      found: { is: "sasl", securityProtocol, mechanisms: [...mechanisms].sort(), ...validity },
      milliseconds,
    };
  }

  async #askMechanisms(tls: boolean): Promise<readonly string[] | undefined> {
    return (await this.connect(tls)).ask(saslMechanisms, this.until);
  }

  async #askHttp(tls: boolean): Promise<Seen> {
    const { host } = this.#address;
    const name = host.includes(":") ? `[${host}]` : host;
    const connection = await this.connect(tls);
    const request = `GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
    const line = JSON.stringify(await connection.say(request, this.until));
    if (!isHttp(line)) throw new NoAnswer("foreign", "", line);
    return stranger("http", tls, line, connection.milliseconds);
  }

  async #askZooKeeper(tls: boolean): Promise<Seen> {
    const connection = await this.connect(tls);
    const line = JSON.stringify(await connection.say("srvr", this.until));
    // It names itself, or says that this word of its administrators is not in its whitelist.
    if (!/zookeeper|not in the whitelist/i.test(line)) throw new NoAnswer("foreign", "", line);
    return stranger("zookeeper", tls, line, connection.milliseconds);
  }

  /**
   * Whether the controllers of KRaft give no answer, or none that names a leader.
   *
   * @param spent milliseconds that another answer took
   */
  async hasNoController(tls: boolean, spent: number): Promise<boolean> {
    const begun = performance.now();
    const connection = await answerOf(this.connect(tls));
    if (connection instanceof NoAnswer) return false;
    const connected = performance.now();
    const left = this.until - connected;
    const enough = Math.max(SURELY * spent, connected - begun);
    const quorum = await answerOf(connection.ask(describeQuorum, this.until));
    // The broker waits for a controller that it can ask; on a slow way, silence says nothing.
    if (quorum instanceof NoAnswer) return quorum.kind === "silent" && left > enough;
    return quorum.code === 0 ? quorum.leaderId === -1 : !NOT_TELLING.has(quorum.code);
  }

  /** What is wrong with the coordinator of consumer groups, as far as this broker can tell. */
  async coordinator(connection: Connection): Promise<Unreadiness | undefined> {
    const found = await answerOf(connection.ask(findCoordinator(GROUP), this.until));
    if (found !== 0) return unreadinessOf(found);
    // Where another broker is the coordinator, this one says so (16), which is fine.
    return unreadinessOf(await answerOf(connection.ask(describeGroup(GROUP), this.until)));
  }

  async #pause(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#ended.signal }).catch(() => {});
  }
}

/** What comes, or why nothing does. */
async function answerOf<T>(asked: Promise<T>): Promise<T | NoAnswer> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NoAnswer) return error;
    throw error;
  }
}

/** The first that saw something; undefined once none did. */
function firstSeen(
  answers: readonly Promise<Seen | NoAnswer | undefined>[],
): Promise<Seen | undefined> {
  return new Promise((resolve, reject) => {
    for (const answer of answers) {
      answer.then((seen) => {
        if (seen !== undefined && !(seen instanceof NoAnswer)) resolve(seen);
      }, reject);
    }
    void Promise.allSettled(answers).then(() => resolve(undefined));
  });
}

/** A conversation that led nowhere. */
function silence({ kind, detail }: NoAnswer, tls: boolean): Seen {
  return kind === "tls" || kind === "foreign"
    ? stranger("not-kafka", tls || kind === "tls", detail, null)
    : { found: { is: "silence", kind, detail }, milliseconds: null };
}

/** What is known of somebody whom no question suited. */
function unrecognised(answers: readonly NoAnswer[], tls: boolean, first: number | null): Seen {
  const alert = answers.findLast(({ kind }) => kind === "tls");
  if (alert !== undefined) {
    return stranger("not-kafka", true, alert.detail, first, alert instanceof WantsCertificate);
  }
  const foreign = answers.find(({ kind }) => kind === "foreign");
  if (foreign !== undefined) return stranger("not-kafka", tls, foreign.detail, first);
  // Kafka was asked first.
  const [kafka = new NoAnswer("silent", "", "")] = answers;
  return tls ? stranger("not-kafka", true, kafka.detail, first) : silence(kafka, tls);
}

function stranger(
  kind: "http" | "zookeeper" | "not-kafka",
  tls: boolean,
  detail: string,
  milliseconds: number | null,
  wantsCertificate = false,
): Seen {
  const wish = wantsCertificate ? { wantsCertificate } : {};
  return { found: { is: "stranger", kind, tls, ...wish, detail }, milliseconds };
}

function isHttp(shown: string): boolean {
  return shown.startsWith('"HTTP/');
}

function isTls(securityProtocol: SecurityProtocol): boolean {
  return securityProtocol.endsWith("SSL");
}

function unreadinessOf(code: number | NoAnswer): Unreadiness | undefined {
  if (code === COORDINATOR_LOADING) return "coordinator-loading";
  return code === COORDINATOR_NOT_AVAILABLE ? "no-coordinator" : undefined;
}
