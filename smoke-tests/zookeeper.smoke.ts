/** ZooKeeper, where the brokers keep their metadata there: what it holds is what they say. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { randomBytes } from "node:crypto";
import { describe } from "vitest";
import { openClient } from "./clients/listener-client.ts";
import { ZooKeeperShell } from "./clients/zookeeper-shell.ts";
import { messageOf } from "../doctor/deadline.ts";
import type { ListenerUnderTest } from "./diagnosis.ts";
import { listenerUnderTest } from "./diagnosis.ts";
import { Docker } from "../doctor/docker.ts";
import type { ZooKeeperOutput } from "./outputs.ts";
import { readOutputs } from "./outputs.ts";
import { Questions } from "./questions.ts";
import { inCell } from "./report/cell.ts";
import { beginProof, failWithAll, finding } from "./steps.ts";
import type { EnsembleUnderTest, Registration } from "./zookeeper-diagnosis.ts";
import {
  ensembleUnderTest,
  explainForeignCluster,
  explainRegistrations,
  explainSilentServer,
} from "./zookeeper-diagnosis.ts";

const outputs = readOutputs();
const docker = new Docker(outputs.docker?.host);
const { zooKeeper } = outputs.kafka;

for (const output of zooKeeper === undefined ? [] : [zooKeeper]) {
  const cell = inCell({
    target: "zooKeeper",
    vantage: "network",
    address: output.connect,
    client: "zookeeper-shell",
  });
  describe(`ZooKeeper at ${output.connect}`, cell, () => {
    proveZooKeeper(output);
  });
}

function proveZooKeeper(output: ZooKeeperOutput): void {
  const ensemble = ensembleUnderTest(output);
  const { root, servers } = ensemble;
  const { brokers } = outputs.kafka;
  const listeners = Object.keys(outputs.kafka.listeners).map((name) =>
    listenerUnderTest(outputs, name),
  );
  const step = beginProof(async () => {});

  step("answers at each of its servers", async () => {
    await failWithAll(servers.map((server) => heard(server, (shell) => shell.children("/"))));
  });

  step("has exactly the brokers of the outputs, with their advertised listeners", async () => {
    const [server] = servers;
    if (server === undefined) return;
    const registrations = await heard(server, async (shell) => {
      const ids = (await shell.children(`${root}/brokers/ids`)) ?? [];
      return Promise.all(ids.map((id) => registrationOf(shell, id)));
    });
    const findings = explainRegistrations(ensemble, brokers, listeners, registrations);
    if (findings.length > 0) throw finding(...findings);
  });

  step("holds the cluster id that the brokers give", async () => {
    const held = await Promise.all(
      servers.map((server) => heard(server, (shell) => shell.get(`${root}/cluster/id`))),
    );
    const ids = new Set(held.map((node) => (node as { id?: string } | undefined)?.id));
    await failWithAll(
      listeners.map(async (listener) => {
        for (const { broker, clusterId } of await clusterIdsThrough(listener)) {
          for (const id of ids) {
            if (id === clusterId) continue;
            throw finding(explainForeignCluster(ensemble, listener, broker, clusterId, id));
          }
        }
      }),
    );
  });

  async function heard<T>(
    server: EnsembleUnderTest["servers"][number],
    ask: (shell: ZooKeeperShell) => Promise<T>,
  ): Promise<T> {
    const { container, address } = server;
    try {
      return await ask(new ZooKeeperShell(docker, container, address.port));
    } catch (error) {
      throw finding(
        explainSilentServer(ensemble, server, messageOf(error), await docker.stateOf(container)),
        await docker.lastWords(container),
      );
    }
  }

  async function registrationOf(shell: ZooKeeperShell, id: string): Promise<Registration> {
    const node = (await shell.get(`${root}/brokers/ids/${id}`)) as
      { readonly endpoints?: readonly string[] } | undefined;
    return { id: Number(id), endpoints: node?.endpoints ?? [] };
  }
}

async function clusterIdsThrough(listener: ListenerUnderTest) {
  const client = await openClient(listener, outputs, docker, randomBytes(4).toString("hex"));
  try {
    const questions = new Questions(listener, client.dial, docker);
    return await Promise.all(
      listener.brokers.map(async (broker) => {
        const { clusterId } = await questions.metadataThrough(broker);
        return { broker, clusterId };
      }),
    );
  } finally {
    await client.close();
  }
}
