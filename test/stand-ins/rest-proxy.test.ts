import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ask, differences, recordingsOf, type Answer, type Exchange } from "./replay.ts";
import { Consumers, type Member, type Position, type RawRecord } from "./rest-proxy/consumers.mjs";
import { settingsFrom, type Settings } from "./rest-proxy/environment.mjs";
import { ClusterSilent, expired, notInMetadata } from "./rest-proxy/errors.mjs";
import { createHttpServer } from "./rest-proxy/http.mjs";
import type { Cluster, NewRecord, TopicInfo, Written } from "./rest-proxy/kafka.mjs";

/**
 * The stand-in is held to what the real REST Proxy 7.0.1 answered, which is in `recordings/`. Its cluster is a list
 * here; `test/e2e/stand-in-rest-proxy.test.ts` has a real one.
 *
 * Bodies are compared byte for byte, but for names that are drawn, times, and the order of topics, which is that of a
 * hash map in the real one.
 */

const ENV = {
  KAFKA_REST_BOOTSTRAP_SERVERS: "kafka:9092",
  KAFKA_REST_HOST_NAME: "kafka-rest",
};
/** The real one fetches for a second. */
const FETCH_MS = 30;
/** What hangs in the real one for as long as its client waited. */
const PATIENCE_MS = 150;

const oneBroker = recordingsOf("rest-proxy", "one-broker.json");
const CONFIGS = (
  JSON.parse(
    oneBroker.find(({ name }) => name === "16-topic")?.response.body ?? "{}",
  ) as Partial<TopicInfo>
).configs;

/** What others, or recordings that are not claimed, had made in the real cluster by then. */
const TOPICS_BEFORE = ["_confluent-ksql-eval__command_topic", "_schemas"].concat([
  "eval_ksql_processing_log",
]);
const LEFT_BY: Readonly<Record<string, readonly string[]>> = {
  "59-produce-binary-not-base64": ["avrotest", "jstest", "pbtest"],
};

/** A cluster with one broker, in memory. */
class MemoryCluster implements Cluster {
  readonly logs = new Map<string, RawRecord[][]>();
  readonly offsetsOf = new Map<string, Map<string, number>>();
  isGone = false;
  hasCoordinator = true;
  createsTopics = true;
  rebalanceMs = 0;
  readonly id: string;
  readonly #feeds = new Set<() => void>();
  readonly #settings: Settings;

  constructor(settings: Settings, id = "fIV3zdX6SMeir_WWiO9_fw") {
    this.#settings = settings;
    this.id = id;
    for (const topic of TOPICS_BEFORE) this.logs.set(topic, [[]]);
  }

  async info(): ReturnType<Cluster["info"]> {
    this.#mustBeThere();
    return { id: this.id, controller: 1, brokers: [{ id: 1, host: "kafka", port: 9092 }] };
  }

  async topics(): Promise<string[]> {
    this.#mustBeThere();
    return [...this.logs.keys()];
  }

  async topic(name: string): Promise<TopicInfo | undefined> {
    const log = this.logs.get(name);
    if (log === undefined || CONFIGS === undefined) return undefined;
    const partitions = log.map((_, partition) => ({
      partition,
      leader: 1,
      replicas: [{ broker: 1, leader: true, in_sync: true }],
    }));
    return { name, configs: CONFIGS, partitions };
  }

  async offsets(topic: string, partition: number): ReturnType<Cluster["offsets"]> {
    const log = this.logs.get(topic)?.[partition];
    return log && { beginning: 0, end: log.length };
  }

  async createTopic(topic: string, partitions = 1, replicas = 1): Promise<string | undefined> {
    if (this.logs.has(topic)) return `Topic '${topic}' already exists.`;
    if (replicas > 1) {
      return `Replication factor: ${replicas} larger than available brokers: 1.`;
    }
    this.logs.set(
      topic,
      Array.from({ length: partitions }, () => []),
    );
    return undefined;
  }

  async deleteTopic(topic: string): Promise<boolean> {
    return this.logs.delete(topic);
  }

