import { describe, expect, test } from "vitest";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";
import { NoAnswer } from "../../doctor/dial.ts";
import {
  asJson,
  explainForeignKsqlCluster,
  explainHealth,
  explainKsqlRefusal,
  explainKsqlSilence,
  explainRows,
  explainStatus,
  explainStuck,
  judgeRows,
  rowsIn,
} from "../../smoke-tests/ksqldb-diagnosis.ts";
import { makeRecords } from "../../smoke-tests/records.ts";
import type { ServiceUnderTest } from "../../smoke-tests/services.ts";

const service: ServiceUnderTest = {
  service: "ksqlDb",
  title: "ksqlDB",
  vantage: "host",
  url: "http://localhost:8088",
  output: "url",
  standpoint: "this host",
  network: "seed-network",
  container: "ksqldb-server",
};

function refusal(status: number, code: number | undefined, message: string): ServiceRefusal {
  const body = JSON.stringify({ "@type": "generic_error", error_code: code, message });
  return new ServiceRefusal("POST /ksql", status, body);
}

describe("explainKsqlRefusal", () => {
  test.each<[string, ServiceRefusal, string]>([
    [
      "a start that is not over",
      refusal(503, 50302, "KSQL is not yet ready to serve requests."),
      'error_code 50302: KSQL is not yet ready to serve requests.; container "ksqldb-server" is not through with its start',
    ],
    [
      "a command topic that nothing gets into",
      refusal(500, 50000, "Timeout while initializing transaction to the KSQL command topic."),
      "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
    ],
    [
      "a topic of too many replicas",
      refusal(500, 50000, "Replication factor: 3 larger than available brokers: 1."),
      "KSQL_KSQL_INTERNAL_TOPIC_REPLICAS",
    ],
    [
      "HTTP/1.1",
      refusal(400, 40004, "This endpoint is only available when using HTTP2"),
      "something between speaks HTTP/1.1",
    ],
    [
      "an error of the server",
      refusal(500, 50000, "Failed to list Kafka Topic names"),
      "bootstrap.servers (KSQL_BOOTSTRAP_SERVERS)",
    ],
    ["missing rights", refusal(403, 40300, "no"), "SMOKE_*"],
    [
      "another server",
      new ServiceRefusal("GET /info", 404, "not found"),
      "services.ksqlDb.url in the outputs (http://localhost:8088)",
    ],
  ])("names the way out of %s", (_, error, expected) => {
    expect(explainKsqlRefusal(service, error)).toContain(expected);
  });

  test("leaves what the server says to itself where it says enough", () => {
    expect(explainKsqlRefusal(service, refusal(400, 40001, "X does not exist."))).toBe(
      "ksqlDB: POST /ksql is answered with HTTP 400, error_code 40001: X does not exist.",
    );
  });
});

test("explainKsqlSilence names the listeners' setting, and what HTTP/2 needs", () => {
  const address = { host: "localhost", port: 8088 };
  const refused = new NoAnswer("refused", "localhost:8088", "ECONNREFUSED");
  expect(explainKsqlSilence(service, address, refused)).toContain("publishes port 8088");
  expect(explainKsqlSilence(service, address, refused, "exited")).toContain("is exited");
  const old = new NoAnswer("foreign", "localhost:8088", "no HTTP/2: Protocol error");
  expect(explainKsqlSilence(service, address, old)).toContain("need HTTP/2 in clear text");
});

describe("explainHealth", () => {
  const healthy = { isHealthy: true };
  const ill = { isHealthy: false };

  test("finds nothing where every part is healthy", () => {
    const details = { metastore: healthy, kafka: healthy, commandRunner: healthy };
    expect(explainHealth(service, { isHealthy: true, details })).toBeUndefined();
  });

  test("blames the brokers first", () => {
    const details = { metastore: healthy, kafka: ill, commandRunner: ill };
    const said = explainHealth(service, { isHealthy: false, details });
    expect(said).toContain("HTTP 200, but its body says not healthy: kafka, commandRunner");
    expect(said).toContain("KSQL_BOOTSTRAP_SERVERS");
  });

  test("asks for a restart where only the command runner is dead", () => {
    const details = { metastore: healthy, kafka: healthy, commandRunner: ill };
    expect(explainHealth(service, { isHealthy: false, details })).toContain(
      'so restart container "ksqldb-server"',
    );
  });

  test("believes a part more than the whole, and the whole without parts", () => {
    const details = { metastore: ill, kafka: healthy };
    expect(explainHealth(service, { isHealthy: true, details })).toContain("metastore");
    expect(explainHealth(service, { isHealthy: false })).toContain("it is not healthy");
  });
});

test("what does not run, or for another platform, is named", () => {
  const info = { version: "7.0.1", kafkaClusterId: "a", ksqlServiceId: "default_" };
  expect(explainStatus(service, info)).toBeUndefined();
  expect(explainStatus(service, { ...info, serverStatus: "RUNNING" })).toBeUndefined();
  expect(explainStatus(service, { ...info, serverStatus: "ERROR" })).toContain("it is ERROR");
  expect(explainForeignKsqlCluster(service, "a", "b")).toContain(
    "works with cluster a, not with b",
  );
  expect(explainStuck("CREATE …;", "no answer within 90 s")).toContain(
    "KSQL_KSQL_STREAMS_REPLICATION_FACTOR",
  );
  expect(explainRows("S", ["lost 1 of 2 records: a"])).toContain("\n  lost 1 of 2 records: a");
});

describe("judgeRows", () => {
  const records = makeRecords("0badcafe", 30);
  const rows = rowsIn(
    asJson(records).map((record, offset) => ({ ...record, partition: 0, offset })),
  );
  const changed = (at: number, row: (typeof rows)[number]) => rows.with(at, row);

  test("finds nothing where all rows came, those of different keys in any order", () => {
    expect(judgeRows(records, rows)).toEqual([]);
    const other = rows.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    expect(judgeRows(records, other)).toEqual([]);
  });

  test.each([
    ["a lost one", rows.slice(1), "lost 1 of 30 records: 0badcafe-000"],
    ["one that came twice", [...rows, ...rows.slice(29)], "came more than once: 0badcafe-029"],
    ["a key that changed", changed(3, ["key-9", ...(rows[3] ?? []).slice(1)]), "key changed"],
    ["a value that changed", changed(3, ["key-3", 3, "0badcafe-003\tx"]), "value changed"],
    ["a row of somebody else", [...rows, ["key-1", 99, "x"]], "not from this run"],
    ["a row that is not JSON", changed(3, ["key-3", null, "x"]), "not from this run"],
    ["keys out of order", changed(0, rows[12] ?? []).with(12, rows[0] ?? []), "out of order"],
  ])("names %s", (_, given, expected) => {
    expect(judgeRows(records, given).join("\n")).toContain(expected);
  });

  test("reads what is no JSON as it is", () => {
    const record = { key: "k", value: "plain", partition: 0, offset: 0, headers: {} };
    expect(rowsIn([record])).toEqual([["k", null, "plain"]]);
  });
});
