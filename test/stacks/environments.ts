import { Listener } from "../../constructs/index.ts";
import type { EnvironmentLock } from "../../stacks/environment-lock.ts";
import type { Environment, EnvironmentSettings } from "../../stacks/environment.ts";

/** A cluster id for tests. */
export const CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk";

/** An environment of the tests' own, so that those that ship may change. */
export function environmentOf(settings: Partial<EnvironmentSettings> = {}): Environment {
  return {
    name: "trial",
    settings: {
      distribution: "confluent",
      versions: { confluent: "7.9.1", local: "3.9.1" },
      kafka: { listeners: [Listener.network(), Listener.host()] },
      ...settings,
    },
  };
}

/** A lock of that environment. */
export function lockOf(parts: Partial<EnvironmentLock> = {}): EnvironmentLock {
  return {
    format: 1,
    environment: "trial",
    clusterId: CLUSTER_ID,
    asked: "confluent 7.9.1",
    images: { distribution: "confluent", version: "7.9.1", reason: "seen", proven: true },
    ...parts,
  };
}