  async produce(topic: string, records: readonly NewRecord[]): Promise<Written[]> {
    const { metadataTimeoutMs, deliveryTimeoutMs } = this.#settings;
    if (this.isGone) {
      return records.map(() => expired(records.length, `${topic}-0`, deliveryTimeoutMs));
    }
    if (this.createsTopics) await this.createTopic(topic);
    const written = records.map(({ partition = 0, key, value }) => {
      const log = this.logs.get(topic)?.[partition];
      if (log === undefined) return notInMetadata(topic, metadataTimeoutMs);
      const offset = log.length;
      log.push({ topic, partition, offset, key, value });
      return { partition, offset };
    });
    for (const feed of this.#feeds) feed();
    return written;
  }

  member(group: string, fromBeginning: boolean): Member {
    const committed = this.offsetsOf.get(group) ?? new Map<string, number>();
    this.offsetsOf.set(group, committed);
    let [places, push]: [Position[], (record: RawRecord) => void] = [[], () => undefined];
    const feed = (): void => {
      for (const [at, place] of places.entries()) {
        const log = this.logs.get(place.topic)?.[place.partition] ?? [];
        for (const record of log.slice(place.offset)) push(record);
        places[at] = { ...place, offset: log.length };
      }
    };
    return {
      join: async (topics, take) => {
        if (!this.hasCoordinator) await new Promise(() => undefined);
        await sleep(this.rebalanceMs);
        if (this.createsTopics) {
          for (const topic of topics) await this.createTopic(topic);
        }
        push = take;
        places = topics.flatMap((topic) =>
          (this.logs.get(topic) ?? []).map((log, partition) => {
            const start = fromBeginning ? 0 : log.length;
            return { topic, partition, offset: committed.get(`${topic}-${partition}`) ?? start };
          }),
        );
        this.#feeds.add(feed);
        // Where the join takes long, the fetch is over when records come.
        if (this.rebalanceMs === 0) feed();
        else setImmediate(feed);
        return places.length > 0;
      },
      assignment: () => places.map(({ topic, partition }) => ({ topic, partition })),
      rewind: async ({ topic, partition }) => {
        places = places.map((place) =>
          place.topic === topic && place.partition === partition ? { ...place, offset: 0 } : place,
        );
        setImmediate(feed);
      },
      commit: async (positions) => {
        for (const { topic, partition, offset } of positions) {
          committed.set(`${topic}-${partition}`, offset);
        }
      },
      committed: async ({ topic, partition }) => committed.get(`${topic}-${partition}`),
      leave: async () => void this.#feeds.delete(feed),
    };
  }

  #mustBeThere(): void {
    if (this.isGone) throw new ClusterSilent("the broker is gone");
  }
}

/** A stand-in whose cluster is a list. */
class Trial {
  readonly cluster: MemoryCluster;
  readonly consumers: Consumers;
  readonly #server: Server;

