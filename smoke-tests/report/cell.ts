/** Where in the report's matrix a test stands: declared by the test, never read from its title. */
import type { Vantage } from "../outputs.ts";
import type { ServiceKey, ServiceUnderTest } from "../services.ts";

/** What can be reached; ksqlDB's command line is on the way to its server. */
export type Target = "kafka" | "zooKeeper" | "ksqlDbCli" | ServiceKey;

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

/** The cell of ksqlDB's command line, which runs in a container of its own. */
export function ksqlDbCliCell(networkUrl: string): CellOptions {
  return inCell({
    target: "ksqlDbCli",
    vantage: "network",
    address: networkUrl,
    client: "the ksql command",
  });
}
