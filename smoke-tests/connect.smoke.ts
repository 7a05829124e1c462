/** Kafka Connect, tried from where its clients stand: a connector mirrors a topic of the cluster for real. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { afterAll, describe } from "vitest";
import { ConnectClient } from "./clients/connect-client.ts";
import type { ListenerClient } from "./clients/listener-client.ts";
import { clientFor } from "./clients/listener-client.ts";
import {
  explainConnectRefusal,
  explainConnectSilence,
  explainFailure,
  explainForeignCluster,
  explainMissingPlugin,
  explainReach,
  obstacleOf,
  workerBootstrap,
} from "./connect-diagnosis.ts";
import { eventually, messageOf } from "../doctor/deadline.ts";
import { Docker } from "../doctor/docker.ts";
import { readOutputs } from "./outputs.ts";
import { judge, makeRecords } from "./records.ts";
import { serviceCell } from "./report/cell.ts";
import { ServiceTrial } from "./service-trial.ts";
import type { ServiceUnderTest } from "./services.ts";
import { servicesUnderTest } from "./services.ts";
import { beginProof, endProof, failWithAll } from "./steps.ts";

const PARTITIONS = 3;
/** How long a connector may take until it and its task run: two rebalances of the workers. */
const START_SECONDS = 60;
/** How long records may take from one topic to the other. */
const MOVE_SECONDS = 60;
/** How long it may take after a removal until every worker knows. */
const REMOVE_SECONDS = 60;

const MIRROR = "org.apache.kafka.connect.mirror.MirrorSourceConnector";
const BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter";
/** The cluster's name as the source of mirrored topics, which theirs begin with. */
const ALIAS = "kafka-platform-kit-smoke";

const outputs = readOutputs();
const docker = new Docker(outputs.docker?.host);
const runId = randomBytes(4).toString("hex");

for (const service of servicesUnderTest(outputs, "connect")) {
  const cell = serviceCell(service, `HTTP, ${clientFor(service.vantage, outputs.kafka.version)}`);
  describe(`Connect at ${service.url} (${service.vantage})`, cell, () => {
    proveConnect(service);
  });
}

