import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { connect } from "node:http2";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address } from "../../doctor/address.ts";
import { formatAddress } from "../../doctor/address.ts";
import type { Dial } from "../../doctor/dial.ts";
import { NoAnswer, silenceOf } from "../../doctor/dial.ts";
import { HttpClient, parseJson, ServiceRefusal } from "./http-client.ts";

const CONTENT_TYPE = "application/vnd.ksql.v1+json";
/** A row a line, which only HTTP/2 carries. */
const DELIMITED = "application/vnd.ksqlapi.delimited.v1";
/** The server itself gives the brokers 30 s to answer a health check. */
const HEALTH_SECONDS = 45;
/** It gives up on the command topic after 60 s. */
const STATEMENT_SECONDS = 90;

/** What the server says of itself. */
export interface KsqlServerInfo {
  readonly version: string;
  readonly kafkaClusterId: string;
  readonly ksqlServiceId: string;
  /** Absent in versions before 6.0. */
  readonly serverStatus?: string;
}

/** The body of a health check, whose status says nothing. */
export interface KsqlHealth {
  readonly isHealthy: boolean;
  readonly details?: Readonly<Record<string, { readonly isHealthy: boolean }>>;
}

/** What the server made of one statement, as far as it is used here. */
export interface KsqlEntity {
  readonly commandStatus?: {
    /** `SUCCESS`, `QUEUED`, `ERROR` … */
    readonly status: string;
    readonly message: string;
    readonly queryId?: string | null;
  };
  readonly streams?: readonly { readonly name: string }[];
  readonly queries?: readonly { readonly id: string; readonly sinks?: readonly string[] | null }[];
}

/** The value of a column. */
export type KsqlValue = string | number | boolean | null;

/**
 * A client of the ksqlDB server's API, over connections that the vantage provides; each request has one of its
 * own. It throws `NoAnswer` where nobody, or somebody else, is at the address, and `ServiceRefusal` for an answer
 * that is not a success.
 */
export class KsqlDbClient {
  readonly #http: HttpClient;
  readonly #dial: Dial;
  readonly #seconds: number;

  /**
   * @param url of the API
   * @param seconds until a connection, or a simple request, gives up
   * @throws Error when it is not an http address
   */
  constructor(url: string, dial: Dial, seconds = 15) {
    this.#dial = dial;
    this.#seconds = seconds;
    this.#http = new HttpClient(url, {
      title: "ksqlDB",
      dial,
      contentType: CONTENT_TYPE,
      accept: `${CONTENT_TYPE}, application/json`,
      seconds,
    });
  }

  /** `host:port` that connections go to. */
  get address(): Address {
    return this.#http.address;
  }

  /** What the server says of itself. */
  async info(): Promise<KsqlServerInfo> {
    const { KsqlServerInfo: info } = this.#object(await this.#http.json("GET", "/info"));
    return this.#object(info) as unknown as KsqlServerInfo;
  }

  /** How the server says it fares. */
  async health(): Promise<KsqlHealth> {
    const health = await this.#http.json("GET", "/healthcheck", { seconds: HEALTH_SECONDS });
    return this.#object(health) as unknown as KsqlHealth;
  }

  /**
   * Runs statements, other than queries.
   *
   * @param properties such as `auto.offset.reset`
   */
  async execute(
    ksql: string,
    properties: Readonly<Record<string, string>> = {},
  ): Promise<readonly KsqlEntity[]> {
    const body = { ksql, streamsProperties: properties };
    const seconds = STATEMENT_SECONDS;
    return (await this.#http.json("POST", "/ksql", { body, seconds })) as KsqlEntity[];
  }

  /** Names of the streams that there are. */
  async streams(): Promise<string[]> {
    const [shown] = await this.execute("SHOW STREAMS;");
    return (shown?.streams ?? []).map(({ name }) => name);
  }

  /** Ids of the persistent queries that write to a stream. */
  async queriesInto(stream: string): Promise<string[]> {
    const [shown] = await this.execute("SHOW QUERIES;");
    return (shown?.queries ?? [])
      .filter(({ sinks }) => sinks?.includes(stream) === true)
      .map(({ id }) => id);
  }

  /**
   * Opens a query that goes on for ever, over HTTP/2 in clear text with prior knowledge.
   *
   * @returns once the server has said what its columns are; close it
   */
  async push(
    sql: string,
    properties: Readonly<Record<string, string>> = {},
  ): Promise<KsqlPushQuery> {
    const link = await this.#connected();
    const { host, port } = this.address;
    const session = connect(`http://${formatAddress({ host, port })}`, {
      createConnection: () => link,
    });
    const query = new KsqlPushQuery(session, this.address);
    try {
      await query.open(`${this.#http.path}/query-stream`, { sql, properties }, this.#seconds);
      return query;
    } catch (error) {
      query.close();
      throw error;
    }
  }

  async #connected(): Promise<Duplex> {
    const link = this.#dial(this.address);
    const signal = AbortSignal.timeout(this.#seconds * 1000);
    try {
      await once(link, "connect", { signal });
      return link;
    } catch (error) {
      link.on("error", () => {}); // it is given up
      link.destroy();
      const where = formatAddress(this.address);
      if (signal.aborted) throw new NoAnswer("dropped", where, `${this.#seconds} s`);
      const { code, message } = error as NodeJS.ErrnoException;
      throw new NoAnswer(silenceOf(error as NodeJS.ErrnoException), where, code ?? message);
    }
  }

  #object(value: unknown): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
    throw new NoAnswer("foreign", formatAddress(this.address), JSON.stringify(value) ?? "nothing");
  }
}

