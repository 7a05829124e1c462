/** Turns what a ksqlDB server answered into the setting at fault and the way out. */
import type { Address } from "../doctor/address.ts";
import type { ServiceRefusal } from "./clients/http-client.ts";
import type { KsqlHealth, KsqlServerInfo, KsqlValue } from "./clients/ksqldb-client.ts";
import type { NoAnswer } from "../doctor/dial.ts";
import type { ReceivedRecord, SmokeRecord } from "./records.ts";
import { judge } from "./records.ts";
import type { ServiceSettings, ServiceUnderTest } from "./services.ts";
import { containerOf, explainServiceSilence, sourceOf } from "./services.ts";

const BROKERS = "bootstrap.servers (KSQL_BOOTSTRAP_SERVERS)";
const REPLICATION =
  "replication factors must not exceed the number of brokers: transaction.state.log.replication.factor (KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR), transaction.state.log.min.isr (KAFKA_TRANSACTION_STATE_LOG_MIN_ISR) and offsets.topic.replication.factor (KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR) of the brokers, ksql.internal.topic.replicas (KSQL_KSQL_INTERNAL_TOPIC_REPLICAS) and ksql.streams.replication.factor (KSQL_KSQL_STREAMS_REPLICATION_FACTOR) of ksqlDB";

const SETTINGS: ServiceSettings = {
  listeners: (port) => `listeners (KSQL_LISTENERS) say http://0.0.0.0:${port}`,
  path: "nothing behind the port",
  brokers: BROKERS,
};

/**
 * Why a server's address does not answer, and what to change.
 *
 * @param address that its url leads to
 * @param state of its container, such as `exited`, where an engine can say
 */
export function explainKsqlSilence(
  service: ServiceUnderTest,
  address: Address,
  silence: NoAnswer,
  state?: string,
): string {
  const said = explainServiceSilence(service, SETTINGS, address, silence, state);
  return silence.detail.startsWith("no HTTP/2")
    ? `${said}; push queries need HTTP/2 in clear text all the way, which most proxies do not pass on`
    : said;
}

/** An answer that is not the wanted one: ksqlDB's own words, then the setting behind them. */
export function explainKsqlRefusal(service: ServiceUnderTest, refusal: ServiceRefusal): string {
  const { status, errorCode, body } = refusal;
  const container = containerOf(service);
  const wayOut = (): string | undefined => {
    if (status === 503) {
      return `${container} is not through with its start, which needs the brokers (${BROKERS}); see its log`;
    }
    if (errorCode === 40004) {
      return "push queries need HTTP/2 in clear text all the way: something between speaks HTTP/1.1 to the server";
    }
    if (status === 404 && errorCode === undefined) {
      return `the API is not there; ${sourceOf(service)} must lead to ${container}, with nothing behind the port`;
    }
    if (status === 401 || status === 403) {
      return "the smoke tests need the rights to create, query and drop streams named SMOKE_*, and topics named kafka-platform-kit.smoke.*";
    }
    if (/transaction|command topic|InitProducerId|replication.?factor/i.test(body)) {
      return REPLICATION;
    }
    if (status >= 500) {
      return `see that ${BROKERS} of ${container} leads to the brokers, and that they run`;
    }
    return undefined;
  };
  const out = wayOut();
  return `ksqlDB: ${refusal.message}${out === undefined ? "" : `; ${out}`}`;
}

/** What to say of a server that does not say that it runs; undefined when it does. */
export function explainStatus(
  service: ServiceUnderTest,
  { serverStatus = "RUNNING" }: KsqlServerInfo,
): string | undefined {
  if (serverStatus === "RUNNING") return undefined;
  return `ksqlDB: ${service.url} says that it is ${serverStatus}, not RUNNING; see the log of ${containerOf(service)}`;
}

/** What to say of a server that uses another cluster than the platform's. */
export function explainForeignKsqlCluster(
  service: ServiceUnderTest,
  clusterId: string,
  wanted: string,
): string {
  return `ksqlDB: ${service.url} works with cluster ${clusterId}, not with ${wanted}; ${BROKERS} of ${containerOf(service)} must lead to this platform's brokers`;
}

/** What to say of a health check; undefined when every part is healthy. */
export function explainHealth(service: ServiceUnderTest, health: KsqlHealth): string | undefined {
  const ill = Object.entries(health.details ?? {})
    .filter(([, { isHealthy }]) => !isHealthy)
    .map(([part]) => part);
  if (health.isHealthy && ill.length === 0) return undefined;
  const container = containerOf(service);
  const seen = ill.length === 0 ? "it is not healthy" : `not healthy: ${ill.join(", ")}`;
  return `ksqlDB: /healthcheck is answered with HTTP 200, but its body says ${seen}; ${
    ill.includes("kafka")
      ? `see that ${BROKERS} of ${container} leads to the brokers, and that they run`
      : ill.includes("commandRunner")
        ? `its command runner is dead, as after ten minutes without a broker: statements are queued and never done, so restart ${container}`
        : `see the log of ${container}`
  }`;
}

/** What to say of a statement that is still not done, though the server is healthy. */
export function explainStuck(statement: string, said: string): string {
  return `ksqlDB: it says that it is healthy, but does not do what it is told: ${said}\n  ${statement}\n${REPLICATION}`;
}

/** What to say of a push query that did not show all. */
export function explainRows(stream: string, findings: readonly string[]): string {
  const what = `ksqlDB: a push query does not show what is in the topic of stream ${stream}`;
  return [what, ...findings].join("\n  ");
}

/** The columns of the streams that are made: the record's key, its place in the run, its value. */
export const COLUMNS = ["K", "SEQUENCE", "TEXT"];

/** The same records with the JSON that a stream of {@link COLUMNS} reads. */
export function asJson(records: readonly SmokeRecord[]): SmokeRecord[] {
  return records.map((record, sequence) => ({
    ...record,
    value: JSON.stringify({ SEQUENCE: sequence, TEXT: record.value }),
  }));
}

/**
 * Compares the rows of a query with the records that went in: none may be lost, come twice or be changed, and
 * those of one key must be in order.
 */
export function judgeRows(
  records: readonly SmokeRecord[],
  rows: readonly (readonly KsqlValue[])[],
): string[] {
  const homes = [...new Set(records.map(({ key }) => key))];
  const received = rows.map(
    ([key = null, sequence = null, text = null], offset): ReceivedRecord => {
      const sent = typeof sequence === "number" ? records[sequence] : undefined;
      return {
        // A query shows no partitions; keys are what is in order.
        partition: homes.indexOf(String(key)),
        offset,
        key: key === null ? null : String(key),
        value: text === null ? null : String(text),
        headers: sent?.headers ?? {},
      };
    },
  );
  return judge(records, received, 1);
}

/** The rows that records in the form of {@link asJson} stand for. */
export function rowsIn(records: readonly ReceivedRecord[]): KsqlValue[][] {
  return records.map(({ key, value }) => {
    try {
      const { SEQUENCE, TEXT } = JSON.parse(value ?? "") as Record<string, KsqlValue | undefined>;
      return [key, SEQUENCE ?? null, TEXT ?? null];
    } catch {
      return [key, null, value];
    }
  });
}