function proveConnect(service: ServiceUnderTest): void {
  const { vantage, url, container } = service;
  const topic = `kafka-platform-kit.smoke.connect.${vantage}.${runId}`;
  const mirrored = `${ALIAS}.${topic}`;
  const connector = topic;
  // The topic of the mirror's own notes is named after its target: one that nobody else has.
  const target = `${ALIAS}-${vantage}-${runId}`;
  const group = topic;
  const bootstrapServers = workerBootstrap(outputs);
  const replicas = Math.min(3, outputs.kafka.brokers.length);
  const made = { topic: false, connector: false, group: false };

  const trial = new ServiceTrial({
    service,
    outputs,
    docker,
    runId,
    faults: {
      silence: (...about) => explainConnectSilence(service, ...about),
      refusal: (refusal) => explainConnectRefusal(service, refusal),
    },
  });

  let kafka: ListenerClient | undefined;
  let client: ConnectClient;
  let lacksMirror: string | undefined;
  const step = beginProof(async () => {
    kafka = await trial.kafka();
    client ??= new ConnectClient(url, await trial.dial());
  }, trial.remark);

  afterAll(() => trial.close());

  step("answers, as a worker of this cluster", async ({ annotate }) => {
    const { version, kafka_cluster_id: clusterId } = await heard(() => client.worker());
    const wanted = outputs.kafka.clusterId;
    if (wanted !== undefined && clusterId !== wanted) {
      throw await trial.fault(explainForeignCluster(service, clusterId, wanted));
    }
    const connectors = await heard(() => client.connectors());
    await annotate(
      `version ${version}, ${connectors.length === 0 ? "no connectors" : `connectors ${connectors.join(", ")}`}`,
    );
  });

  step("has the plugins that come with Kafka", async ({ annotate }) => {
    const plugins = (await heard(() => client.plugins())).map((plugin) => plugin.class);
    await annotate(plugins.join(", "));
    if (plugins.includes(MIRROR)) return;
    lacksMirror = explainMissingPlugin(service, MIRROR, plugins);
    // Somebody else's platform may do without it.
    if (container !== undefined) throw await trial.fault(lacksMirror);
  });

  step("runs a connector and its task", async ({ skip }) => {
    if (lacksMirror !== undefined) skip(`not tried: ${lacksMirror}`);
    if (kafka === undefined) {
      skip(`not tried: no listener of Kafka is for clients on the ${vantage}`);
      return;
    }
    made.topic = true;
    await trial.tried(kafka.createTopic(topic, { partitions: PARTITIONS, replicas }));
    made.connector = true;
    await heard(() => client.configure(connector, configuration()));
    await running();
  });

  const records = makeRecords(runId);
  step(`moves ${records.length} records from topic to topic`, async ({ skip }) => {
    if (kafka === undefined || !made.connector) {
      skip("not tried: there is no connector");
      return;
    }
    const opened = kafka;
    await trial.tried(opened.produce(topic, records));
    await eventually(MOVE_SECONDS, `${records.length} records in topic "${mirrored}"`, async () => {
      const count = await opened.recordCount(mirrored);
      return count >= records.length ? undefined : `it has ${count}`;
    }).catch(async (error: unknown) => {
      throw await trial.fault(`Connect: ${messageOf(error)}${await failure("\n")}`);
    });
    const count = await trial.tried(opened.recordCount(mirrored));
    await trial.tried(opened.awaitCoordinator(group));
    made.group = true;
    const received = await trial.tried(opened.consume(mirrored, group, count));
    const findings = judge(records, received, PARTITIONS);
    if (findings.length > 0) {
      const what = `Connect: topic "${mirrored}" is not what the connector was to make of topic "${topic}"`;
      throw await trial.fault([what, ...findings].join("\n  "));
    }
    await running();
  });

  step("removes the connector", async ({ skip }) => {
    if (!made.connector) skip("not tried: there is no connector");
    const status = await heard(() => client.remove(connector));
    if (status !== 204) {
      throw await trial.fault(
        `Connect: DELETE of connector "${connector}" is answered with HTTP ${status}, not 204`,
      );
    }
    await gone();
    made.connector = false;
  });

  endProof(
    () => made.topic,
    async () => {
      // A connector that is left would make its topics anew.
      const connectorGone = made.connector ? removeConnector() : Promise.resolve();
      const groupGone = made.group ? kafka?.removeGroup(group) : undefined;
      const topicsGone = Promise.allSettled([connectorGone, groupGone]).then(async () => {
        // The last one only where the version copies it all the same.
        const leftovers = [`mm2-offset-syncs.${target}.internal`, `${ALIAS}.heartbeats`];
        for (const each of [topic, mirrored, ...leftovers]) await kafka?.removeTopic(each);
      });
      await failWithAll([connectorGone, Promise.resolve(groupGone), topicsGone]);
    },
  );

  function configuration(): Readonly<Record<string, string>> {
    return {
      "connector.class": MIRROR,
      "tasks.max": "1",
      "source.cluster.alias": ALIAS,
      "target.cluster.alias": target,
      "source.cluster.bootstrap.servers": bootstrapServers,
      "target.cluster.bootstrap.servers": bootstrapServers,
      // A regular expression.
      topics: topic.replaceAll(".", "\\."),
      "key.converter": BYTES,
      "value.converter": BYTES,
      "header.converter": BYTES,
      "replication.factor": String(replicas),
      "offset-syncs.topic.replication.factor": String(replicas),
      "refresh.topics.enabled": "false",
      "sync.topic.configs.enabled": "false",
      "sync.topic.acls.enabled": "false",
      // Not known to all versions, which then pass over it.
      "heartbeats.replication.enabled": "false",
      "consumer.allow.auto.create.topics": "false",
    };
  }

  /** Waits until connector and task run; what has failed is told at once. */
  async function running(): Promise<void> {
    let failed: string | undefined;
    await eventually(START_SECONDS, `connector "${connector}" and its task to run`, async () => {
      const status = await client.status(connector);
      failed = explainFailure(service, connector, status, bootstrapServers);
      return failed === undefined ? obstacleOf(status) : undefined;
    }).catch(async (error: unknown) => {
      const reach = explainReach(service, bootstrapServers);
      throw await trial.fault(`Connect: ${messageOf(error)}; ${reach}`);
    });
    if (failed !== undefined) throw await trial.fault(failed);
  }

  /** What has failed of the connector, after `before`; empty when nothing has. */
  async function failure(before: string): Promise<string> {
    const status = await client.status(connector).catch(() => undefined);
    const failed = explainFailure(service, connector, status, bootstrapServers);
    return failed === undefined ? "" : `${before}${failed}`;
  }

  async function removeConnector(): Promise<void> {
    await heard(() => client.remove(connector));
    await gone();
  }

  /** Its status goes once the workers have stopped its task. */
  async function gone(): Promise<void> {
    await eventually(REMOVE_SECONDS, `connector "${connector}" to be gone`, async () => {
      if (await client.has(connector)) return "it is still there";
      const status = await client.status(connector);
      return status === undefined ? undefined : `it is removed, but ${status.connector.state}`;
    }).catch(async (error: unknown) => {
      throw await trial.fault(`Connect: ${messageOf(error)}`);
    });
  }

  function heard<T>(ask: () => Promise<T>): Promise<T> {
    return trial.heard(client.address, ask);
  }
}
