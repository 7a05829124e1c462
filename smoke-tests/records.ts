/** A record on its way in. */
export interface SmokeRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record on its way out, in the order in which it was read. */
export interface ReceivedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** The same with a value that is not text. */
export type BinarySmokeRecord = Omit<SmokeRecord, "value"> & { readonly value: Buffer };

/** The same with a value that is not text. */
export type BinaryReceivedRecord = Omit<ReceivedRecord, "value"> & {
  readonly value: Buffer | null;
};

/** Name of the header that holds a record's id. */
const ID_HEADER = "smoke-id";

/** How many ids a finding spells out. */
const NAMED_IDS = 10;

/** With the partitioner of the Java client, twelve keys reach every one of three partitions. */
const KEYS = 12;

/** How many keys reach every partition: so many for each do so up to 40 partitions. */
export function keysFor(partitions: number): number {
  return Math.max(KEYS, partitions > 3 ? 8 * partitions : 0);
}

/**
 * Makes records whose ids are unique (`<runId>-007`), a dozen keys between them. Values hold
 * what careless plumbing changes: quotes, tabs, separators and characters beyond ASCII.
 */
export function makeRecords(runId: string, count = 100, keys = KEYS): SmokeRecord[] {
  return Array.from({ length: count }, (_, sequence) => {
    const id = `${runId}-${String(sequence).padStart(3, "0")}`;
    return {
      key: `key-${sequence % keys}`,
      value: `${id}\t"größe", 雪: ${sequence * sequence}`,
      headers: { [ID_HEADER]: id, "smoke-remark": `record ${sequence} of ${count}` },
    };
  });
}

/**
 * Compares what came out with what went in.
 *
 * @param sent the records in the order in which one producer sent them
 * @param received all that the topic held, in the order in which it was read
 * @param partitions how many partitions the keys must have reached
 * @returns one finding per kind of damage, each naming the records; empty when all is well
 */
export function judge(
  sent: readonly SmokeRecord[],
  received: readonly ReceivedRecord[],
  partitions: number,
): string[] {
  const sequences = new Map(sent.map((record, sequence) => [idOf(record), sequence]));
  const arrivals = received.map((record) => ({ record, id: identify(record, sequences) }));
  const copies = new Map<string, ReceivedRecord[]>();
  for (const { record, id } of arrivals) {
    if (id !== undefined) copies.set(id, [...(copies.get(id) ?? []), record]);
  }

  const findings: string[] = [];
  const find = (what: string, ids: readonly string[]): void => {
    if (ids.length > 0) findings.push(`${what}: ${list(ids)}`);
  };

  find(
    `lost ${sent.length - copies.size} of ${sent.length} records`,
    [...sequences.keys()].filter((id) => !copies.has(id)),
  );
  find(
    "came more than once",
    [...copies]
      .filter(([, all]) => all.length > 1)
      .map(([id, all]) => `${id} (${all.map(position).join(" and ")})`),
  );
  find(
    "not from this run",
    arrivals.filter(({ id }) => id === undefined).map(({ record }) => position(record)),
  );
  find("out of order", outOfOrder(arrivals, sequences));
  find("one key in several partitions", strayKeys(received));
  for (const [what, changed] of CHANGES) {
    find(
      `${what} changed`,
      sent.flatMap((record) => {
        const id = idOf(record);
        const change = (copies.get(id) ?? [])
          .map((arrival) => changed(record, arrival))
          .find((text) => text !== undefined);
        return change === undefined ? [] : [`${id} (${change})`];
      }),
    );
  }
  const reached = new Set(received.map(({ partition }) => partition)).size;
  if (received.length >= sent.length && reached < partitions) {
    findings.push(`the keys reached ${reached} of ${partitions} partitions`);
  }
  return findings;
}

type Change = (sent: SmokeRecord, received: ReceivedRecord) => string | undefined;

const CHANGES: readonly (readonly [string, Change])[] = [
  ["key", (sent, received) => difference(sent.key, received.key)],
  ["value", (sent, received) => difference(sent.value, received.value)],
  ["headers", (sent, received) => difference(sorted(sent.headers), sorted(received.headers))],
];

function difference(sent: unknown, received: unknown): string | undefined {
  const [before, after] = [JSON.stringify(sent), JSON.stringify(received)];
  return before === after ? undefined : `${before} became ${after}`;
}

function sorted(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function idOf(record: SmokeRecord): string {
  return record.headers[ID_HEADER] ?? record.value;
}

/** A record whose header was changed is still known by its value, and the other way round. */
function identify(
  { headers, value }: ReceivedRecord,
  known: ReadonlyMap<string, number>,
): string | undefined {
  return [headers[ID_HEADER], value?.split("\t", 1)[0]].find(
    (id) => id !== undefined && known.has(id),
  );
}

function outOfOrder(
  arrivals: readonly { record: ReceivedRecord; id: string | undefined }[],
  sequences: ReadonlyMap<string, number>,
): string[] {
  const latest = new Map<number, { id: string; sequence: number }>();
  return arrivals.flatMap(({ record: { partition }, id }) => {
    const sequence = id === undefined ? undefined : sequences.get(id);
    if (id === undefined || sequence === undefined) return [];
    const before = latest.get(partition);
    if (before !== undefined && sequence < before.sequence) {
      return [`${id} after ${before.id} in partition ${partition}`];
    }
    latest.set(partition, { id, sequence });
    return [];
  });
}

function strayKeys(received: readonly ReceivedRecord[]): string[] {
  const homes = new Map<string, Set<number>>();
  for (const { key, partition } of received) {
    if (key !== null) homes.set(key, (homes.get(key) ?? new Set()).add(partition));
  }
  return [...homes]
    .filter(([, found]) => found.size > 1)
    .map(([key, found]) => `${key} (${[...found].toSorted().join(", ")})`);
}

function position({ partition, offset }: ReceivedRecord): string {
  return `partition ${partition} offset ${offset}`;
}

function list(ids: readonly string[]): string {
  const named = ids.slice(0, NAMED_IDS).join(", ");
  return ids.length > NAMED_IDS ? `${named} and ${ids.length - NAMED_IDS} more` : named;
}
