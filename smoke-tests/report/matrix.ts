/** What a smoke run has proven, way in by way in: a value made from the outputs and the tests' results. */
import type { PlatformOutputs, Vantage } from "../outputs.ts";
import { SERVICE_TITLES, type ServiceKey } from "../services.ts";
import { brokerLossCell, controllersCell, type Cell, type Target } from "./cell.ts";

/** What became of one test. */
export interface Result {
  /** Undefined where the test declares none. */
  readonly cell: Cell | undefined;
  /** What it is under: its `describe`, else its file. */
  readonly group: string;
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  /** The findings of a failed one, why a skipped one was skipped. */
  readonly reason?: string | undefined;
  /** What it has to say besides. */
  readonly remarks: readonly string[];
}

/** The run that the results are from. */
export interface Run {
  /** When it ended. */
  readonly at: Date;
  readonly interrupted: boolean;
  /** What went wrong outside of all tests. */
  readonly errors: readonly string[];
  /** Container and image, where an engine could be asked. */
  readonly images: readonly ContainerImage[];
}

/** The image that a container runs. */
export interface ContainerImage {
  readonly container: string;
  readonly image: string;
}

/** Of a way in, or of all that concerns one target or one vantage. */
export type Verdict = "passed" | "failed" | "not tried" | "not deployed";

/** One of the things that were to be shown of a way in. */
export interface Proof {
  readonly title: string;
  readonly verdict: Exclude<Verdict, "not deployed">;
  readonly reason?: string | undefined;
  readonly remarks: readonly string[];
}

/** A way in, and what was proven of it. */
export interface Way {
  readonly target: Target | undefined;
  /** What people call the target, with the listener's name: `Kafka HOST`. */
  readonly title: string;
  /** Undefined where the tests declared none. */
  readonly vantage: Vantage | undefined;
  /** One address a line, as the outputs have it. */
  readonly addresses: readonly string[];
  readonly client: string | undefined;
  readonly verdict: Verdict;
  readonly proofs: readonly Proof[];
  /** Why it was not tried, where there is nothing to tell it by. */
  readonly reason?: string | undefined;
}

/** One thing that can be reached, by all of its ways. */
export interface TargetReport {
  readonly target: Target;
  readonly title: string;
  readonly verdict: Verdict;
  /** None when it is not deployed. */
  readonly ways: readonly Way[];
}

/** All of it. */
export interface Matrix {
  readonly environment: string;
  readonly at: Date;
  /** Version, where it is known, where the metadata is, and how many brokers: `4.1.1, KRaft, 3 brokers`. */
  readonly kafka: string;
  readonly clusterId: string | undefined;

  /** What is said of targets without a way in: of a platform of others, only what was named is known. */
  readonly absence: "not deployed" | "not named";
  /** Undefined for a platform that this kit did not deploy. */
  readonly network: string | undefined;
  readonly images: readonly ContainerImage[];
  /** Everything that a platform can have, in the order of who needs whom; of what few have, only what there is. */
  readonly targets: readonly TargetReport[];
  /** Tests that declare no cell. */
  readonly others: readonly Way[];
  readonly errors: readonly string[];
  readonly outcome: "green" | "red" | "cut off";
  readonly passed: number;
  /** Tests, and what failed outside of them. */
  readonly failed: number;
  readonly notTried: number;
}

/** What people call what can be reached. */
const TARGET_TITLES: Readonly<Record<Target, string>> = {
  kafka: "Kafka",
  brokerLoss: "Broker loss",
  controllers: "Controllers",
  zooKeeper: "ZooKeeper",
  ...SERVICE_TITLES,
  ksqlDbCli: "ksqlDB CLI",
};

const TARGETS: readonly Target[] = [
  "kafka",
  "brokerLoss",
  "controllers",
  "zooKeeper",
  "schemaRegistry",
  "connect",
  "ksqlDb",
  "ksqlDbCli",
  "restProxy",
];

/** What few platforms have; the others do not lack it. */
const UNUSUAL: readonly Target[] = ["brokerLoss", "controllers"];

/** Who stands at each vantage. */
export const VANTAGES: readonly Vantage[] = ["host", "network", "external"];