/** A query that runs, and its rows as they come. */
export class KsqlPushQuery {
  /** All that came, in the order of the columns. */
  readonly rows: (readonly KsqlValue[])[] = [];
  /** Names of the columns. */
  columns: readonly string[] = [];
  readonly #session: ClientHttp2Session;
  readonly #where: string;
  #rest = "";
  #failure: Error | undefined;

  constructor(session: ClientHttp2Session, address: Address) {
    this.#session = session;
    this.#where = formatAddress(address);
    this.#session.on("error", (error) => this.#fail(error));
  }

  /** Asks, and waits for the names of the columns. */
  async open(path: string, question: object, seconds: number): Promise<void> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      accept: DELIMITED,
      "content-type": "application/json",
    });
    stream.on("error", (error) => this.#fail(error));
    let status: number | undefined;
    stream.on("response", (headers) => (status = headers[":status"]));
    const ended = this.#read(stream);
    stream.end(JSON.stringify(question));
    const deadline = Date.now() + seconds * 1000;
    while (this.columns.length === 0) {
      if (status !== undefined && status !== 200) {
        await Promise.race([ended, sleep(seconds * 1000, undefined, { ref: false })]);
        throw new ServiceRefusal(`POST ${path}`, status, this.#rest);
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (Date.now() > deadline) throw new NoAnswer("silent", this.#where, `${seconds} s`);
      await sleep(20);
    }
  }

  /**
   * Waits for so many rows, or until the time is over: then it has fewer.
   *
   * @throws what ended the query
   */
  async gather(count: number, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (this.rows.length < count && Date.now() < deadline) {
      if (this.#failure !== undefined) throw this.#failure;
      await sleep(20);
    }
  }

  /** Ends it, here and in the server. */
  close(): void {
    this.#session.destroy();
  }

  async #read(stream: ClientHttp2Stream): Promise<void> {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => this.#take(text));
    await new Promise<void>((resolve) => stream.once("close", resolve));
    this.#failure ??= new NoAnswer("closed", this.#where, "the query has ended by itself");
  }

  #take(text: string): void {
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const value = parseJson(line) as Readonly<Record<string, unknown>> | KsqlValue[] | undefined;
      if (Array.isArray(value)) this.rows.push(value);
      else if (Array.isArray(value?.columnNames)) this.columns = value.columnNames as string[];
      else if (value?.error_code !== undefined) {
        this.#failure = new ServiceRefusal("POST /query-stream", 200, line);
      }
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    // What does not speak HTTP/2 is heard of as a violation of its protocol.
    const isForeign = error.code?.startsWith("ERR_HTTP2") === true;
    const kind = isForeign ? "foreign" : silenceOf(error);
    const detail = isForeign ? `no HTTP/2: ${error.message}` : (error.code ?? error.message);
    this.#failure ??= new NoAnswer(kind, this.#where, detail);
  }
}
