import { readFileSync } from "node:fs";

/** From where a listener's clients connect. */
export type Vantage = "network" | "host" | "external";

/** One way into the cluster, as the clients of that vantage see it. */
export interface ListenerOutput {
  readonly vantage: Vantage;
  /** `host:port` of every broker, comma-separated, in the order of `kafka.brokers`. */
  readonly bootstrapServers: string;
  /** The security protocol clients must speak. */
  readonly security: "PLAINTEXT";
}

/** The ZooKeeper servers that hold a cluster's metadata. */
export interface ZooKeeperOutput {
  /**
   * What brokers connect to: `host:port` of every server, comma-separated, in the order of
   * `servers`, then a path if the cluster has one of its own.
   */
  readonly connect: string;
  readonly servers: readonly { readonly id: number; readonly container: string }[];
}

/** A broker. */
export interface BrokerOutput {
  readonly id: number;
  /** Absent for a platform that this kit did not deploy. */
  readonly container?: string;
}

/** A node that is controller and nothing else. */
export interface ControllerOutput {
  readonly id: number;
  readonly container: string;
}

/** How many replicas there are of what is made without a number, and how many of them must have a record. */
export interface ReplicationOutput {
  readonly replicas: number;
  readonly minInSync: number;
  /** Of the topic of consumers' offsets. */
  readonly offsetsReplicas: number;
}

/** An HTTP service beside the brokers, as each vantage reaches it. */
export interface ServiceOutput {
  /** Of its API, for programs on the Docker host; absent when nothing is published there. */
  readonly url?: string;
  /** Of its API, for containers on the Docker network. */
  readonly networkUrl?: string;
  /** Of its API, for clients elsewhere; absent when nothing is published for them. */
  readonly externalUrl?: string;
  /** Absent for a platform that this kit did not deploy. */
  readonly container?: string;
}

/** A service that speaks Confluent's Schema Registry API. */
export interface SchemaRegistryOutput extends ServiceOutput {
  readonly product: "confluent" | "apicurio";
}

/** A ksqlDB server, with the container of its command line where there is one. */
export interface KsqlDbOutput extends ServiceOutput {
  readonly cli?: { readonly container: string };
}

/** The services beside the brokers; one that is absent is not deployed. */
export interface ServiceOutputs {
  readonly schemaRegistry?: SchemaRegistryOutput;
  readonly connect?: ServiceOutput;
  readonly ksqlDb?: KsqlDbOutput;
  readonly restProxy?: ServiceOutput;
}

/** The Docker engine that a platform runs on. */
export interface DockerOutput {
  /** Address of the engine in the form that `DOCKER_HOST` takes. */
  readonly host: string;
  /** Name of the Docker network that the containers share. */
  readonly network: string;
}

/** What a platform says of itself: the only thing the smoke tests know about it. */
export interface PlatformOutputs {
  /** Its name; for a platform that this kit did not deploy, the address by which it was found. */
  readonly environment: string;
  /** Absent for a platform that this kit did not deploy. */
  readonly docker?: DockerOutput;
  /** Labels that everything of this environment carries. */
  readonly labels: Readonly<Record<string, string>>;
  readonly kafka: {
    /** Version of Apache Kafka inside the image, such as `3.9.1`; absent where there is no image to know it by. */
    readonly version?: string;
    readonly metadata: "kraft" | "zookeeper";
    /** Absent with ZooKeeper, where Kafka draws it at its first start. */
    readonly clusterId?: string;
    /** Present with ZooKeeper. */
    readonly zooKeeper?: ZooKeeperOutput;
    /** Nodes that are controllers only; absent where brokers are controllers too, and with ZooKeeper. */
    readonly controllers?: readonly ControllerOutput[];
    readonly brokers: readonly BrokerOutput[];
    /** Present where the platform promises other numbers than those that follow from how many brokers it has. */
    readonly replication?: ReplicationOutput;
    readonly listeners: Readonly<Record<string, ListenerOutput>>;
  };
  /** What the smoke tests may do to it that its clients notice; absent for nothing. */
  readonly smoke?: {
    /** Whether one broker may be killed, to see that no acknowledged record is lost. */
    readonly brokerLoss: boolean;
  };
  /** Services beside the brokers, those that there are. */
  readonly services: ServiceOutputs;
  /** Ready-made client settings: library, then listener. */
  readonly clients: {
    readonly kafkajs: Readonly<Record<string, { readonly brokers: readonly string[] }>>;
    readonly librdkafka: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly java: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

/** What a platform says of itself that this kit deployed. */
export type DeployedOutputs = PlatformOutputs & { readonly docker: DockerOutput };

/** Name of the variable that holds the path of the outputs file. */
export const OUTPUTS_VARIABLE = "KAFKA_PLATFORM_OUTPUTS";

/**
 * Reads the outputs that `npm run smoke` (or any pipeline) left for the tests.
 *
 * @throws Error when the variable is unset or its file does not hold outputs
 */
export function readOutputs(env: NodeJS.ProcessEnv = process.env): PlatformOutputs {
  const file = env[OUTPUTS_VARIABLE];
  if (file === undefined || file === "") {
    throw new Error(
      `${OUTPUTS_VARIABLE} is not set; run "npm run smoke -- <environment>", or point it at a file made by "npm run outputs -- <environment>"`,
    );
  }
  let outputs: Partial<PlatformOutputs>;
  try {
    outputs = JSON.parse(readFileSync(file, "utf8")) as Partial<PlatformOutputs>;
  } catch (error) {
    throw new Error(
      `${file} cannot be read as outputs (${(error as Error).message}); make it with "npm run outputs -- <environment>"`,
      { cause: error },
    );
  }
  const { environment, docker, kafka } = outputs;
  const missing = Object.entries({
    environment,
    ...(docker === undefined ? {} : { "docker.network": docker.network }),
    // Each kind of metadata has what names the cluster; without it, nothing would be compared.
    ...(kafka?.metadata === "zookeeper" && kafka.clusterId === undefined
      ? { "kafka.zooKeeper": kafka.zooKeeper }
      : { "kafka.clusterId": kafka?.clusterId }),
    "kafka.brokers": kafka?.brokers,
    "kafka.listeners": kafka?.listeners,
  }).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length > 0) {
    throw new Error(
      `${file} does not describe a platform: it lacks ${missing.join(", ")}; make it with "npm run outputs -- <environment>"`,
    );
  }
  return outputs as PlatformOutputs;
}

/** Name of the variable that forbids, with `no`, what clients of a platform in use would notice. */
export const RESTARTS_VARIABLE = "KAFKA_PLATFORM_RESTARTS";

/**
 * Whether the tests may restart a service to see that it keeps its data.
 *
 * @throws Error when the variable says neither `yes` nor `no`
 */
export function mayRestart(env: NodeJS.ProcessEnv = process.env): boolean {
  const answer = env[RESTARTS_VARIABLE] ?? "yes";
  if (answer !== "yes" && answer !== "no") {
    throw new Error(`${RESTARTS_VARIABLE} is "${answer}"; set it to yes or no`);
  }
  return answer === "yes";
}