/** Makes the matrix: every way in that the outputs name is in it, tried or not. */
export function matrixOf(outputs: PlatformOutputs, results: readonly Result[], run: Run): Matrix {
  const keys = new Map<string, Cell>();
  for (const cell of [...expected(outputs), ...results.flatMap((result) => result.cell ?? [])]) {
    const key = keyOf(cell);
    // What dials it is known by the tests only.
    if ((keys.get(key)?.client ?? "") === "") keys.set(key, cell);
  }
  const ways = [...keys].map(([key, cell]) =>
    wayOf(
      cell,
      results.filter((result) => result.cell !== undefined && keyOf(result.cell) === key),
    ),
  );
  const targets = TARGETS.flatMap((target): TargetReport[] => {
    const own = VANTAGES.flatMap((vantage) =>
      ways.filter((way) => way.target === target && way.vantage === vantage),
    );
    if (own.length === 0 && UNUSUAL.includes(target)) return [];
    return [{ target, title: TARGET_TITLES[target], verdict: summed(own), ways: own }];
  });
  const strays = results.filter(({ cell }) => cell === undefined);
  const groups = new Set(strays.map(({ group }) => group));
  const count = (state: Result["state"]): number =>
    results.filter((result) => result.state === state).length;
  const passed = count("passed");
  const failed = count("failed") + run.errors.length;
  const { kafka, docker } = outputs;
  return {
    environment: outputs.environment,
    at: run.at,
    kafka: [
      kafka.version,
      kafka.metadata === "kraft" ? "KRaft" : "ZooKeeper",
      kafka.brokers.length > 1 ? `${kafka.brokers.length} brokers` : undefined,
    ]
      .filter((part) => part !== undefined)
      .join(", "),
    clusterId: kafka.clusterId,
    absence: docker === undefined ? "not named" : "not deployed",
    network: docker?.network,
    images: run.images,
    targets,
    others: [...groups].map((group) =>
      wayOf(
        undefined,
        strays.filter((stray) => stray.group === group),
        group,
      ),
    ),
    errors: run.errors,
    outcome: failed > 0 ? "red" : run.interrupted ? "cut off" : passed > 0 ? "green" : "red",
    passed,
    failed,
    notTried: count("skipped") + ways.filter(({ proofs }) => proofs.length === 0).length,
  };
}

/** What the verdict is on several together: red outdoes green, green outdoes grey. */
export function summed(ways: readonly Way[]): Verdict {
  const order = ["failed", "passed", "not tried"] as const;
  return order.find((verdict) => ways.some((way) => way.verdict === verdict)) ?? "not deployed";
}

/** The ways of one vantage, over all targets. */
export function waysFrom({ targets }: Matrix, vantage: Vantage): Way[] {
  return targets.flatMap(({ ways }) => ways.filter((way) => way.vantage === vantage));
}

/** The outcome in one line. */
export function headline({ environment, outcome, passed, failed, notTried }: Matrix): string {
  return `${environment}: ${outcome}, ${passed} proven, ${failed} failed, ${notTried} not tried`;
}

/** A listener is one way in, however its brokers' addresses are written. */
function keyOf({ target, vantage, address, listener }: Cell): string {
  return JSON.stringify([target, listener ?? [vantage, address]]);
}

/** The ways in that the outputs name; nobody has dialled them yet. */
function expected(outputs: PlatformOutputs): Cell[] {
  const { kafka, services } = outputs;
  const service = (target: ServiceKey): Cell[] => {
    const { url, networkUrl, externalUrl } = services[target] ?? {};
    return [
      ...cellAt(target, "host", url),
      ...cellAt(target, "network", networkUrl),
      ...cellAt(target, "external", externalUrl),
    ];
  };
  const { zooKeeper, controllers = [] } = kafka;
  const loss = brokerLossCell(outputs);
  return [
    ...Object.entries(kafka.listeners).map(([listener, { vantage, bootstrapServers }]): Cell => ({
      target: "kafka",
      vantage,
      listener,
      address: bootstrapServers,
      client: "",
    })),
    ...(loss === undefined ? [] : [loss]),
    ...(controllers.length === 0 ? [] : [controllersCell(controllers)]),
    ...cellAt("zooKeeper", "network", zooKeeper?.connect),
    ...service("schemaRegistry"),
    ...service("connect"),
    ...service("ksqlDb"),
    ...(services.ksqlDb?.cli === undefined
      ? []
      : cellAt("ksqlDbCli", "network", services.ksqlDb.networkUrl)),
    ...service("restProxy"),
  ];
}

function cellAt(target: Target, vantage: Vantage, address: string | undefined): Cell[] {
  return address === undefined ? [] : [{ target, vantage, address, client: "" }];
}

function wayOf(cell: Cell | undefined, results: readonly Result[], group = ""): Way {
  const proofs = results.map(({ title, state, reason, remarks }): Proof => ({
    title,
    verdict: state === "skipped" ? "not tried" : state,
    reason,
    remarks,
  }));
  const has = (verdict: Verdict): boolean => proofs.some((proof) => proof.verdict === verdict);
  const verdict = has("failed") ? "failed" : has("passed") ? "passed" : "not tried";
  const shared = {
    verdict,
    proofs,
    reason: proofs.length === 0 ? "no smoke test has come to it" : undefined,
  } as const;
  if (cell === undefined) {
    return {
      ...shared,
      target: undefined,
      title: group,
      vantage: undefined,
      addresses: [],
      client: undefined,
    };
  }
  const { target, vantage, address, client, listener } = cell;
  return {
    ...shared,
    target,
    title: [TARGET_TITLES[target], listener].join(" ").trim(),
    vantage,
    addresses: address.split(","),
    client: client === "" ? undefined : client,
  };
}
