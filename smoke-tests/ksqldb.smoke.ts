/** ksqlDB, tried from where its clients stand: queries that show real records, and move them. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { afterAll, describe } from "vitest";
import { KsqlDbClient } from "./clients/ksqldb-client.ts";
import type { ListenerClient } from "./clients/listener-client.ts";
import { clientFor } from "./clients/listener-client.ts";
import { eventually, messageOf } from "../doctor/deadline.ts";
import { NoAnswer } from "../doctor/dial.ts";
import { Docker } from "../doctor/docker.ts";
import {
  asJson,
  COLUMNS,
  explainForeignKsqlCluster,
  explainHealth,
  explainKsqlRefusal,
  explainKsqlSilence,
  explainRows,
  explainStatus,
  explainStuck,
  judgeRows,
  rowsIn,
} from "./ksqldb-diagnosis.ts";
import { readOutputs } from "./outputs.ts";
import { makeRecords } from "./records.ts";
import { ksqlDbCliCell, serviceCell } from "./report/cell.ts";
import { ServiceTrial } from "./service-trial.ts";
import type { ServiceUnderTest } from "./services.ts";
import { servicesUnderTest } from "./services.ts";
import { beginProof, endProof, failWithAll, finding } from "./steps.ts";

const PARTITIONS = 3;
const RECORDS = 40;
/** How long a statement may be queued, on a busy machine. */
const QUEUE_SECONDS = 30;
/** How long records may take to a query: its consumers must find to each other first. */
const QUERY_SECONDS = 60;
/** A JVM starts, on a busy machine. */
const CLI_SECONDS = 60;

/** From the first record of a topic on: for queries, and for statements. */
const EARLIEST = { "auto.offset.reset": "earliest" };
const EARLIEST_STREAMS = { "ksql.streams.auto.offset.reset": "earliest" };

const outputs = readOutputs();
const docker = new Docker(outputs.docker?.host);
const runId = randomBytes(4).toString("hex");
const services = servicesUnderTest(outputs, "ksqlDb");

for (const service of services) {
  const cell = serviceCell(
    service,
    `HTTP, HTTP/2, ${clientFor(service.vantage, outputs.kafka.version)}`,
  );
  describe(`ksqlDB at ${service.url} (${service.vantage})`, cell, () => {
    proveKsqlDb(service);
  });
}

