/** Where in the report's matrix a test stands: declared by the test, never read from its title. */
import type { ControllerOutput, PlatformOutputs, Vantage } from "../outputs.ts";
import type { ServiceKey, ServiceUnderTest } from "../services.ts";

/** What can be reached; ksqlDB's command line is on the way to its server, the loss of a broker something that happens to it. */
export type Target =
  "kafka" | "brokerLoss" | "controllers" | "zooKeeper" | "ksqlDbCli" | ServiceKey;

/** One way in: what is reached, from where, through which address, and with what. */
export interface Cell {
  readonly target: Target;
  readonly vantage: Vantage;
  /** As the outputs have it: bootstrap servers, a url. */
  readonly address: string;
  /** What dials it, such as `kafkajs`. */
  readonly client: string;
  /** Of Kafka: the listener's name. */
  readonly listener?: string;
}

declare module "vitest" {
  interface TaskMeta {
    cell?: Cell;
  }
}

/** What vitest is told of a cell. */
export interface CellOptions {
  readonly meta?: { readonly cell: Cell };
}

/**
 * Declares the cell of all tests in a `describe`, as its second argument, or of one step. It is there before any of
 * them runs, so that skipped ones have it, too.
 */
export function inCell(cell: Cell): CellOptions {
  return { meta: { cell } };
}

/** The cell of an HTTP service as one vantage reaches it. */
export function serviceCell(
  { service, vantage, url }: ServiceUnderTest,
  client = "HTTP",
): CellOptions {
  return inCell({ target: service, vantage, address: url, client });
}

/** The cell of nodes that are controllers only; no client connects to them, so their containers stand for addresses. */
export function controllersCell(controllers: readonly ControllerOutput[], client = ""): Cell {
  const address = controllers.map(({ container }) => container).join(",");
  return { target: "controllers", vantage: "network", address, client };
}

/** How many brokers there must be so that all goes on without one of them. */
const ENOUGH_BROKERS = 3;

/** The way in by which the loss of a broker is noticed; undefined where there are too few, or no engine to stop one. */
export function brokerLossCell({ docker, kafka }: PlatformOutputs, client = ""): Cell | undefined {
  const listeners = Object.values(kafka.listeners);
  const network = listeners.find(({ vantage }) => vantage === "network");
  const address = (network ?? listeners[0])?.bootstrapServers ?? "";
  return docker === undefined || kafka.brokers.length < ENOUGH_BROKERS
    ? undefined
    : { target: "brokerLoss", vantage: "network", address, client };
}

/** The cell of ksqlDB's command line, which runs in a container of its own. */
export function ksqlDbCliCell(networkUrl: string): CellOptions {
  return inCell({
    target: "ksqlDbCli",
    vantage: "network",
    address: networkUrl,
    client: "the ksql command",
  });
}
