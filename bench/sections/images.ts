import { setTimeout as sleep } from "node:timers/promises";
import { Probe } from "../../constructs/private/probe.ts";
import { findRunningEngine } from "../../cli/prepare/engine.ts";
import { ensureLocalImages } from "../../cli/prepare/local-images.ts";
import { ask, lastLines } from "../../cli/shell.ts";
import {
  combinedNode,
  CONNECT_WORKER,
  Containers,
  eventually,
  exec,
  logs,
  stop,
  succeed,
  type Env,
} from "../../test/e2e/containers.ts";
import { interruption } from "../command.ts";
import type {
  Comparison,
  Measurement,
  Section,
  SectionOptions,
  SectionResult,
} from "../section.ts";

/** How often is asked whether a service serves: a small part of the fastest start. */
const POLL_MS = 20;
const DEADLINE_MS = 60_000;

/** A service that is started, again and again, in a new container on nothing. */
interface Service {
  readonly key: string;
  readonly title: string;
  readonly image: string;
  readonly env: Env;
  readonly command?: readonly string[];
  /** How it is seen that it serves, at an address. */
  readonly probe: (address: string) => Probe;
  /** Variable that gives its JVM options. */
  readonly options: "KAFKA_OPTS" | "JAVA_OPTS_APPEND";
}

const BROKER = combinedNode("broker");

const WORKER = [...CONNECT_WORKER, "plugin.path=/opt/kafka/libs/connect-file-4.1.1.jar"];

/** Connect, with some lines more in its properties. */
function connect(key: string, title: string, ...lines: readonly string[]): Service {
  return {
    key,
    title,
    image: "kafka-platform-kit/kafka:4.1.1",
    env: {
      CONNECT_PROPERTIES: [...WORKER, ...lines].join("\n"),
      KAFKA_HEAP_OPTS: "-Xmx256M",
    },
    command: [
      "bash",
      "-c",
      `printf %s "$CONNECT_PROPERTIES" > /tmp/connect.properties && exec connect-distributed /tmp/connect.properties`,
    ],
    probe: (address) => Probe.http(address, 8083, "/connectors"),
    options: "KAFKA_OPTS",
  };
}

/** All that a deploy of local images starts; those later in the list need those before. */
const SERVICES: readonly Service[] = [
  {
    key: "zookeeper-3.8.4",
    title: "ZooKeeper 3.8.4",
    image: "kafka-platform-kit/zookeeper:3.8.4",
    env: { ZOOKEEPER_CLIENT_PORT: "2181", KAFKA_HEAP_OPTS: "-Xmx256M" },
    probe: (address) => Probe.zooKeeper(address, 2181),
    options: "KAFKA_OPTS",
  },
  ...["4.1.1", "3.9.1"].map((version) => ({
    key: `kafka-${version}`,
    title: `Kafka ${version}, an empty volume`,
    image: `kafka-platform-kit/kafka:${version}`,
    env: combinedNode("kafka"),
    probe: (address: string) => Probe.kafka(address, 19092),
    options: "KAFKA_OPTS" as const,
  })),
  {
    key: "kafka-3.0.1",
    title: "Kafka 3.0.1 with ZooKeeper",
    image: "kafka-platform-kit/kafka:3.0.1",
    env: {
      KAFKA_BROKER_ID: "1",
      KAFKA_ZOOKEEPER_CONNECT: "zookeeper:2181",
      KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:19092",
      KAFKA_HEAP_OPTS: "-Xmx256M",
    },
    probe: (address) => Probe.kafka(address, 19092),
    options: "KAFKA_OPTS",
  },
  connect("connect-4.1.1", "Connect 4.1.1", "plugin.discovery=service_load"),
  connect("connect-4.1.1-search", "Connect 4.1.1, searching all jars for plugins"),
  {
    key: "apicurio-registry-3.0.9",
    title: "Apicurio Registry 3.0.9",
    image: "kafka-platform-kit/apicurio-registry:3.0.9",
    env: {
      APICURIO_STORAGE_KIND: "kafkasql",
      APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: "broker:19092",
      APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT: "1000",
      JAVA_OPTS_APPEND: "-Xmx256m",
    },
    probe: (address) => Probe.http(address, 8080, "/health/ready"),
    options: "JAVA_OPTS_APPEND",
  },
];

const COMMAND = ["kafka-topics", "--bootstrap-server", "broker:19092", "--list"];
const SIDES = ["without", "with"] as const;
type Side = (typeof SIDES)[number];

/** How long the local images' services take from the engine's order to their first answer. */
export const imagesSection: Section = {
  name: "images",
  title: "Start of the local images",
  about:
    "Each service in a new container, from `docker run` until its healthcheck's own question is answered, with the image's archive of classes and without (the JDK's own archive stays), by turns; and one command by `docker exec`.",
  run: measure,
};

