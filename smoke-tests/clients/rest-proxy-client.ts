import type { Address } from "../../doctor/address.ts";
import type { Dial } from "../../doctor/dial.ts";
import { HttpClient, ServiceRefusal } from "./http-client.ts";

const V2 = "application/vnd.kafka.v2+json";
const JSON_V2 = "application/vnd.kafka.json.v2+json";
const V3 = "application/json";
/** A proxy whose brokers are gone says so after a minute; who asks for less never hears it. */
const BROKER_SECONDS = 70;
/** The same for a record of a topic that it knows: it says so after two. */
const DELIVERY_SECONDS = 130;

/** A record on its way through the proxy: anything that JSON can hold. */
export interface JsonRecord {
  readonly key: unknown;
  readonly value: unknown;
}

/** A record as a fetch gives it. */
export interface FetchedRecord extends JsonRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record that was not written, which the proxy says inside an answer of HTTP 200. */
export class NotProduced extends Error {
  readonly topic: string;
  readonly errorCode: number;

  constructor(topic: string, errorCode: number, said: string, lost: number, of: number) {
    super(
      `POST /topics/${topic} is answered with HTTP 200, but ${lost} of ${of} records were not written: error_code ${errorCode}: ${said}`,
    );
    this.name = "NotProduced";
    this.topic = topic;
    this.errorCode = errorCode;
  }
}

/** A consumer of the proxy's, until it is deleted. */
export interface ConsumerInstance {
  readonly group: string;
  readonly name: string;
}

/**
 * A client of Confluent's REST Proxy, over connections that the vantage provides. All requests throw `NoAnswer`
 * where nobody, or somebody else, is at the address, and `ServiceRefusal` for an answer that is not a success.
 */
export class RestProxyClient {
  readonly #http: HttpClient;

  /**
   * @param url of the API, path included
   * @throws Error when it is not an http address
   */
  constructor(url: string, dial: Dial, seconds = 20) {
    this.#http = new HttpClient(url, {
      title: "REST Proxy",
      dial,
      contentType: V2,
      accept: V2,
      seconds,
    });
  }

  /** `host:port` that connections go to. */
  get address(): Address {
    return this.#http.address;
  }

  async topics(): Promise<readonly string[]> {
    return (await this.#http.json("GET", "/topics", { seconds: BROKER_SECONDS })) as string[];
  }

  /** Makes a topic; for clients that reach Kafka through the proxy only. */
  async createTopic(topic: string, partitions: number, replicas: number): Promise<void> {
    await this.#http.json("POST", `${await this.#v3()}/topics`, {
      contentType: V3,
      accept: V3,
      body: { topic_name: topic, partitions_count: partitions, replication_factor: replicas },
    });
  }

  /** Deletes a topic; one that is not there is fine. */
  async removeTopic(topic: string): Promise<void> {
    const path = `${await this.#v3()}/topics/${encodeURIComponent(topic)}`;
    await unlessGone(this.#http.ask("DELETE", path, { accept: V3 }));
  }

  /**
   * Writes records.
   *
   * @returns where they are
   * @throws NotProduced when one of them was not written
   */
  async produce(
    topic: string,
    records: readonly JsonRecord[],
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]> {
    const { offsets } = (await this.#http.json("POST", `/topics/${encodeURIComponent(topic)}`, {
      contentType: JSON_V2,
      body: { records },
      seconds: DELIVERY_SECONDS,
    })) as { offsets: readonly WrittenRecord[] };
    const lost = offsets.filter(({ error_code: code }) => code !== null);
    const [first] = lost;
    if (first !== undefined) {
      const { error_code: code, error } = first;
      throw new NotProduced(topic, code ?? 0, error ?? "", lost.length, records.length);
    }
    return offsets.map(({ partition, offset }) => ({
      partition: partition ?? -1,
      offset: offset ?? -1,
    }));
  }

  /**
   * Makes a consumer of JSON that reads from the beginning.
   *
   * @returns the address that it is to be asked at from now on
   */
  async createConsumer({ group, name }: ConsumerInstance): Promise<string> {
    const { base_uri: baseUri } = (await this.#http.json(
      "POST",
      `/consumers/${encodeURIComponent(group)}`,
      { body: { name, format: "json", "auto.offset.reset": "earliest" } },
    )) as { base_uri: string };
    return baseUri;
  }

  async subscribe(consumer: ConsumerInstance, topic: string): Promise<void> {
    await this.#http.ask("POST", `${pathOf(consumer)}/subscription`, { body: { topics: [topic] } });
  }

  /** What a consumer is subscribed to. */
  async subscription(consumer: ConsumerInstance): Promise<readonly string[]> {
    return subscriptionIn(await this.#http.json("GET", `${pathOf(consumer)}/subscription`));
  }

  /** Fetches what has come; nothing as long as the consumer's group is being formed. */
  async fetch(consumer: ConsumerInstance): Promise<readonly FetchedRecord[]> {
    return (await this.#http.json("GET", `${pathOf(consumer)}/records`, {
      accept: JSON_V2,
    })) as FetchedRecord[];
  }

  /** Deletes a consumer; one that is not there is fine. */
  async removeConsumer(consumer: ConsumerInstance): Promise<void> {
    await unlessGone(this.#http.ask("DELETE", pathOf(consumer)));
  }

  /** Path of the cluster in the API's third version. */
  async #v3(): Promise<string> {
    const { data } = (await this.#http.json("GET", "/v3/clusters", {
      accept: V3,
      seconds: BROKER_SECONDS,
    })) as { data: readonly { cluster_id: string }[] };
    return `/v3/clusters/${data[0]?.cluster_id}`;
  }
}

/**
 * Asks what a consumer is subscribed to, at the address that the proxy gave for it.
 *
 * @throws Error when that is not an http address
 */
export async function subscriptionAt(
  baseUri: string,
  dial: Dial,
  seconds = 10,
): Promise<readonly string[]> {
  const http = new HttpClient(baseUri, {
    title: "REST Proxy",
    dial,
    contentType: V2,
    accept: V2,
    seconds,
  });
  return subscriptionIn(await http.json("GET", "/subscription"));
}

interface WrittenRecord {
  readonly partition: number | null;
  readonly offset: number | null;
  readonly error_code: number | null;
  readonly error: string | null;
}

function pathOf({ group, name }: ConsumerInstance): string {
  return `/consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(name)}`;
}

function subscriptionIn(answer: unknown): readonly string[] {
  return (answer as { topics: string[] }).topics;
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!(error instanceof ServiceRefusal && error.errorCode === 40403)) throw error;
  });
}
