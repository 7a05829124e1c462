/** Every listener of the platform, tried from where its clients stand. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { afterAll, describe } from "vitest";
import type { ListenerClient } from "./clients/listener-client.ts";
import { clientFor, logOf, openClient } from "./clients/listener-client.ts";
import { messageOf } from "../doctor/deadline.ts";
import type { ClusterIdSighting, ListenerUnderTest } from "./diagnosis.ts";
import {
  explainClientError,
  explainClusterIds,
  explainMetadata,
  explainStranger,
  listenerUnderTest,
  ownHostCaveat,
} from "./diagnosis.ts";
import { Docker } from "../doctor/docker.ts";
import { readOutputs } from "./outputs.ts";
import { Questions } from "./questions.ts";
import { judge, makeRecords } from "./records.ts";
import { inCell } from "./report/cell.ts";
import { beginProof, endProof, failWithAll, finding } from "./steps.ts";

const PARTITIONS = 3;

const outputs = readOutputs();
const docker = new Docker(outputs.docker?.host);
const runId = randomBytes(4).toString("hex");
const listeners = Object.keys(outputs.kafka.listeners).map((name) =>
  listenerUnderTest(outputs, name),
);
if (listeners.length === 0) {
  throw new Error(
    `environment "${outputs.environment}" has no listener; without one nobody can use its Kafka`,
  );
}

/** Where the outputs name no cluster id, all brokers must name the same, through every listener. */
const clusterIds: ClusterIdSighting[] = [];

const [firstBroker] = outputs.kafka.brokers;
const onOwnHost =
  docker.isLocal &&
  firstBroker !== undefined &&
  (await docker.stateOf(firstBroker.container)) !== undefined;

for (const listener of listeners) {
  const { name, vantage } = listener;
  const cell = inCell({
    target: "kafka",
    vantage,
    listener: name,
    address: outputs.kafka.listeners[name]?.bootstrapServers ?? "",
    client: clientFor(vantage, outputs.kafka.version),
  });
  describe(`listener "${name}" (${vantage})`, cell, () => {
    proveListener(listener);
  });
}

function proveListener(listener: ListenerUnderTest): void {
  const { name, vantage, brokers } = listener;
  const others = listeners.filter((other) => other !== listener);
  const caveat = vantage === "external" && onOwnHost ? ownHostCaveat(name) : undefined;
  const remark = caveat === undefined ? "" : " (tried from its own host only)";
  const label = `kafka-platform-kit.smoke.${name.replace(/[^A-Za-z0-9_-]/g, "-")}.${runId}`;
  const records = makeRecords(runId);
  const made = { topic: false, group: false };

  let client: ListenerClient;
  let questions: Questions;
  let opening: Promise<ListenerClient> | undefined;
  const step = beginProof(async () => {
    opening ??= openClient(listener, outputs, docker, runId);
    client = await opening.catch((error: unknown) => {
      throw finding(`listener "${name}": nobody can be put there: ${messageOf(error)}`);
    });
    questions = new Questions(listener, client.dial, docker);
  }, remark);

  afterAll(async () => {
    const opened = await opening?.catch(() => undefined);
    await opened?.close();
  });

  step("answers at its bootstrap addresses", async ({ annotate }) => {
    if (caveat !== undefined) await annotate(caveat, "warning");
    await failWithAll(brokers.map((broker) => questions.metadataThrough(broker)));
  });

  step("sends clients on to the addresses that the outputs say", async () => {
    await failWithAll(
      brokers.map(async (broker) => {
        const metadata = await questions.metadataThrough(broker);
        const findings = explainMetadata(
          listener,
          broker,
          metadata,
          await questions.settingsOf(broker).catch(() => undefined),
          others,
        );
        if (listener.clusterId === undefined) {
          const { address } = broker;
          clusterIds.push({ listener: name, address, clusterId: metadata.clusterId });
        }
        if (findings.length > 0) throw finding(...findings);
      }),
    );
    const discord = explainClusterIds(clusterIds);
    if (discord !== undefined) throw finding(discord);
  });

  step("finds each broker behind its advertised address", async () => {
    const [through] = brokers;
    if (through === undefined) return;
    const { brokers: advertised } = await questions.metadataThrough(through);
    await failWithAll(
      brokers.map(async (broker) => {
        // Where clients are sent, not where the outputs say that they are.
        const address = advertised.find(({ id }) => id === broker.id)?.address ?? broker.address;
        const { otherId } = await questions.settingsOf({ ...broker, address });
        if (otherId !== undefined) throw finding(explainStranger(listener, broker, otherId));
      }),
    );
  });

  step(`carries ${records.length} records there and back`, async () => {
    try {
      made.topic = true;
      await client.createTopic(label, PARTITIONS, Math.min(3, brokers.length));
      await client.produce(label, records);
      const count = await client.recordCount(label);
      await client.awaitCoordinator(label);
      made.group = true;
      const received = count === 0 ? [] : await client.consume(label, label, count);
      const findings = judge(records, received, PARTITIONS);
      if (findings.length > 0) {
        throw finding(["records did not come out as they went in", ...findings].join("\n  "));
      }
    } catch (error) {
      const words = await Promise.all(brokers.map((broker) => docker.lastWords(broker.container)));
      throw finding(explainClientError(listener, messageOf(error)) + logOf(client), ...words);
    }
  });

  endProof(
    () => made.topic,
    async () => {
      // One after the other: kafkajs' admin asks about its topics in every request, the group's too, and a
      // topic that is just going makes it fail.
      const groupGone = made.group ? client.removeGroup(label) : Promise.resolve();
      await failWithAll([
        groupGone,
        groupGone.catch(() => {}).then(() => client.removeTopic(label)),
      ]);
    },
  );
}