  constructor(change: Partial<Settings> = {}, clusterId?: string) {
    const settings = { ...settingsFrom(ENV), fetchMs: FETCH_MS, ...change };
    this.cluster = new MemoryCluster(settings, clusterId);
    this.consumers = new Consumers(settings, (...member) => this.cluster.member(...member));
    this.#server = createHttpServer({
      ...{ cluster: this.cluster, consumers: this.consumers, settings },
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  async stop(): Promise<void> {
    await this.consumers.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  ask(request: Exchange["request"], signal?: AbortSignal): Promise<Answer> {
    return ask((this.#server.address() as AddressInfo).port, request, signal);
  }

  /** Whether a request is still without an answer after a while. */
  async hangs(request: Exchange["request"]): Promise<boolean> {
    return this.ask(request, AbortSignal.timeout(PATIENCE_MS)).then(
      () => false,
      (error: unknown) => (error as Error).name === "AbortError",
    );
  }

  /** What is answered differently, and what is answered though the real one hung. */
  async replay(exchanges: readonly Exchange[]): Promise<string[]> {
    const different: string[] = [];
    for (const exchange of exchanges) {
      if (hung(exchange)) {
        const { name, request } = exchange;
        if (!(await this.hangs(request))) different.push(`${name} is answered`);
        continue;
      }
      different.push(
        ...(await differences([exchange], {
          ask: (request) => this.ask(request),
          after: (name) => {
            for (const topic of LEFT_BY[name] ?? []) this.cluster.logs.set(topic, [[]]);
          },
          shape,
        })),
      );
    }
    return different;
  }
}

function hung(exchange: Partial<Exchange>): boolean {
  return exchange.response === undefined;
}

function shape(name: string, body: string): string {
  if (/topics(-before|-after)?$/.test(name) && body.startsWith('["')) {
    return JSON.stringify((JSON.parse(body) as string[]).sort());
  }
  return body
    .replaceAll(/rest-consumer-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "rest-consumer-…")
    .replaceAll(/"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g, '"timestamp":"…"');
}

let trial: Trial;

beforeEach(async () => {
  trial = await new Trial().start();
});

afterEach(async () => {
  await trial.stop();
});

async function insteadOf(other: Trial): Promise<void> {
  await trial.stop();
  trial = await other.start();
}

describe("against the recordings", () => {
  it("holds them all, claimed or not", () => {
    const numbers = [...oneBroker, ...recordingsOf("rest-proxy", "not-claimed.json")].map(
      ({ name }) => Number(name.split("-")[0]),
    );
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 101 }, (_, at) => at + 1));
    const files = readdirSync(new URL("rest-proxy/recordings", import.meta.url)).sort();
    expect(files.map((file) => [file, recordingsOf("rest-proxy", file).length])).toEqual([
      ["broker-down.json", 5],
      ["consumer-expiry.json", 10],
      ["default-rebalance.json", 20],
      ["no-coordinator.json", 9],
      ["not-claimed.json", 15],
      ["one-broker.json", 86],
    ]);
  });

  it("answers as the real one did, and while the broker is gone", async () => {
    expect(await trial.replay(oneBroker)).toEqual([]);
    trial.cluster.isGone = true;
    expect(await trial.replay(recordingsOf("rest-proxy", "broker-down.json"))).toEqual([]);
  });

  it("has an empty first fetch where the group waits for members, and hangs with one that does not poll", async () => {
    trial.cluster.rebalanceMs = 2 * FETCH_MS;
    trial.cluster.logs.clear();
    expect(await trial.replay(recordingsOf("rest-proxy", "default-rebalance.json"))).toEqual([]);
  });

  it("goes on when the group has taken the one that does not poll for dead", async () => {
    await insteadOf(new Trial({ rebalanceMs: 10 * FETCH_MS }));
    const exchanges = recordingsOf("rest-proxy", "default-rebalance.json");
    const begin = exchanges.findIndex(hung);
    trial.cluster.rebalanceMs = 2 * FETCH_MS;
    expect(await trial.replay(exchanges.slice(0, begin + 1))).toEqual([]);
    const create = exchanges.find(({ name }) => name === "15-create-g2")?.request;
    expect(create && (await trial.ask(create)).status).toBe(200);
  });

  it("lets an idle instance expire, and commits what it had fetched", async () => {
    await insteadOf(new Trial({ idleMs: 300 }));
    const exchanges = recordingsOf("rest-proxy", "consumer-expiry.json");
    const idle = exchanges.findIndex(({ name }) => name.endsWith("idle"));
    expect(await trial.replay(exchanges.slice(0, idle))).toEqual([]);
    await sleep(450);
    expect(await trial.replay(exchanges.slice(idle))).toEqual([]);
  });

  it("hangs where the brokers can't make their offsets topic", async () => {
    await insteadOf(new Trial({}, "KnHsqg3uTiWphhVpvxygJw"));
    trial.cluster.hasCoordinator = false;
    trial.cluster.createsTopics = false;
    expect(await trial.replay(recordingsOf("rest-proxy", "no-coordinator.json"))).toEqual([]);
  });

  it.each([
    ["the status", (answer: Answer) => ({ ...answer, status: 201 })],
    ["one byte of the body", (answer: Answer) => ({ ...answer, body: answer.body.slice(1) })],
    ["a header", (answer: Answer) => ({ ...answer, headers: { ...answer.headers, Vary: "*" } })],
  ])("fails on a recording that differs in %s", async (_, change) => {
    const changed = oneBroker
      .slice(0, 12)
      .map((exchange) =>
        exchange.name === "08-seed4-records-first"
          ? { ...exchange, response: change(exchange.response) }
          : exchange,
      );
    const different = await trial.replay(changed);
    expect(different.map((text) => text.split("\n")[0])).toEqual(["08-seed4-records-first"]);
  });

  it("fails on what hung in the real one and is answered", async () => {
    const exchanges = recordingsOf("rest-proxy", "default-rebalance.json");
    const without = exchanges.filter(({ name }) => !/^0[4-9]-records/.test(name));
    const different = await trial.replay(without);
    expect(different[0]).toBe("12-second-records is answered");
  });

  it("says that it does not know what it does not claim", async () => {
    const answers: [string, number][] = [];
    for (const { name, request } of recordingsOf("rest-proxy", "not-claimed.json")) {
      answers.push([name, (await trial.ask(request)).status]);
    }
    // What follows the creation of a consumer that is not made.
    const notThere = ["avro-subscribe", "avro-records-1", "avro-records-2", "avro-delete"];
    expect(answers).toEqual(
      answers.map(([name]) => [name, notThere.some((rest) => name.endsWith(rest)) ? 404 : 501]),
    );
  });
});

describe("beyond the recordings", () => {
  const create = {
    method: "POST",
    path: "/consumers/g",
    headers: { "Content-Type": "application/vnd.kafka.v2+json" },
    body: '{"name": "i", "format": "json"}',
  };

  it.each([
    [undefined, "localhost:18082", "http://localhost:18082/consumers/g/instances/i"],
    [undefined, "rest-proxy", "http://rest-proxy/consumers/g/instances/i"],
    ["rest-proxy", "localhost:18082", "http://rest-proxy:8082/consumers/g/instances/i"],
    ["rest-proxy", "localhost", "http://rest-proxy/consumers/g/instances/i"],
  ])("gives base_uri by its own name %s, to a client of %s", async (hostName, host, uri) => {
    await insteadOf(new Trial({ hostName }));
    const { body } = await trial.ask({ ...create, headers: { ...create.headers, Host: host } });
    expect(JSON.parse(body)).toEqual({ instance_id: "i", base_uri: uri });
  });

  it("has its listener's address in links of v3, unless it has a name", async () => {
    await insteadOf(new Trial({ hostName: undefined }));
    const { body } = await trial.ask({ method: "GET", path: "/v3/clusters", headers: {} });
    expect((JSON.parse(body) as { metadata: object }).metadata).toEqual({
      self: "http://0.0.0.0:8082/v3/clusters",
      next: null,
    });
  });

  it.each([
    ["DELETE", "/consumers/g/instances/i/subscription"],
    ["POST", "/consumers/g/instances/i/positions/end"],
    ["GET", "/v3/clusters/c/topics/t/partitions"],
  ])("does not guess the answer to %s %s", async (method, path) => {
    const { status } = await trial.ask({ method, path, headers: {} });
    expect([405, 501]).toContain(status);
  });

  it.each([["1.0"], ["12345678901234567890"]])("does not change the number %s", async (number) => {
    const { status, body } = await trial.ask({
      method: "POST",
      path: "/topics/t",
      headers: { "Content-Type": "application/vnd.kafka.json.v2+json" },
      body: `{"records":[{"value":${number}}]}`,
    });
    expect([status, body]).toEqual([501, expect.stringContaining(`the number ${number}`)]);
  });
});

describe("the environment", () => {
  it("has the image's defaults", () => {
    expect(
      settingsFrom({
        KAFKA_REST_BOOTSTRAP_SERVERS: "PLAINTEXT://a:1,b:2",
        KAFKA_REST_HOST_NAME: " ",
        PATH: "/bin",
      }),
    ).toEqual({
      brokers: ["a:1", "b:2"],
      listeners: [{ host: "0.0.0.0", port: 8082 }],
      hostName: undefined,
      minBrokers: 1,
      brokerTimeoutMs: 40_000,
      adminTimeoutMs: 60_000,
      metadataTimeoutMs: 60_000,
      deliveryTimeoutMs: 120_000,
      fetchMs: 1000,
      idleMs: 300_000,
      rebalanceMs: 300_000,
    });
  });

  it.each([
    [{ KAFKA_REST_BOOTSTRAP_SERVERS: undefined }, "KAFKA_REST_BOOTSTRAP_SERVERS is required."],
    [{ KAFKA_REST_HOST_NAME: undefined }, "KAFKA_REST_HOST_NAME is required."],
    [{ KAFKA_REST_HOST_NAME: "" }, "KAFKA_REST_HOST_NAME is required."],
    [{ KAFKA_REST_PORT: "8082" }, "PORT is deprecated."],
    [{ KAFKA_REST_LISTENERS: "https://0.0.0.0:8082" }, "is not a listener"],
    [{ KAFKA_REST_CONSUMER_REQUEST_TIMEOUT_MS: "0" }, "not a number above 0"],
    [{ KAFKA_REST_LISTENRES: "http://0.0.0.0:8082" }, "does not know what KAFKA_REST_LISTENRES"],
  ])("refuses %o", (change, message) => {
    expect(() => settingsFrom({ ...ENV, ...change })).toThrow(message);
  });
});
