/** Every listener of the platform, tried from where its clients stand. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { afterAll, describe } from "vitest";
import type { ListenerClient } from "./clients/listener-client.ts";
import { clientFor, logOf, openClient } from "./clients/listener-client.ts";
import { eventually, messageOf } from "../doctor/deadline.ts";
import type { ClusterIdSighting, ExpectedBroker, ListenerUnderTest } from "./diagnosis.ts";
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
import { judge, keysFor, makeRecords, type SmokeRecord } from "./records.ts";
import {
  brokersInWords,
  explainFewReplicas,
  explainIdleBrokers,
  explainMinInSync,
  explainReplicas,
  promisedBy,
  replicasOn,
  spread,
} from "./replication.ts";
import { inCell } from "./report/cell.ts";
import { beginProof, endProof, failWithAll, finding } from "./steps.ts";

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
  const ids = brokers.map(({ id }) => id);
  const assignment = spread(ids);
  const keys = keysFor(assignment.length);
  const records = makeRecords(runId, Math.max(100, keys), keys);
  const isCluster = brokers.length > 1;
  const made = { topic: false, group: false, defaults: false };

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

  const way = isCluster
    ? `, led by ${brokersInWords(ids)}, from clients that know one of them`
    : "";
  step(`carries ${records.length} records there and back${way}`, async () => {
    await tried(async () => {
      made.topic = true;
      await client.createTopic(label, { assignment });
      // One after the other: their records are judged by their order.
      for (const [broker, share] of shares(brokers, records)) {
        await client.produce(label, share, broker).catch((error: unknown) => {
          const alone = isCluster ? `with ${broker.address} as its only bootstrap server: ` : "";
          throw finding(`${alone}${messageOf(error)}`);
        });
      }
      const count = await client.recordCount(label);
      await client.awaitCoordinator(label);
      made.group = true;
      const received = count === 0 ? [] : await client.consume(label, label, count);
      const findings = [
        ...judge(records, received, assignment.length),
        ...explainIdleBrokers(brokers, assignment, await client.partitions([label]), received),
      ];
      if (findings.length > 0) {
        throw finding(["records did not come out as they went in", ...findings].join("\n  "));
      }
    });
  });

  if (isCluster) {
    step(`keeps them on ${replicasOn(ids.length)} brokers, all in sync`, async () => {
      await eventually(20, "every replica to be in sync", async () => {
        const missing = explainReplicas(await client.partitions([label]), brokers);
        return missing.length === 0 ? undefined : missing.join("\n  ");
      }).catch((error: unknown) => {
        throw finding(`listener "${name}": ${messageOf(error)}`);
      });
    });
  }

  // What others deployed has promised nothing. It is the cluster's, not the listener's: so once.
  if (isCluster && outputs.docker !== undefined && listener === listeners[0]) {
    const promised = promisedBy(outputs.kafka);
    const { replicas, offsetsReplicas } = promised;
    const topics = replicas === offsetsReplicas ? "" : `${replicas} and `;
    step(
      `gives new topics and the groups' positions ${topics}${offsetsReplicas} replicas`,
      async () => {
        const topic = `${label}.default`;
        const [own, offsets, minInSync] = await tried(async () => {
          made.defaults = true;
          await client.createTopic(topic, { partitions: 1 });
          return [
            await client.partitions([topic]),
            await client.partitions(["__consumer_offsets"]),
            await client.topicSetting(topic, "min.insync.replicas"),
          ] as const;
        });
        const { metadata } = outputs.kafka;
        const findings = [
          explainFewReplicas("topic", own, replicas, metadata),
          explainMinInSync(minInSync, promised.minInSync, metadata),
          explainFewReplicas("offsets", offsets, offsetsReplicas, metadata),
        ].filter((each) => each !== undefined);
        if (findings.length > 0) throw finding(...findings);
      },
    );
  }

  /** What goes wrong with the client is explained, with the last words of the brokers. */
  async function tried<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const words = await Promise.all(brokers.map((broker) => docker.lastWords(broker.container)));
      throw finding(explainClientError(listener, messageOf(error)) + logOf(client), ...words);
    }
  }

  endProof(
    () => made.topic,
    async () => {
      // One after the other: kafkajs' admin asks about its topics in every request, the group's too, and a
      // topic that is just going makes it fail.
      const groupGone = made.group ? client.removeGroup(label) : Promise.resolve();
      const topicGone = groupGone.catch(() => {}).then(() => client.removeTopic(label));
      const defaultsGone = topicGone
        .catch(() => {})
        .then(() => (made.defaults ? client.removeTopic(`${label}.default`) : undefined));
      await failWithAll([groupGone, topicGone, defaultsGone]);
    },
  );
}

/** The records in order, as many for each broker. */
function shares(
  brokers: readonly ExpectedBroker[],
  records: readonly SmokeRecord[],
): [ExpectedBroker, readonly SmokeRecord[]][] {
  const size = Math.ceil(records.length / brokers.length);
  return brokers.map((broker, i) => [broker, records.slice(i * size, (i + 1) * size)]);
}
