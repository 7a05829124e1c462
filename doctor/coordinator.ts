import { array, string, type Question } from "./protocol.ts";

/** Where consumer groups are kept. Brokers make it when they are first asked for a coordinator. */
export const OFFSETS_TOPIC = "__consumer_offsets";

/** Kafka's error codes of a coordinator that is not ready. */
export const COORDINATOR_LOADING = 14;
export const COORDINATOR_NOT_AVAILABLE = 15;

/** Which broker coordinates a consumer group: the error code of the answer. */
export function findCoordinator(group: string): Question<number> {
  return { key: 10, version: 0, body: string(group), read: (answer) => answer.int16() };
}

/** How a consumer group is: the error code of the answer. Only its coordinator knows. */
export function describeGroup(group: string): Question<number> {
  return {
    key: 15,
    version: 0,
    body: array([string(group)]),
    read: (answer) => answer.array(() => answer.int16())[0] ?? 0,
  };
}
