import { setTimeout as sleep } from "node:timers/promises";
import { ENVIRONMENT_LABEL } from "../../constructs/index.ts";
import { RESTARTS_VARIABLE } from "../../smoke-tests/outputs.ts";
import { command, interruption } from "../command.ts";
import { PLATFORMS, type Platform } from "../platforms.ts";
import { Rig } from "../rig.ts";
import type {
  Comparison,
  Measurement,
  Section,
  SectionOptions,
  SectionResult,
} from "../section.ts";
import { median } from "../statistics.ts";

/**
 * Memory, in MiB, of a well-known docker-compose platform of Confluent 7.0.1: its file, run once on two cores with the real
 * services, which cannot be had here; idle. Another run of the same services had resident, in MB: ZooKeeper 108, broker 401,
 * registry 184, ksqlDB 526, REST Proxy 174.
 */
const BLOG = { broker: 379, zookeeper: 107, registry: 164, ksqldb: 545, rest: 152 } as const;

/** The services that are measured: their keys, and what their containers' names end with. */
const SERVICES = [
  { key: "broker", title: "broker, its own controller", container: "kafka-1" },
  { key: "registry", title: "Apicurio's registry", container: "schema-registry" },
  { key: "connect", title: "Connect", container: "connect" },
] as const;

type ServiceKey = (typeof SERVICES)[number]["key"];

/** Resident MiB of each service, at one time. */
type Sample = Readonly<Record<ServiceKey, number>>;

/** When they are measured. */
const PHASES = {
  idle: "idle",
  smoke: "under the smoke tests, at the most",
  load: "under 10 MB/s, at the most",
} as const;

type Phase = keyof typeof PHASES;

/** Seconds from a deploy's end to the first look. */
const SETTLE = 30;

/** Ten MiB a second, for half a minute, in records of 1 KiB. */
const LOAD = { rate: 10 * 1024, records: 30 * 10 * 1024 } as const;

/** How much memory the services take. */
export const memorySection: Section = {
  name: "memory",
  title: "Memory",
  about:
    "All of dev that local images give is deployed. Resident memory of each container's processes is read half a minute later, while the smoke tests run, and while a producer writes 10 MB/s that a consumer reads, both in containers of their own.",
  run: (options) => Rig.use((rig) => measure(rig, options)),
};

async function measure(rig: Rig, { pairs, tell }: SectionOptions): Promise<SectionResult> {
  const platform = PLATFORMS.find(({ name }) => name === "platform");
  if (platform === undefined) throw new Error("no platform to look at");
  const samples: Record<Phase, Sample[]> = { idle: [], smoke: [], load: [] };
  const rates: number[] = [];
  for (let run = 1; run <= pairs; run++) {
    const note = (phase: Phase, sample: Sample): void => {
      samples[phase].push(sample);
      tell(`${run} of ${pairs}, ${PHASES[phase]}: ${sumOf(sample).toFixed(0)} MiB`);
    };
    try {
      await rig.deploy(platform);
      await sleep(SETTLE * 1000, undefined, { signal: interruption });
      note("idle", await sampleOf(platform));
      // Else they restart the registry, to see that it keeps its schemas.
      const env = { [RESTARTS_VARIABLE]: "no" };
      const smoke = rig.run(["npm", "run", "smoke", "--", platform.environment], { env });
      note("smoke", await peakOf(platform, smoke));
      const load = carry(platform);
      note("load", await peakOf(platform, load));
      rates.push(await load);
    } finally {
      await rig.destroy(platform);
    }
  }
  const blog = blogMeasurements();
  const ours = (Object.keys(PHASES) as Phase[]).flatMap((phase) =>
    ownMeasurements(phase, samples[phase]),
  );
  return {
    measurements: [
      ...blog,
      ...ours,
      { key: "load/rate", title: "written under 10 MB/s", unit: "MB/s", values: rates },
    ],
    comparisons: COMPARISONS,
    breakdowns: [
      {
        title: PHASES.idle,
        unit: "MiB",
        parts: SERVICES.map(({ key, title }) => ({
          name: title,
          value: median(samples.idle.map((sample) => sample[key])),
        })),
      },
    ],
    notes: [
      "The blog's figures are of a single run on two cores, with Confluent's real 7.0.1 services, its own heaps and collectors; they are not measured here, and whether they are of ps or of the engine was not noted.",
      "The platforms are not the same: the blog's has ZooKeeper, ksqlDB and REST Proxy, whose images cannot be had here; this one has Connect, which the blog's file names and lacks.",
      "Resident is what ps says of a container's processes; pages of the log that the kernel caches are not in it.",
      "At the most is each service's own highest, of looks half a second apart or more; sums are of these, though they were not at the same time.",
      "Kafka's own tools give and measure the load, whose MB are MiB.",
    ],
  };
}

const COMPARISONS: readonly Comparison[] = [
  {
    title: "broker, metadata and registry, idle",
    baseline: "blog/kafka",
    ours: "idle/kafka",
    aim: 0.6,
  },
  { title: "the whole local platform, idle", baseline: "blog/all", ours: "idle/all", aim: 0.6 },
  {
    title: "broker and metadata, idle",
    baseline: "blog/broker-zookeeper",
    ours: "idle/broker",
  },
  { title: "registry, idle", baseline: "blog/registry", ours: "idle/registry" },
];

