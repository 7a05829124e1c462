/** The controllers, where the cluster has nodes that are nothing else: their quorum leads and is whole. */
/* oxlint-disable vitest/expect-expect -- a step fails by throwing what it found */
import { describe } from "vitest";
import { findTool } from "./clients/tools.ts";
import { messageOf } from "../doctor/deadline.ts";
import { Docker } from "../doctor/docker.ts";
import type { ControllerOutput } from "./outputs.ts";
import { readOutputs } from "./outputs.ts";
import { explainQuorum, explainSilentQuorum, parseQuorum, type QuorumMember } from "./quorum.ts";
import { controllersCell, inCell } from "./report/cell.ts";
import { listenerBeside } from "./services.ts";
import { beginProof, finding } from "./steps.ts";

/** A JVM's start on a busy machine is most of it. */
const SECONDS = 40;

const outputs = readOutputs();
const docker = new Docker(outputs.docker?.host);
const { controllers = [] } = outputs.kafka;

if (controllers.length > 0) {
  const cell = inCell(controllersCell(controllers, "kafka-metadata-quorum"));
  describe("the controllers", cell, () => {
    proveQuorum(controllers);
  });
}

function proveQuorum(all: readonly ControllerOutput[]): void {
  const step = beginProof(async () => {});

  step("have a leader, and each of them takes part", async ({ skip }) => {
    const beside = listenerBeside(outputs, "network");
    const listener = beside === undefined ? undefined : outputs.kafka.listeners[beside];
    if (listener === undefined) {
      return skip("not tried: there is no listener for containers, who could ask about them");
    }
    const states = new Map(
      await Promise.all(
        all.map(async ({ id, container }) => [id, await docker.stateOf(container)] as const),
      ),
    );
    let members: QuorumMember[];
    try {
      members = await quorum(listener.bootstrapServers);
    } catch (error) {
      throw finding(
        explainSilentQuorum(all, messageOf(error), states),
        ...(await Promise.all(all.map(({ container }) => docker.lastWords(container)))),
      );
    }
    const findings = explainQuorum(all, members, states);
    if (findings.length > 0) {
      const silent = all.filter(({ id }) =>
        findings.some((text) => text.includes(`controller ${id} `)),
      );
      throw finding(
        ...findings,
        ...(await Promise.all(silent.map(({ container }) => docker.lastWords(container)))),
      );
    }
  });
}

/** What the quorum says to clients on the network, asked from the container of a broker that runs. */
async function quorum(bootstrapServers: string): Promise<QuorumMember[]> {
  const containers = outputs.kafka.brokers.flatMap(({ container }) => container ?? []);
  const states = await Promise.all(containers.map((container) => docker.stateOf(container)));
  const container = containers[states.indexOf("running")];
  if (container === undefined) throw new Error("no broker runs that could be asked");
  const tool = await findTool(docker, container, "kafka-metadata-quorum");
  const args = ["--bootstrap-server", bootstrapServers, "describe", "--replication"];
  return parseQuorum(await docker.tool(container, [tool, ...args], SECONDS));
}
