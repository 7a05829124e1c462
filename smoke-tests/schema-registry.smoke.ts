/** Schema Registry, tried from where its clients stand, with records that need it to be read. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { afterAll, describe } from "vitest";
import type { ListenerClient } from "./clients/listener-client.ts";
import { clientFor } from "./clients/listener-client.ts";
import { ServiceRefusal } from "./clients/http-client.ts";
import { SchemaRegistryClient } from "./clients/schema-registry-client.ts";
import type { AvroSchema } from "./clients/wire-format.ts";
import { decodeAvro, encodeAvro, schemaIdOf } from "./clients/wire-format.ts";
import { eventually, messageOf } from "../doctor/deadline.ts";
import { NoAnswer } from "../doctor/dial.ts";
import { Docker } from "../doctor/docker.ts";
import { mayRestart, readOutputs, RESTARTS_VARIABLE } from "./outputs.ts";
import { judge, makeRecords } from "./records.ts";
import { serviceCell } from "./report/cell.ts";
import type { RegistryUnderTest } from "./schema-registry-diagnosis.ts";
import {
  explainCompatibility,
  explainForgetting,
  explainLaxness,
  explainRefusal,
  explainRegistrySilence,
  registriesUnderTest,
} from "./schema-registry-diagnosis.ts";
import { ServiceTrial } from "./service-trial.ts";
import { beginProof, endProof, failWithAll, finding } from "./steps.ts";

const RECORDS = 20;
/** How long a restarted registry may take until it answers, on a busy machine. */
const RESTART_SECONDS = 90;
/** How long it may take after that until it has read what it kept. */
const RELOAD_SECONDS = 30;

const outputs = readOutputs();
const restarts = mayRestart();
const docker = new Docker(outputs.docker?.host);
const runId = randomBytes(4).toString("hex");
const registries = registriesUnderTest(outputs);

for (const registry of registries) {
  const cell = serviceCell(
    registry,
    `HTTP, ${clientFor(registry.vantage, outputs.kafka.version)} with Avro`,
  );
  describe(`Schema Registry at ${registry.url} (${registry.vantage})`, cell, () => {
    proveRegistry(registry);
  });
}