function proveKsqlDb(service: ServiceUnderTest): void {
  const { vantage, url } = service;
  const topic = `kafka-platform-kit.smoke.ksqldb.${vantage}.${runId}`;
  const movedTopic = `${topic}.moved`;
  const stream = `SMOKE_${vantage.toUpperCase()}_${runId.toUpperCase()}`;
  const moved = `${stream}_MOVED`;
  const replicas = Math.min(3, outputs.kafka.brokers.length);
  const records = makeRecords(runId, RECORDS);
  const values = asJson(records);
  const made = { topic: false, stream: false, moved: false, group: false };

  const trial = new ServiceTrial({
    service,
    outputs,
    docker,
    runId,
    faults: {
      silence: (...about) => explainKsqlSilence(service, ...about),
      refusal: (refusal) => explainKsqlRefusal(service, refusal),
    },
  });

  let kafka: ListenerClient | undefined;
  let client: KsqlDbClient;
  const step = beginProof(async () => {
    kafka = await trial.kafka();
    client ??= new KsqlDbClient(url, await trial.dial());
  }, trial.remark);

  afterAll(() => trial.close());

  step("runs, and says in its body that it is healthy", async ({ annotate }) => {
    const info = await heard(() => client.info());
    const unready = explainStatus(service, info);
    if (unready !== undefined) throw await trial.fault(unready);
    const wanted = outputs.kafka.clusterId;
    if (wanted !== undefined && info.kafkaClusterId !== wanted) {
      throw await trial.fault(explainForeignKsqlCluster(service, info.kafkaClusterId, wanted));
    }
    await checkHealth();
    await annotate(`version ${info.version}, service id ${info.ksqlServiceId}`);
  });

  step("makes a stream of a topic", async ({ skip }) => {
    if (kafka === undefined) {
      skip(`not tried: no listener of Kafka is for clients on the ${vantage}`);
      return;
    }
    made.topic = true;
    await trial.tried(kafka.createTopic(topic, { partitions: PARTITIONS, replicas }));
    made.stream = true;
    await create(
      stream,
      `CREATE STREAM ${stream} (K STRING KEY, SEQUENCE INT, TEXT STRING) WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='JSON');`,
    );
  });

  step("shows records to a push query over HTTP/2, while they come", async ({ skip }) => {
    if (kafka === undefined || !made.stream) {
      skip("not tried: there is no stream");
      return;
    }
    await trial.tried(kafka.produceBinary(topic, binary(values.slice(0, RECORDS / 2))));
    const sql = `SELECT ${COLUMNS.join(", ")} FROM ${stream} EMIT CHANGES;`;
    const query = await heard(() => client.push(sql, EARLIEST));
    try {
      // It runs once it has shown what was there before: only what is written after that comes while it does.
      await heard(() => query.gather(RECORDS / 2, QUERY_SECONDS));
      await trial.tried(kafka.produceBinary(topic, binary(values.slice(RECORDS / 2))));
      await heard(() => query.gather(RECORDS, QUERY_SECONDS));
    } finally {
      query.close();
    }
    const findings = judgeRows(records, query.rows);
    if (findings.length > 0) throw await trial.fault(explainRows(stream, findings));
  });

  step("moves records to another topic by a persistent query", async ({ skip }) => {
    if (kafka === undefined || !made.stream) {
      skip("not tried: there is no stream");
      return;
    }
    const opened = kafka;
    made.moved = true;
    await create(
      moved,
      `CREATE STREAM ${moved} WITH (KAFKA_TOPIC='${movedTopic}', VALUE_FORMAT='JSON') AS SELECT * FROM ${stream} EMIT CHANGES;`,
    );
    await eventually(QUERY_SECONDS, `${RECORDS} records in topic "${movedTopic}"`, async () => {
      const count = await opened.recordCount(movedTopic);
      return count >= RECORDS ? undefined : `it has ${count}`;
    }).catch(async (error: unknown) => {
      throw await trial.fault(
        `ksqlDB: ${messageOf(error)}; its persistent query did not bring them`,
      );
    });
    const count = await trial.tried(opened.recordCount(movedTopic));
    await trial.tried(opened.awaitCoordinator(topic));
    made.group = true;
    const received = await trial.tried(opened.consume(movedTopic, topic, count));
    const findings = judgeRows(records, rowsIn(received));
    if (findings.length > 0) {
      const what = `ksqlDB: topic "${movedTopic}" is not what a persistent query was to make of topic "${topic}"`;
      throw await trial.fault([what, ...findings].join("\n  "));
    }
  });

  const cli = outputs.services.ksqlDb?.cli?.container;
  const { networkUrl } = outputs.services.ksqlDb ?? {};
  // Where it stands, there is one vantage only.
  if (cli !== undefined && networkUrl !== undefined && service === services[0]) {
    step(
      "is asked by the command line in its container",
      async ({ skip }) => {
        if (!made.stream) skip("not tried: there is no stream");
        // It says on its output what is wrong.
        const command = ["bash", "-c", '"$@" >&2', "--", "ksql", networkUrl, "--execute"];
        const ask = ["exec", cli, ...command, `DESCRIBE ${stream};`];
        const { stderr } = await docker.converse(ask, "", CLI_SECONDS).catch((error: unknown) => {
          throw finding(`ksqlDB's command line cannot ask ${networkUrl}: ${messageOf(error)}`);
        });
        const missing = [stream, ...COLUMNS.slice(1)].filter((name) => !stderr.includes(name));
        if (missing.length > 0) {
          throw finding(
            `ksqlDB's command line was asked for stream ${stream}, and says nothing of ${missing.join(", ")}:\n${stderr}`,
          );
        }
      },
      ksqlDbCliCell(networkUrl),
    );
  }

  endProof(
    () => made.topic,
    async () => {
      // A query that runs would make its topic anew.
      const streamsGone = made.stream ? removeStreams() : Promise.resolve();
      const groupGone = made.group ? kafka?.removeGroup(topic) : undefined;
      const topicsGone = Promise.allSettled([streamsGone, groupGone]).then(async () => {
        if (made.moved) await kafka?.removeTopic(movedTopic);
        await kafka?.removeTopic(topic);
      });
      await failWithAll([streamsGone, Promise.resolve(groupGone), topicsGone]);
    },
  );

  /** Makes a stream, and sees it there. */
  async function create(name: string, statement: string): Promise<void> {
    let said: string;
    try {
      const [entity] = await client.execute(statement, EARLIEST_STREAMS);
      const { status = "without a status", message = "" } = entity?.commandStatus ?? {};
      said = `the statement is ${status}: ${message}`;
    } catch (error) {
      const isSlow = error instanceof NoAnswer && error.kind === "silent";
      if (!isSlow) return heard(() => Promise.reject(error));
      // Else it is the brokers that are slow.
      await checkHealth();
      throw await trial.fault(explainStuck(statement, `no answer within ${error.detail}`));
    }
    await eventually(QUEUE_SECONDS, `stream ${name}`, async () =>
      (await client.streams()).includes(name) ? undefined : said,
    ).catch(async () => {
      await checkHealth();
      throw await trial.fault(explainStuck(statement, said));
    });
  }

  async function checkHealth(): Promise<void> {
    const illness = explainHealth(service, await heard(() => client.health()));
    if (illness !== undefined) throw await trial.fault(illness);
  }

  /** Queries first: a stream that is written to cannot be dropped in all versions. */
  async function removeStreams(): Promise<void> {
    const names = made.moved ? [moved, stream] : [stream];
    // Where no statement is done, a DROP that is not needed would only wait again.
    const there = await heard(() => client.streams());
    for (const name of names.filter((each) => there.includes(each))) {
      for (const id of await heard(() => client.queriesInto(name))) {
        await heard(() => client.execute(`TERMINATE ${id};`));
      }
      await heard(() => client.execute(`DROP STREAM IF EXISTS ${name};`));
    }
    const goal = `the streams ${names.join(" and ")} to be gone`;
    await eventually(QUEUE_SECONDS, goal, async () => {
      const left = (await client.streams()).filter((name) => names.includes(name));
      return left.length === 0 ? undefined : `there is still ${left.join(" and ")}`;
    }).catch(async (error: unknown) => {
      throw await trial.fault(`ksqlDB: ${messageOf(error)}`);
    });
  }

  function heard<T>(ask: () => Promise<T>): Promise<T> {
    return trial.heard(client.address, ask);
  }
}

/** The bytes of the values: the record's text is in JSON. */
function binary(records: ReturnType<typeof asJson>) {
  return records.map((record) => ({ ...record, value: Buffer.from(record.value) }));
}