function blogMeasurements(): Measurement[] {
  const { broker, zookeeper, registry, ksqldb, rest } = BLOG;
  return [
    { key: "broker", title: "broker", value: broker },
    { key: "zookeeper", title: "ZooKeeper", value: zookeeper },
    { key: "registry", title: "Schema Registry", value: registry },
    { key: "ksqldb", title: "ksqlDB", value: ksqldb },
    { key: "rest", title: "REST Proxy", value: rest },
    { key: "broker-zookeeper", title: "broker and ZooKeeper", value: broker + zookeeper },
    {
      key: "kafka",
      title: "broker, ZooKeeper and Schema Registry",
      value: broker + zookeeper + registry,
    },
    { key: "all", title: "all", value: broker + zookeeper + registry + ksqldb + rest },
  ].map(({ key, title, value }) => ({
    key: `blog/${key}`,
    title: `the blog's: ${title}, idle`,
    unit: "MiB",
    values: [value],
  }));
}

function ownMeasurements(phase: Phase, samples: readonly Sample[]): Measurement[] {
  const sums = [
    ...SERVICES.map(({ key, title }) => ({ key, title, keys: [key] })),
    {
      key: "kafka",
      title: "broker and registry",
      keys: ["broker", "registry"] as const,
    },
    { key: "all", title: "all", keys: SERVICES.map(({ key }) => key) },
  ];
  return sums.map(({ key, title, keys }) => ({
    key: `${phase}/${key}`,
    title: `${title}, ${PHASES[phase]}`,
    unit: "MiB",
    values: samples.map((sample) => keys.reduce((sum, service) => sum + sample[service], 0)),
  }));
}

function sumOf(sample: Sample): number {
  return Object.values(sample).reduce((sum, value) => sum + value, 0);
}

/** What each service takes now. */
async function sampleOf({ environment }: Platform): Promise<Sample> {
  const entries: [string, number][] = [];
  for (const { key, container } of SERVICES) {
    entries.push([key, await residentOf(`${environment}-${container}`)]);
  }
  return Object.fromEntries(entries) as Sample;
}

/** The most that each service takes while something runs; its failure is thrown. */
async function peakOf(platform: Platform, running: Promise<unknown>): Promise<Sample> {
  const over = running.then(() => true);
  // It may fail while nobody waits for it yet.
  over.catch(() => {});
  try {
    let peak = await sampleOf(platform);
    while (!(await Promise.race([over, sleep(500, false)]))) {
      const now = await sampleOf(platform);
      peak = Object.fromEntries(
        SERVICES.map(({ key }) => [key, Math.max(peak[key], now[key])]),
      ) as Sample;
    }
    return peak;
  } finally {
    // Where a look failed: the platform is not to be removed from under it.
    await over.catch(() => {});
  }
}

/** Resident memory of a container's processes, in MiB. */
async function residentOf(container: string): Promise<number> {
  const { lines } = await command(["docker", "top", container, "-eo", "pid,rss"]);
  // Titles first, then a process a line.
  const kibibytes = lines.slice(1).map(({ text }) => Number(text.trim().split(/\s+/)[1]));
  const sum = kibibytes.reduce((total, value) => total + value, 0);
  if (!(sum > 0))
    throw new Error(
      `no process of ${container} has memory: ${lines.map(({ text }) => text).join("; ")}`,
    );
  return sum / 1024;
}

/**
 * Writes 10 MB/s and reads them, each in a container of its own.
 *
 * @returns MB/s that were written
 */
async function carry({ environment }: Platform): Promise<number> {
  const broker = `${environment}-kafka-1`;
  const server = `${broker}:19092`;
  const { lines } = await command(["docker", "inspect", "--format={{.Image}}", broker]);
  const image = lines[0]?.text ?? "";
  const kafka = (...args: string[]): ReturnType<typeof command> =>
    command([
      ...["docker", "run", "--rm", `--network=${environment}-network`],
      ...[`--label=${ENVIRONMENT_LABEL}=${environment}`, image, ...args],
    ]);
  await kafka("kafka-topics", `--bootstrap-server=${server}`, "--create", "--topic=load");
  const [written, read] = await Promise.all([
    kafka(
      ...["kafka-producer-perf-test", "--topic=load", `--num-records=${LOAD.records}`],
      ...["--record-size=1024", `--throughput=${LOAD.rate}`],
      ...["--producer-props", `bootstrap.servers=${server}`, "acks=all"],
    ),
    kafka(
      ...["kafka-consumer-perf-test", "--topic=load", `--messages=${LOAD.records}`],
      ...[`--bootstrap-server=${server}`, "--timeout=60000", "--hide-header"],
    ),
  ]);
  const last = written.lines.at(-1)?.text ?? "";
  const rate = /^(\d+) records sent, .*\(([\d.]+) MB\/sec\)/.exec(last);
  // Start, end, MB, MB/s, records, …
  const records = read.lines.at(-1)?.text.split(", ")[4];
  if (rate?.[1] !== String(LOAD.records) || records !== String(LOAD.records)) {
    throw new Error(`of ${LOAD.records} records, ${records} were read; the producer said: ${last}`);
  }
  return Number(rate[2]);
}
