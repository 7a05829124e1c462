/** What the controllers' quorum says of itself, and what is wrong with it. */
import type { ControllerOutput } from "./outputs.ts";

/** A voter of the quorum, or somebody who only listens. */
export interface QuorumMember {
  readonly id: number;
  readonly role: "leader" | "follower" | "observer";
  /** How long ago the leader heard of it, in milliseconds of the leader's clock; undefined if never. */
  readonly silentFor: number | undefined;
}

/** Voters ask for records at least twice a second; one that is silent for so long takes no part. */
const SILENCE_MS = 10_000;

/**
 * Reads what `kafka-metadata-quorum … describe --replication` prints.
 *
 * @throws Error when that is no such table
 */
export function parseQuorum(output: string): QuorumMember[] {
  const rows = output
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row.length > 1);
  const head = rows.findIndex((row) => row[0] === "NodeId");
  const at = (name: string): number => rows[head]?.indexOf(name) ?? -1;
  const [fetched, status] = [at("LastFetchTimestamp"), at("Status")];
  if (head < 0 || fetched < 0 || status < 0) {
    throw new Error(
      `kafka-metadata-quorum's answer is not understood: ${JSON.stringify(output.slice(0, 500))}`,
    );
  }
  const members = rows.slice(head + 1).map((row) => ({
    id: Number(row[0]),
    role: (row[status] ?? "").toLowerCase() as QuorumMember["role"],
    seen: Number(row[fetched]),
  }));
  const now = members.find(({ role }) => role === "leader")?.seen ?? Number.NaN;
  return members.map(({ id, role, seen }) => ({
    id,
    role,
    silentFor: seen > 0 && now > 0 ? now - seen : undefined,
  }));
}

/** What is wrong with the quorum; empty when it has a leader, and all controllers of the outputs vote. */
export function explainQuorum(
  controllers: readonly ControllerOutput[],
  members: readonly QuorumMember[],
  states: ReadonlyMap<number, string | undefined> = new Map(),
): string[] {
  const voters = members.filter(({ role }) => role !== "observer");
  const findings: string[] = [];
  if (voters.every(({ role }) => role !== "leader")) {
    findings.push(
      `no controller leads the quorum, so nothing in the cluster can change; ${explainMajority(controllers, states)}`,
    );
  }
  for (const { id, container } of controllers) {
    const voter = voters.find((each) => each.id === id);
    if (voter === undefined) {
      findings.push(
        `controller ${id} is no voter of the quorum; controller.quorum.voters (KAFKA_CONTROLLER_QUORUM_VOTERS) of all nodes must name it, and node.id (KAFKA_NODE_ID) of container "${container}" must say ${id}`,
      );
    } else if (
      voter.role === "follower" &&
      (voter.silentFor === undefined || voter.silentFor > SILENCE_MS)
    ) {
      const since =
        voter.silentFor === undefined
          ? "has not asked its leader for anything since that one leads"
          : `has not asked its leader for anything for ${Math.round(voter.silentFor / 1000)} s`;
      const state = states.get(id);
      const wayOut =
        state === undefined || state === "running"
          ? `see in the log of container "${container}" why it does not follow, and that its own address in controller.quorum.voters (KAFKA_CONTROLLER_QUORUM_VOTERS) leads to it`
          : `container "${container}" is ${state}, so start it, or see in its log why it ended`;
      findings.push(
        `controller ${id} ${since}, so the quorum can bear one loss less than it should; ${wayOut}`,
      );
    }
  }
  for (const { id } of voters) {
    if (controllers.some((controller) => controller.id === id)) continue;
    findings.push(
      `controller ${id} votes, which the outputs do not know; make them anew with "npm run outputs", or see controller.quorum.voters (KAFKA_CONTROLLER_QUORUM_VOTERS)`,
    );
  }
  return findings;
}

/**
 * Why nobody could be asked about the quorum, and what to do.
 *
 * @param complaint what the command said
 */
export function explainSilentQuorum(
  controllers: readonly ControllerOutput[],
  complaint: string,
  states: ReadonlyMap<number, string | undefined>,
): string {
  return `the controllers' quorum gives no answer: ${complaint}; ${explainMajority(controllers, states)}`;
}

function explainMajority(
  controllers: readonly ControllerOutput[],
  states: ReadonlyMap<number, string | undefined>,
): string {
  const most = Math.floor(controllers.length / 2) + 1;
  const down = controllers.filter(({ id }) => (states.get(id) ?? "running") !== "running");
  const places = down.map(({ id, container }) => `container "${container}" is ${states.get(id)}`);
  return [
    `${most} of the ${controllers.length} controllers must run and reach each other`,
    ...(places.length === 0
      ? []
      : [
          `${places.join(", ")}: ${
            places.length === 1
              ? "start it, or see in its log why it ended"
              : "start them, or see in their logs why they ended"
          }`,
        ]),
  ].join("; ");
}
