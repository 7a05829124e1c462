/** Turns what a REST Proxy answered into the setting at fault and the way out. */
import type { Address } from "../doctor/address.ts";
import { ServiceRefusal } from "./clients/http-client.ts";
import type { NotProduced } from "./clients/rest-proxy-client.ts";
import { messageOf } from "../doctor/deadline.ts";
import { sight } from "../doctor/explain.ts";
import { NoAnswer } from "../doctor/dial.ts";
import type { ServiceSettings, ServiceUnderTest } from "./services.ts";
import { containerOf, explainServiceSilence, sourceOf } from "./services.ts";

const BROKERS = "KAFKA_REST_BOOTSTRAP_SERVERS";

const SETTINGS: ServiceSettings = {
  listeners: (port) => `KAFKA_REST_LISTENERS says http://0.0.0.0:${port}`,
  path: "nothing behind the port",
  brokers: BROKERS,
};

/**
 * Why a proxy's address does not answer, and what to change.
 *
 * @param address that its url leads to
 * @param state of its container, such as `exited`, where an engine can say
 */
export function explainProxySilence(
  service: ServiceUnderTest,
  address: Address,
  silence: NoAnswer,
  state?: string,
): string {
  return explainServiceSilence(service, SETTINGS, address, silence, state);
}

/** An answer that is not the wanted one: the proxy's own words, then the setting behind them. */
export function explainProxyRefusal(service: ServiceUnderTest, refusal: ServiceRefusal): string {
  const { status, errorCode, request } = refusal;
  const container = containerOf(service);
  const wayOut = (): string | undefined => {
    if (status === 404 && (errorCode === undefined || errorCode === 404)) {
      return `the API is not there; ${sourceOf(service)} must lead to ${container}, with ${SETTINGS.path}`;
    }
    if (status === 401 || status === 403) {
      return "the smoke tests need the rights to write and read topics, and to use consumer groups, named kafka-platform-kit.smoke.*";
    }
    if (errorCode === 40403 && request.includes("/consumers/")) {
      return `another proxy answers than the one that has the consumer, or it expired: a consumer lives in one proxy, for as long as KAFKA_REST_CONSUMER_INSTANCE_TIMEOUT_MS lets it idle`;
    }
    if (status >= 500) {
      return `it cannot use Kafka; see that ${BROKERS} of ${container} leads to the brokers, and that they run`;
    }
    return undefined;
  };
  const out = wayOut();
  return `REST Proxy: ${refusal.message}${out === undefined ? "" : `; ${out}`}`;
}

/** What to say of records that were not written, though the answer is HTTP 200. */
export function explainNotProduced(service: ServiceUnderTest, lost: NotProduced): string {
  const wayOut = /not present in metadata/.test(lost.message)
    ? `see that topic "${lost.topic}" is there, and that ${BROKERS} of ${containerOf(service)} leads to this cluster's brokers`
    : `see that ${BROKERS} of ${containerOf(service)} leads to the brokers, that they run, and that topic "${lost.topic}" has a leader`;
  return `REST Proxy: ${lost.message}; ${wayOut}`;
}

/**
 * Why clients can't follow the address that the proxy gave for a consumer.
 *
 * @param baseUri as it came
 * @param fault what came of asking there
 */
export function explainBaseUri(service: ServiceUnderTest, baseUri: string, fault: unknown): string {
  const { standpoint, url } = service;
  const container = containerOf(service);
  const why = fault instanceof NoAnswer ? sight(standpoint, fault, "REST Proxy") : messageOf(fault);
  const wayOut =
    fault instanceof ServiceRefusal
      ? `the address leads to another proxy than the one that was asked`
      : `take KAFKA_REST_HOST_NAME out of ${container}: without it base_uri follows the address that each client uses (KAFKA_REST_ADVERTISED_LISTENERS changes links of /v3 only)`;
  return `REST Proxy: the base_uri of a consumer is ${baseUri}, which clients of ${url} cannot follow: ${why}; ${wayOut}`;
}

/**
 * Why clients elsewhere can't follow the address that the proxy gave for a consumer: from its own host, where they are
 * stood in for, a name like localhost can be followed, too. Undefined when it is at the address that they use.
 */
export function explainStrayBaseUri(
  service: ServiceUnderTest,
  baseUri: string,
): string | undefined {
  const { vantage, url } = service;
  if (vantage !== "external" || !URL.canParse(baseUri)) return undefined;
  const [given, used] = [new URL(baseUri).host, new URL(url).host];
  if (given === used) return undefined;
  const fault = new Error(`it leads to ${given}, and they know the proxy as ${used}`);
  return explainBaseUri(service, baseUri, fault);
}

/** What to say of a call about consumers that is not answered: that one of them waits for its group. */
export function explainHanging(service: ServiceUnderTest, silence: NoAnswer): string {
  const { standpoint } = service;
  return [
    `REST Proxy: ${sight(standpoint, silence, "REST Proxy")}; a consumer waits for its group, and until that is formed the proxy says nothing of any consumer`,
    `see that the brokers can make the topic of offsets (KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR must not be above their number), and that clients delete their consumers: one that is left, and fetches no more, holds up the next of its group, and so all of ${containerOf(service)}, until KAFKA_REST_CONSUMER_MAX_POLL_INTERVAL_MS (5 minutes) is over`,
  ].join("; ");
}

/** What to say of fetches that go on without what was written. */
export function explainMissing(
  service: ServiceUnderTest,
  topic: string,
  seconds: number,
  found: number,
  wanted: number,
): string {
  return `REST Proxy: ${found} of ${wanted} records of topic "${topic}" came in ${seconds} s of fetching; see that ${BROKERS} of ${containerOf(service)} leads to this cluster's brokers, and that each partition of the topic has a leader`;
}
