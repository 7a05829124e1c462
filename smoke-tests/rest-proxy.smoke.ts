/** REST Proxy, tried from where its clients stand: records go in and out through it, and through Kafka's own clients. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { afterAll, describe } from "vitest";
import type { ListenerClient } from "./clients/listener-client.ts";
import { clientFor } from "./clients/listener-client.ts";
import type { FetchedRecord } from "./clients/rest-proxy-client.ts";
import { NotProduced, RestProxyClient, subscriptionAt } from "./clients/rest-proxy-client.ts";
import { messageOf } from "../doctor/deadline.ts";
import { NoAnswer } from "../doctor/dial.ts";
import { Docker } from "../doctor/docker.ts";
import { readOutputs } from "./outputs.ts";
import type { ReceivedRecord, SmokeRecord } from "./records.ts";
import { judge, makeRecords } from "./records.ts";
import {
  explainBaseUri,
  explainHanging,
  explainMissing,
  explainNotProduced,
  explainProxyRefusal,
  explainProxySilence,
  explainStrayBaseUri,
} from "./rest-proxy-diagnosis.ts";
import { serviceCell } from "./report/cell.ts";
import { ServiceTrial } from "./service-trial.ts";
import type { ServiceUnderTest } from "./services.ts";
import { servicesUnderTest } from "./services.ts";
import { beginProof, endProof, failWithAll, finding } from "./steps.ts";

const RECORDS = 20;
/** How long fetches may go on without what was written: the first ones are empty until the group is formed. */
const FETCH_SECONDS = 40;

const outputs = readOutputs();
const docker = new Docker(outputs.docker?.host);
const runId = randomBytes(4).toString("hex");

for (const service of servicesUnderTest(outputs, "restProxy")) {
  const cell = serviceCell(service, `HTTP, ${clientFor(service.vantage, outputs.kafka.version)}`);
  describe(`REST Proxy at ${service.url} (${service.vantage})`, cell, () => {
    proveProxy(service);
  });
}

