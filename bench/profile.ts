/** Whose code a program loads and spends its time in. Pure. */

/** A CPU profile as `node --cpu-prof` writes it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds between a sample and the one before it. */
  readonly timeDeltas: readonly number[];
}

/** Where nothing ran: the files are read, the thread that translates TypeScript is waited for. */
const IDLE = "waiting";
const NODE = "node itself";

/**
 * The package that a file is of: `own code`, a package's name, or `node itself`.
 *
 * @param url as the engine names it: a `file:` URL, a path, or `node:…`
 */
function packageOf(url: string): string {
  if (url === "" || /^(node|wasm|evalmachine|data):?/.test(url)) return NODE;
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  return name ?? "own code";
}

/** How many files of each package were loaded; node's own are not counted. */
export function modulesByPackage(urls: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  // A file that is parsed twice, such as for its source map, is one all the same.
  for (const url of new Set(urls.map((each) => each.replace(/[?#].*$/, "")))) {
    const name = packageOf(url);
    if (name !== NODE) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Seconds by package: what node does is counted for the package's code that had it done, where there is one. */
export function secondsByPackage({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const owners = new Map<number, string>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const visit = (id: number, caller: string): void => {
    const node = byId.get(id);
    if (node === undefined) return;
    const { url, functionName } = node.callFrame;
    const own = functionName === "(idle)" ? IDLE : packageOf(url);
    const owner = own === NODE ? caller : own;
    owners.set(id, owner);
    for (const child of node.children ?? []) visit(child, owner);
  };
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  for (const { id } of nodes) if (!children.has(id)) visit(id, NODE);
  const seconds = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const owner = owners.get(id) ?? NODE;
    seconds.set(owner, (seconds.get(owner) ?? 0) + Math.max(0, timeDeltas[i] ?? 0) / 1e6);
  }
  return seconds;
}

/** The largest parts, largest first, and all others as one. */
export function largest(
  parts: ReadonlyMap<string, number>,
  count: number,
): { name: string; value: number }[] {
  const sorted = [...parts]
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => b.value - a.value);
  const rest = sorted.slice(count);
  const value = rest.reduce((sum, part) => sum + part.value, 0);
  return rest.length === 0
    ? sorted
    : [...sorted.slice(0, count), { name: `${rest.length} others`, value }];
}