async function measure(options: SectionOptions): Promise<SectionResult> {
  const images = [...new Set(SERVICES.map(({ image }) => image))];
  // One of an older recipe may have no archive.
  await ensureLocalImages(images, await findRunningEngine(), { noInstall: true, yes: true });
  const containers = await Containers.create("bench-images", images);
  try {
    const values = await measureIn(containers, options);
    return {
      measurements: [...values].map(([key, seconds]) => measurementOf(key, seconds)),
      comparisons: [...SERVICES.map(({ key }) => key), "kafka-topics"].map(comparisonOf),
      breakdowns: [],
      notes: [
        "What others need is there before: a ZooKeeper for Kafka 3.0.1, a broker for Connect and the registry.",
        "Connect searches all jars for plugins by default; the kit has it read their manifests where all have one.",
      ],
    };
  } finally {
    await containers.remove();
  }
}

async function measureIn(
  containers: Containers,
  { pairs, tell }: SectionOptions,
): Promise<Map<string, number[]>> {
  const archive = await ownArchive(containers);
  const zooKeeper = { env: { ZOOKEEPER_CLIENT_PORT: "2181" } };
  await containers.start("zookeeper", "kafka-platform-kit/zookeeper:3.8.4", zooKeeper);
  const broker = await containers.start("broker", "kafka-platform-kit/kafka:4.1.1", {
    env: BROKER,
  });
  await eventually(COMMAND.join(" "), broker, () => exec(broker, ...COMMAND));
  const values = new Map<string, number[]>();
  const note = (key: string, side: Side, seconds: number): void => {
    tell(`${key}, ${side} archive: ${seconds.toFixed(2)} s`);
    values.set(`${key}/${side}`, [...(values.get(`${key}/${side}`) ?? []), seconds]);
  };
  for (const service of SERVICES) {
    // Reads the image into memory, and makes the topics of those that keep something in the broker.
    await secondsToServe(containers, service, service.env);
    for (const side of turns(pairs)) {
      const env = side === "with" ? service.env : withOption(service, archive);
      note(service.key, side, await secondsToServe(containers, service, env));
    }
  }
  for (const side of turns(pairs)) {
    interruption.throwIfAborted();
    const option = side === "with" ? "" : archive;
    const started = performance.now();
    await succeed(["exec", "--env", `KAFKA_OPTS=${option}`, broker, ...COMMAND]);
    note("kafka-topics", side, (performance.now() - started) / 1000);
  }
  return values;
}

/** Either side as often, and either of them first as often. */
function turns(pairs: number): Side[] {
  return Array.from({ length: pairs }, (_, pair) =>
    pair % 2 === 0 ? SIDES : SIDES.toReversed(),
  ).flat();
}

/** The option that has a JVM do with the archive of the JDK alone, as it would by itself. */
async function ownArchive(containers: Containers): Promise<string> {
  const find = ["bash", "-c", "echo /usr/lib/jvm/java-17-*/lib/server/classes.jsa"];
  const { exitCode, output } = await containers.run("kafka-platform-kit/kafka:4.1.1", {
    command: find,
  });
  if (exitCode !== 0 || output.includes("*")) throw new Error(`no archive of the JDK: ${output}`);
  return `-XX:SharedArchiveFile=${output}`;
}

function withOption({ env, options }: Service, option: string): Env {
  return { ...env, [options]: `${env[options] ?? ""} ${option}`.trim() };
}

async function secondsToServe(
  containers: Containers,
  { image, command = [], probe }: Service,
  env: Env,
): Promise<number> {
  interruption.throwIfAborted();
  const started = performance.now();
  const container = await containers.start("kafka", image, { env, command });
  try {
    const networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const address = await succeed(["inspect", "--format", networks, container]);
    const [, file = "", ...args] = probe(address).command;
    while (!(await ask(file, args)).ok) {
      interruption.throwIfAborted();
      if (performance.now() - started > DEADLINE_MS) {
        const end = lastLines(await logs(container));
        throw new Error(`${image} does not serve after ${DEADLINE_MS / 1000} s:\n${end}`);
      }
      await sleep(POLL_MS);
    }
    return (performance.now() - started) / 1000;
  } finally {
    // In order: else the next one would find this broker registered, or wait for this worker.
    await stop(container);
    await succeed(["rm", "--force", "--volumes", container]);
  }
}

function measurementOf(key: string, values: readonly number[]): Measurement {
  const [name = "", side = ""] = key.split("/");
  return { key, title: `${titleOf(name)}, ${side} archive`, unit: "s", values };
}

function comparisonOf(name: string): Comparison {
  return { title: titleOf(name), baseline: `${name}/without`, ours: `${name}/with` };
}

function titleOf(name: string): string {
  return SERVICES.find(({ key }) => key === name)?.title ?? `${name} --list`;
}