function proveProxy(service: ServiceUnderTest): void {
  const { vantage, url } = service;
  const topic = `kafka-platform-kit.smoke.rest-proxy.${vantage}.${runId}`;
  const consumer = { group: topic, name: "smoke" };
  const ownGroup = `${topic}.kafka`;
  const replicas = Math.min(3, outputs.kafka.brokers.length);
  const made = { topic: false, consumer: false, ownGroup: false };
  const written: SmokeRecord[] = asJson(makeRecords(`${runId}-in`, RECORDS));

  const trial = new ServiceTrial({
    service,
    outputs,
    docker,
    runId,
    faults: {
      silence: (...about) => explainProxySilence(service, ...about),
      refusal: (refusal) => explainProxyRefusal(service, refusal),
    },
  });

  let kafka: ListenerClient | undefined;
  let client: RestProxyClient;
  let baseUri: string;
  const step = beginProof(async () => {
    kafka = await trial.kafka();
    client ??= new RestProxyClient(url, await trial.dial());
  }, trial.remark);

  afterAll(() => trial.close());

  step("answers, and reaches the brokers", async () => {
    await heard(() => client.topics());
  });

  step(`takes ${RECORDS} JSON records`, async () => {
    made.topic = true;
    await (kafka === undefined
      ? heard(() => client.createTopic(topic, 1, replicas))
      : trial.tried(kafka.createTopic(topic, { partitions: 1, replicas })));
    const records = written.map(({ key, value }) => ({
      key: JSON.parse(key) as unknown,
      value: JSON.parse(value) as unknown,
    }));
    const places = await heard(() => client.produce(topic, records));
    const wanted = records.map((_, offset) => ({ partition: 0, offset }));
    if (!isDeepStrictEqual(places, wanted)) {
      throw await trial.fault(
        `REST Proxy: ${records.length} records of a new topic were written to ${places.map(({ partition, offset }) => `${partition}:${offset}`).join(", ")}, not to offsets 0 to ${records.length - 1} of partition 0`,
      );
    }
  });

  step("makes a consumer", async () => {
    // What is without a coordinator would hang, and all consumers of the proxy with it.
    if (kafka !== undefined) await trial.tried(kafka.awaitCoordinator(consumer.group));
    made.consumer = true;
    baseUri = await ofConsumer(() => client.createConsumer(consumer));
  });

  step("subscribes the consumer to a topic", async () => {
    await ofConsumer(() => client.subscribe(consumer, topic));
    const topics = await ofConsumer(() => client.subscription(consumer));
    if (!isDeepStrictEqual(topics, [topic])) {
      throw await trial.fault(
        `REST Proxy: a consumer that was subscribed to "${topic}" says that it is subscribed to "${topics.join(", ")}"`,
      );
    }
  });

  step("gives the consumer an address that its clients can follow", async ({ annotate }) => {
    await annotate(`base_uri ${baseUri}`);
    const stray = explainStrayBaseUri(service, baseUri);
    if (stray !== undefined) throw await trial.fault(stray);
    try {
      const topics = await subscriptionAt(baseUri, await trial.dial());
      if (isDeepStrictEqual(topics, [topic])) return;
      throw new Error(`a consumer there is subscribed to "${topics.join(", ")}"`);
    } catch (error) {
      throw await trial.fault(explainBaseUri(service, baseUri, error));
    }
  });

  step("gives the records to the consumer", async () => {
    judged("records that went in through REST Proxy", written, await fetched(written.length));
  });

  step(`carries ${RECORDS} records between Kafka's own clients and its own`, async ({ skip }) => {
    if (kafka === undefined) {
      skip(`not tried: no listener of Kafka is for clients on the ${vantage}`);
      return;
    }
    made.ownGroup = true;
    const there = await trial.tried(kafka.consume(topic, ownGroup, written.length));
    judged("records that REST Proxy wrote, read by a client of Kafka,", written, there);
    const others = asJson(makeRecords(`${runId}-out`, RECORDS));
    // The API's second version does not carry headers; the console tools can't do without.
    const headers = { "smoke-remark": "not for REST Proxy" };
    await trial.tried(
      kafka.produce(
        topic,
        others.map((record) => ({ ...record, headers })),
      ),
    );
    judged(
      "records that a client of Kafka wrote, read through REST Proxy,",
      others,
      await fetched(others.length),
    );
  });

  step("lets the consumer go", async () => {
    await ofConsumer(() => client.removeConsumer(consumer));
    const left = await client.subscription(consumer).then(
      () => "still answers",
      (error: unknown) =>
        (error as { errorCode?: number }).errorCode === 40403 ? "" : messageOf(error),
    );
    if (left !== "") {
      throw await trial.fault(`REST Proxy: a consumer that was deleted is not gone: ${left}`);
    }
    made.consumer = false;
  });

  // A consumer that is left holds up the proxy.
  endProof(
    () => made.topic,
    async () => {
      const consumerGone = made.consumer
        ? ofConsumer(() => client.removeConsumer(consumer))
        : undefined;
      const groupsGone = Promise.resolve(consumerGone)
        .catch(() => {})
        .then(() =>
          failWithAll([
            Promise.resolve(kafka?.removeGroup(consumer.group)),
            Promise.resolve(made.ownGroup ? kafka?.removeGroup(ownGroup) : undefined),
          ]),
        );
      const topicGone = groupsGone
        .catch(() => {})
        .then(() =>
          kafka === undefined ? heard(() => client.removeTopic(topic)) : kafka.removeTopic(topic),
        );
      await failWithAll([Promise.resolve(consumerGone), groupsGone, topicGone]);
    },
  );

  /** Fetches until so many records have come; the first fetches may well be empty. */
  async function fetched(count: number): Promise<ReceivedRecord[]> {
    const records: FetchedRecord[] = [];
    const end = Date.now() + FETCH_SECONDS * 1000;
    while (records.length < count) {
      if (Date.now() > end) {
        const found = records.length;
        throw await trial.fault(explainMissing(service, topic, FETCH_SECONDS, found, count));
      }
      records.push(...(await ofConsumer(() => client.fetch(consumer))));
    }
    return records.map(({ partition, offset, key, value }) => ({
      ...{ partition, offset, headers: {} },
      key: JSON.stringify(key),
      value: JSON.stringify(value),
    }));
  }

  function heard<T>(ask: () => Promise<T>): Promise<T> {
    return trial.heard(client.address, async () => {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof NotProduced) {
          throw new Error(explainNotProduced(service, error), { cause: error });
        }
        throw error;
      }
    });
  }

  /** A question about the consumer, which is not answered while any consumer waits for its group. */
  function ofConsumer<T>(ask: () => Promise<T>): Promise<T> {
    return heard(async () => {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof NoAnswer && error.kind === "silent") {
          throw new Error(explainHanging(service, error), { cause: error });
        }
        throw error;
      }
    });
  }
}

/** Records as they are in JSON, keys included. */
function asJson(records: readonly SmokeRecord[]): SmokeRecord[] {
  return records.map(({ key, value }, sequence) => ({
    key: JSON.stringify(key),
    value: JSON.stringify({ sequence, text: value }),
    headers: {},
  }));
}

function judged(
  what: string,
  sent: readonly SmokeRecord[],
  received: readonly ReceivedRecord[] | undefined,
): void {
  const findings = judge(sent, received ?? [], 1);
  if (findings.length > 0) {
    throw finding([`${what} did not come out as they went in`, ...findings].join("\n  "));
  }
}
