/** One broker is lost while a client writes: no record is lost that was acknowledged. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { describe } from "vitest";
import type { ListenerClient } from "./clients/listener-client.ts";
import { clientFor, logOf, openClient } from "./clients/listener-client.ts";
import { VerifiableProducer, type Acknowledged } from "./clients/verifiable-producer.ts";
import {
  busiestLeader,
  explainAbsence,
  explainRisk,
  explainStandstill,
  judgeLoss,
  layOut,
} from "./broker-loss.ts";
import { parseAddress } from "../doctor/address.ts";
import { eventually, messageOf } from "../doctor/deadline.ts";
import { Docker } from "../doctor/docker.ts";
import { askMetadata, type PartitionState } from "../doctor/metadata.ts";
import {
  explainClientError,
  listenerUnderTest,
  type ExpectedBroker,
  type ListenerUnderTest,
} from "./diagnosis.ts";
import { mayRestart, readOutputs, RESTARTS_VARIABLE } from "./outputs.ts";
import { minInSync, replicasOn } from "./replication.ts";
import { brokerLossCell, inCell } from "./report/cell.ts";
import { beginProof, endProof, failWithAll, finding } from "./steps.ts";
import { listenerBeside } from "./services.ts";

/** How many records are acknowledged before the broker goes, and how many after it. */
const BEFORE = 300;
const AFTER = 500;
/** How many of those after it each partition has at the least: so the lost leader's have a new one. */
const AFTER_EACH = 50;

const outputs = readOutputs();
const docker = new Docker(outputs.docker?.host);
const runId = randomBytes(4).toString("hex");
const cell = brokerLossCell(outputs);

/** Why no broker is lost here; undefined where one may be. */
const objection =
  outputs.smoke?.brokerLoss !== true
    ? "not asked for by the environment"
    : mayRestart()
      ? undefined
      : `${RESTARTS_VARIABLE} is no`;

for (const place of cell === undefined ? [] : [cell]) {
  const reader = readingListener();
  const reads = clientFor(reader.vantage, outputs.kafka.version).replace(/^.*, /, "");
  const tried = inCell({ ...place, client: `kafka-verifiable-producer, ${reads}` });
  describe("the loss of a broker", tried, () => {
    if (objection === undefined) proveLoss(reader);
    else proveNothing(objection);
  });
}

function proveNothing(why: string): void {
  const step = beginProof(async () => {});
  step("loses no record", async ({ skip }) => skip(`not tried: ${why}`));
}

/** Another one than the writer's, if there is one. */
function readingListener(): ListenerUnderTest {
  const name = listenerBeside(outputs, "host") ?? listenerBeside(outputs, "network");
  return listenerUnderTest(outputs, name ?? "");
}