function proveRegistry(registry: RegistryUnderTest): void {
  const { vantage, container, url } = registry;
  const topic = `kafka-platform-kit.smoke.schema-registry.${vantage}.${runId}`;
  const subject = `${topic}-value`;
  // Of this run and vantage only: a schema that is known already would get its old id.
  const namespace = `kafka_platform_kit.smoke_${vantage}_${runId}`;
  const plain = schemaWith(namespace);
  const extended = schemaWith(namespace, {
    name: "note",
    type: ["null", "string"],
    default: null,
  });
  const breaking = schemaWith(namespace, { name: "must", type: "string" });
  const ids = { plain: 0, extended: 0 };
  const made = { subject: false, topic: false, group: false };

  const trial = new ServiceTrial({
    service: registry,
    outputs,
    docker,
    runId,
    faults: {
      silence: (...about) => explainRegistrySilence(registry, ...about),
      refusal: (refusal) => explainRefusal(registry, refusal),
    },
  });
  const { listener } = trial;

  let kafka: ListenerClient | undefined;
  let client: SchemaRegistryClient;
  let allowsAny = false;
  const step = beginProof(async () => {
    kafka = await trial.kafka();
    client ??= new SchemaRegistryClient(url, await trial.dial());
  }, trial.remark);

  afterAll(() => trial.close());

  step("answers", async () => {
    await heard(() => client.subjects());
  });

  step("has BACKWARD as its default compatibility", async ({ annotate }) => {
    const shown = await heard(() => client.defaultCompatibility());
    const isHidden = registry.product === "apicurio" && shown === "NONE";
    const level = isHidden ? await heard(() => client.apicurioDefaultCompatibility()) : shown;
    if (level !== "BACKWARD") {
      if (container !== undefined) throw await fault(explainCompatibility(registry, level));
      // Somebody else's registry may have another.
      allowsAny = !/^(BACKWARD|FULL)/.test(level);
      await annotate(`its default compatibility is ${level}`);
      return;
    }
    if (isHidden) {
      await annotate("GET /config shows NONE, as Apicurio does for a default that is configured");
    }
  });

  step("gives a schema an id, and the same one again", async () => {
    made.subject = true;
    ids.plain = await heard(() => client.register(subject, plain));
    const again = await heard(() => client.register(subject, plain));
    if (!Number.isInteger(ids.plain) || ids.plain < 0 || again !== ids.plain) {
      throw await fault(
        `Schema Registry: a schema that was registered twice got the ids ${ids.plain} and ${again}`,
      );
    }
  });

  step("gives the schema for its id", async () => {
    await expectSchema(ids.plain, plain);
  });

  step("takes a compatible schema as version 2", async () => {
    ids.extended = await heard(() => client.register(subject, extended));
    await expectVersions(1, 2);
    if (ids.extended === ids.plain) {
      throw await fault(`Schema Registry: two different schemas got one id, ${ids.plain}`);
    }
    await expectSchema(ids.extended, extended);
  });

  step("refuses an incompatible schema", async ({ skip }) => {
    if (allowsAny) skip("not tried: its default compatibility lets it pass");
    const refusal = await client.register(subject, breaking).then(
      async (id) => {
        throw await fault(explainLaxness(registry, subject, id));
      },
      (error: unknown) => error,
    );
    if (!(refusal instanceof ServiceRefusal && refusal.status === 409)) {
      throw await fault(
        `${await explained(refusal)}; a schema that cannot read what is there must be refused with HTTP 409`,
      );
    }
    await expectVersions(1, 2);
  });

  step(`carries ${RECORDS} Avro records there and back`, async ({ skip }) => {
    if (kafka === undefined || listener === undefined) {
      skip(`not tried: no listener of Kafka is for clients on the ${vantage}`);
      return;
    }
    const records = makeRecords(runId, RECORDS).map((record, sequence) => {
      const base = { sequence, text: record.value };
      const noted = { ...base, note: sequence % 4 === 1 ? record.value : null };
      return { ...record, avro: sequence % 2 === 0 ? base : noted };
    });
    try {
      made.topic = true;
      await kafka.createTopic(topic, {
        partitions: 1,
        replicas: Math.min(3, listener.brokers.length),
      });
      await kafka.produceBinary(
        topic,
        records.map(({ avro, ...record }) => ({
          ...record,
          value:
            "note" in avro
              ? encodeAvro(ids.extended, extended, avro)
              : encodeAvro(ids.plain, plain, avro),
        })),
      );
      const count = await kafka.recordCount(topic);
      await kafka.awaitCoordinator(topic);
      made.group = true;
      const received = count === 0 ? [] : await kafka.consumeBinary(topic, topic, count);
      const decode = decoder();
      const findings = judge(
        records.map(({ avro, ...record }) => ({ ...record, value: JSON.stringify(avro) })),
        await Promise.all(
          received.map(async (record) => ({
            ...record,
            value: record.value === null ? null : await decode(record.value),
          })),
        ),
        1,
      );
      if (findings.length > 0) {
        throw finding(["Avro records did not come out as they went in", ...findings].join("\n  "));
      }
    } catch (error) {
      if (error instanceof ServiceRefusal || error instanceof NoAnswer) {
        await heard(() => Promise.reject(error));
      }
      throw await trial.clientFault(error);
    }
  });

  // Once is enough, and the clients of the other vantage then find what it left.
  if (registry === registries[0]) {
    step("keeps its schemas when its container is restarted", async ({ skip }) => {
      if (!restarts) skip(`not tried: ${RESTARTS_VARIABLE} is no`);
      if (container === undefined) {
        skip("not tried: which container it runs in is not known");
        return;
      }
      if ((await docker.stateOf(container)) === undefined) {
        skip(`not tried: the engine at ${outputs.docker?.host} has no container "${container}"`);
      }
      await docker.run(["restart", container], { seconds: 75 });
      await comesBack(RESTART_SECONDS, "Schema Registry to answer after a restart", () =>
        client.subjects(),
      );
      // Apicurio answers before it has read all of its journal, and then knows no subject yet.
      await comesBack(RELOAD_SECONDS, "the schemas to be there after a restart", () =>
        client.schemaById(ids.extended),
      );
      await expectVersions(1, 2);
      await expectSchema(ids.plain, plain);
      await expectSchema(ids.extended, extended);
    });
  }

  endProof(
    () => made.subject,
    async () => {
      const groupGone = made.group ? kafka?.removeGroup(topic) : undefined;
      await failWithAll([
        removeSubject(),
        Promise.resolve(groupGone),
        Promise.resolve(groupGone)
          .catch(() => {})
          .then(() => (made.topic ? kafka?.removeTopic(topic) : undefined)),
      ]);
    },
  );

  /** Reads values with the schemas that their ids stand for, each asked for once. */
  function decoder(): (bytes: Buffer) => Promise<string> {
    const schemas = new Map<number, Promise<AvroSchema>>();
    return async (bytes) => {
      try {
        const id = schemaIdOf(bytes);
        const schema = schemas.get(id) ?? client.schemaById(id);
        schemas.set(id, schema);
        return JSON.stringify(decodeAvro(await schema, bytes));
      } catch (error) {
        if (error instanceof ServiceRefusal || error instanceof NoAnswer) throw error;
        return `not to be read as Avro: ${messageOf(error)}`;
      }
    };
  }

  async function expectSchema(id: number, schema: AvroSchema): Promise<void> {
    const given = await heard(() => client.schemaById(id));
    if (isDeepStrictEqual(given, schema)) return;
    throw await fault(
      `Schema Registry: the schema with id ${id} is ${JSON.stringify(given)}, not ${JSON.stringify(schema)}, which was registered`,
    );
  }

  async function expectVersions(...wanted: number[]): Promise<void> {
    const versions = await heard(() => client.versions(subject));
    if (isDeepStrictEqual(versions, wanted)) return;
    throw await fault(
      `Schema Registry: subject "${subject}" has the versions ${versions.join(", ")}, not ${wanted.join(", ")}`,
    );
  }

  /** Waits for a restarted registry; what it said last is explained when the wait was in vain. */
  async function comesBack(
    seconds: number,
    goal: string,
    ask: () => Promise<unknown>,
  ): Promise<void> {
    let last: unknown;
    try {
      await eventually(seconds, goal, async () => {
        try {
          await ask();
          return undefined;
        } catch (error) {
          last = error;
          return messageOf(error);
        }
      });
    } catch (error) {
      throw await fault(
        [
          messageOf(error),
          last instanceof ServiceRefusal && last.status === 404
            ? explainForgetting(registry)
            : await explained(last),
        ].join("\n"),
      );
    }
  }

  async function removeSubject(): Promise<void> {
    await heard(() => client.removeSubject(subject));
    if ((await heard(() => client.subjects({ deleted: true }))).includes(subject)) {
      throw await fault(`Schema Registry: subject "${subject}" is still there, though deleted`);
    }
  }

  function heard<T>(ask: () => Promise<T>): Promise<T> {
    return trial.heard(client.address, ask);
  }

  function explained(error: unknown): Promise<string> {
    return trial.explained(client.address, error);
  }

  function fault(message: string): Promise<Error> {
    return trial.fault(message);
  }
}

/** A record's schema, with one more field if need be. */
function schemaWith(namespace: string, ...more: readonly object[]): AvroSchema {
  return {
    type: "record",
    name: "SmokeRecord",
    namespace,
    fields: [{ name: "sequence", type: "int" }, { name: "text", type: "string" }, ...more],
  };
}
