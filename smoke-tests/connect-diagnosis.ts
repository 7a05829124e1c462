/** Turns what Kafka Connect answered into the setting at fault and the way out. */
import type { Address } from "../doctor/address.ts";
import type { ConnectorStatus, RunState } from "./clients/connect-client.ts";
import type { ServiceRefusal } from "./clients/http-client.ts";
import type { NoAnswer } from "../doctor/dial.ts";
import type { PlatformOutputs } from "./outputs.ts";
import type { ServiceSettings, ServiceUnderTest } from "./services.ts";
import { containerOf, explainServiceSilence, sourceOf } from "./services.ts";

const BROKERS = "bootstrap.servers (CONNECT_BOOTSTRAP_SERVERS)";
const PLUGIN_PATH = "plugin.path (CONNECT_PLUGIN_PATH)";
const ADVERTISED = "rest.advertised.host.name (CONNECT_REST_ADVERTISED_HOST_NAME)";

const SETTINGS: ServiceSettings = {
  listeners: (port) => `listeners (CONNECT_LISTENERS) say http://0.0.0.0:${port}`,
  path: "nothing behind the port",
  brokers: "bootstrap.servers, CONNECT_BOOTSTRAP_SERVERS",
};

/** How many causes of a failure are told. */
const CAUSES = 5;

/**
 * Why a worker's address does not answer, and what to change.
 *
 * @param address that its url leads to
 * @param state of its container, such as `exited`, where an engine can say
 */
export function explainConnectSilence(
  service: ServiceUnderTest,
  address: Address,
  silence: NoAnswer,
  state?: string,
): string {
  return explainServiceSilence(service, SETTINGS, address, silence, state);
}

/** An answer that is not the wanted one: Connect's own words, then the setting behind them. */
export function explainConnectRefusal(service: ServiceUnderTest, refusal: ServiceRefusal): string {
  const { status, errorCode, message, body } = refusal;
  const container = containerOf(service);
  const wayOut = (): string | undefined => {
    // Of a connector that it does not know, Connect says something else.
    if (status === 404 && (errorCode === undefined || body.includes("HTTP 404 Not Found"))) {
      return `the API is not there; see that ${container} is through with its start, which needs the brokers (${SETTINGS.brokers}), and that ${sourceOf(service)} leads to it, with nothing behind the port`;
    }
    if (status === 401 || status === 403) {
      return "the smoke tests need the rights to make, read and remove connectors named kafka-platform-kit.smoke.*";
    }
    if (/find any class that implements Connector/.test(message)) {
      return `see that ${PLUGIN_PATH} of ${container} names the folder that holds it`;
    }
    if (/forward/i.test(message)) {
      return `${ADVERTISED} of each worker must be a name that the others reach`;
    }
    if (status >= 500) {
      return `see that ${BROKERS} of ${container} leads to the brokers, that they run, and that its topics (config.storage.topic, offset.storage.topic, status.storage.topic) have a leader`;
    }
    return undefined;
  };
  const out = wayOut();
  return `Connect: ${message}${out === undefined ? "" : `; ${out}`}`;
}

/** What to say of a worker that uses another cluster than the platform's. */
export function explainForeignCluster(
  service: ServiceUnderTest,
  clusterId: string,
  wanted: string,
): string {
  return `Connect: ${service.url} works with cluster ${clusterId}, not with ${wanted}; ${BROKERS} of ${containerOf(service)} must lead to this platform's brokers`;
}

/** What to say where a class is missing that comes with every distribution of Kafka. */
export function explainMissingPlugin(
  service: ServiceUnderTest,
  wanted: string,
  plugins: readonly string[],
): string {
  const there = plugins.length === 0 ? "none at all" : plugins.join(", ");
  return `Connect: ${containerOf(service)} has no plugin ${wanted}, but ${there}; its jar (connect-mirror) must be on the class path, or in a folder that ${PLUGIN_PATH} names`;
}

/** What of a connector does not run; undefined when it and its one task do. */
export function obstacleOf(status: ConnectorStatus | undefined): string | undefined {
  if (status === undefined) return "it has no status yet";
  const { connector, tasks } = status;
  if (connector.state !== "RUNNING") return `it is ${describe(connector)}`;
  const [task] = tasks;
  if (task === undefined) return `it is ${describe(connector)}, but has no task yet`;
  return task.state === "RUNNING" ? undefined : `its task ${task.id} is ${describe(task)}`;
}

/** What has failed for good, with its trace's causes; undefined while there is hope. */
export function explainFailure(
  service: ServiceUnderTest,
  name: string,
  status: ConnectorStatus | undefined,
  bootstrapServers: string,
): string | undefined {
  if (status === undefined) return undefined;
  const parts: readonly (readonly [string, RunState])[] = [
    [`connector "${name}"`, status.connector],
    ...status.tasks.map((task) => [`task ${task.id} of connector "${name}"`, task] as const),
  ];
  const failed = parts.find(([, { state }]) => state === "FAILED");
  if (failed === undefined) return undefined;
  const [what, { trace = "", worker_id: worker }] = failed;
  // Where in Connect's code it happened helps nobody.
  const lines = trace.split("\n").filter((line) => /^\S/.test(line));
  const hint = /bootstrap|timed? ?out|disconnect/i.test(trace)
    ? `; ${explainReach(service, bootstrapServers)}`
    : "";
  return [
    `Connect: ${what} is FAILED on worker ${worker}${hint}`,
    ...lines.slice(0, CAUSES).map((line) => `  ${line.trimEnd()}`),
  ].join("\n");
}

/** The addresses that connectors are given must be the worker's to reach. */
export function explainReach(service: ServiceUnderTest, bootstrapServers: string): string {
  return `it was given the brokers ${bootstrapServers}, which ${containerOf(service)} must reach, and the addresses that they advertise there as well`;
}

/**
 * What connectors are given as the brokers' addresses: those for containers on the platform's network, where the workers are. A platform
 * without such a listener runs its workers elsewhere.
 *
 * @throws Error when there is no listener at all
 */
export function workerBootstrap({ kafka }: PlatformOutputs): string {
  const listeners = Object.values(kafka.listeners);
  for (const vantage of ["network", "external", "host"]) {
    const found = listeners.find((listener) => listener.vantage === vantage);
    if (found !== undefined) return found.bootstrapServers;
  }
  throw new Error(
    "the outputs have no listener, so connectors cannot be told where the brokers are",
  );
}

function describe({ state, worker_id: worker }: RunState): string {
  return `${state} on worker ${worker}`;
}