function proveLoss(reader: ListenerUnderTest): void {
  const { brokers } = reader;
  const topic = `kafka-platform-kit.smoke.broker-loss.${runId}`;
  const group = topic;
  const replicas = replicasOn(brokers.length);
  const inSyncAtLeast = minInSync(replicas);
  const made = { topic: false, group: false, writer: undefined as string | undefined };
  let before: readonly PartitionState[] = [];
  let acknowledged: readonly Acknowledged[] = [];
  /** Until it is back. */
  let lost: ExpectedBroker | undefined;

  const step = beginProof(async () => {});

  step("takes records on while the broker is down", async ({ annotate, signal }) => {
    const name = listenerBeside(outputs, "network");
    if (name === undefined) {
      throw finding(
        "the environment asks for the loss of a broker, but has no listener for containers, which the writer needs; give it one, or do not ask",
      );
    }
    const { bootstrapServers } = outputs.kafka.listeners[name] ?? { bootstrapServers: "" };
    made.topic = true;
    await withClient(async (client) => {
      await client.createTopic(topic, {
        assignment: layOut(brokers),
        settings: { "min.insync.replicas": String(inSyncAtLeast) },
      });
      await eventually(30, "all replicas to be in sync", async () => {
        before = await client.partitions();
        return explainRisk(before);
      });
    });
    made.writer = `${outputs.environment}-smoke-writer-${runId}`;
    const container = await docker.startBeside(brokers[0]?.container ?? "", outputs, made.writer);
    const writer = await VerifiableProducer.start(docker, container, {
      ...{ bootstrapServers, topic, acks: "-1" },
    });
    try {
      const enough = `${BEFORE} acknowledged records`;
      await writer.until(60, enough, ({ length }) => length >= BEFORE, signal);
      const states = await withClient((client) => client.partitions([topic]));
      const victim = brokers.find(({ id }) => id === busiestLeader(states, writer.acknowledged));
      if (victim?.container === undefined) throw new Error(`topic "${topic}" has no leader`);
      // Where the time for this step is up, its end has been, and nobody would start the broker again.
      signal.throwIfAborted();
      lost = victim;
      await docker.run(["kill", victim.container]);
      const count = writer.acknowledged.length;
      await writer
        .until(
          60,
          `${AFTER} records that are acknowledged without broker ${victim.id}`,
          (all) => {
            const since = all.slice(count);
            const inEach = states.map(
              ({ partition }) => since.filter((record) => record.partition === partition).length,
            );
            return since.length >= AFTER && Math.min(...inEach) >= AFTER_EACH;
          },
          signal,
        )
        .catch(async (error: unknown) => {
          const now = await withClient((client) => client.partitions([topic]));
          throw finding(messageOf(error), ...explainStandstill(victim, now, inSyncAtLeast));
        });
      await writer.stop();
      acknowledged = [...writer.acknowledged];
      if (writer.refused.length > 0) {
        throw finding(
          `records were refused, though their writer had time to wait for another leader: ${writer.refused.join("; ")}`,
        );
      }
      await annotate(
        `broker ${victim.id} was killed: ${count} records were acknowledged before, ${acknowledged.length - count} after it, and none for ${writer.standstill.toFixed(1)} s`,
      );
    } catch (error) {
      throw finding(
        `listener "${name}": ${messageOf(error)}`,
        ["kafka-verifiable-producer's own log ends:", ...writer.log].join("\n  "),
        ...(await lastWords()),
      );
    } finally {
      writer.kill();
    }
  });

  step(
    `holds each acknowledged record, read through listener "${reader.name}"`,
    async ({ annotate }) => {
      const received = await withClient(async (client) => {
        const count = await client.recordCount(topic);
        await client.awaitCoordinator(group);
        made.group = true;
        return client.consume(topic, group, count);
      });
      const findings = judgeLoss(acknowledged, received);
      if (findings.length > 0) throw finding(...findings, ...(await lastWords()));
      if ((await docker.stateOf(lost?.container)) === "running") {
        throw finding(
          `broker ${lost?.id} had come back by itself, so that this shows nothing; see what starts container "${lost?.container}"`,
        );
      }
      await annotate(`${received.length} records were read, broker ${lost?.id} still down`);
    },
  );

  step("takes the broker back: it is in sync again wherever it was", bringBack);

  endProof(
    () => made.topic,
    async () => {
      const back = bringBack();
      await failWithAll([
        back,
        made.writer === undefined ? Promise.resolve() : docker.remove(made.writer),
        back
          .catch(() => {})
          .then(() =>
            withClient(async (client) => {
              if (made.group) await client.removeGroup(group);
              await client.removeTopic(topic);
            }),
          ),
      ]);
    },
  );

  /** Starts the lost broker again, if there is one, and waits until it has all that it missed. */
  async function bringBack(): Promise<void> {
    const broker = lost;
    if (broker?.container === undefined) return;
    // Whoever presses Ctrl-C a second time must not keep it down.
    await docker.run(["start", broker.container], { seconds: 60, detached: true });
    await eventually(90, `broker ${broker.id} to be in sync again`, async () =>
      withClient(async (client) => {
        // First itself: that it is gone may not be known yet.
        await askMetadata(client.dial, parseAddress(broker.address));
        return explainAbsence(broker.id, before, await client.partitions());
      }),
    ).catch(async (error: unknown) => {
      throw finding(messageOf(error), await docker.lastWords(broker.container));
    });
    lost = undefined;
  }

  /** A client of its own for each piece of work: none remembers who was there before. */
  async function withClient<T>(work: (client: ListenerClient) => Promise<T>): Promise<T> {
    const client = await openClient(reader, outputs, docker, randomBytes(4).toString("hex"));
    try {
      return await work(client);
    } catch (error) {
      throw finding(explainClientError(reader, messageOf(error)) + logOf(client));
    } finally {
      await client.close();
    }
  }

  async function lastWords(): Promise<string[]> {
    const others = brokers.filter(({ id }) => id !== lost?.id);
    return Promise.all(others.map(({ container }) => docker.lastWords(container)));
  }
}
