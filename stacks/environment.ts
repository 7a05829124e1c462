import { readdir } from "node:fs/promises";
import type { TerraformBackend, TerraformStack } from "cdktf";
import { closest } from "fastest-levenshtein";
import {
  Distribution,
  InvalidSettingError,
  SERVICES,
  type DistributionName,
  type Image,
  type KafkaClusterProps,
  type KafkaConnectProps,
  type KsqlDbCliProps,
  type KsqlDbProps,
  type RestProxyProps,
  type SchemaRegistryProps,
  type ServiceName,
  type Sizing,
  type ZooKeeperProps,
} from "../constructs/index.ts";

/** What an environment asks for: the default export of its file in `environments/`. */
export interface EnvironmentSettings {
  /** The distribution that is wanted. */
  readonly distribution: DistributionName;
  /**
   * The version of each distribution this environment may run on. `local` is the one fallen back to where
   * the wanted images cannot be pulled.
   */
  readonly versions: Readonly<Partial<Record<DistributionName, string>>>;
  /**
   * What its services are sized for; one that has a sizing of its own goes by that.
   *
   * @default Sizing.server()
   */
  readonly sizing?: Sizing;
  /**
   * The ZooKeeper that the brokers keep their metadata in.
   *
   * @default - there is none: the brokers run on KRaft
   */
  readonly zooKeeper?: Omit<ZooKeeperProps, Derived>;
  /** The brokers; with ZooKeeper, their metadata is there. */
  readonly kafka: Omit<KafkaClusterProps, Derived | "clusterId">;
  /** @default - there is none */
  readonly schemaRegistry?: ServiceSettings<SchemaRegistryProps>;
  /** @default - there is none */
  readonly connect?: ServiceSettings<KafkaConnectProps>;
  /** @default - there is none */
  readonly ksqlDb?: ServiceSettings<KsqlDbProps> & {
    /**
     * A container with its command line.
     *
     * @default - there is none
     */
    readonly cli?: KsqlDbCliProps;
  };
  /** @default - there is none */
  readonly restProxy?: ServiceSettings<RestProxyProps>;
  /**
   * What the smoke tests may do beside writing and reading topics of their own.
   *
   * @default - nothing
   */
  readonly smoke?: {
    /** Kill one broker for a while, to prove that no acknowledged record is lost with it; it takes three of them. */
    readonly brokerLoss?: boolean;
  };
  /**
   * Where the state is kept: any backend of cdktf's, such as `(stack) => new PgBackend(stack, { … })`. Each
   * environment needs one of its own. It holds no secrets: those are given by the backend's own variables.
   *
   * @default - a file in `.kafka-platform/`
   */
  readonly backend?: (stack: TerraformStack) => TerraformBackend;
}

/** What follows from the environment itself. */
type Derived = "name" | "distribution" | "network" | "labels";

/** What an environment says of a service; the other services that it works with are those of the environment. */
type ServiceSettings<Props> = Omit<Props, Derived | "kafka" | "schemaRegistry" | "connect"> & {
  /** @default - `<environment>-<service>` */
  readonly name?: string;
};

/** An environment: its name, which is its file's, and what it asks for. */
export interface Environment {
  readonly name: string;
  readonly settings: EnvironmentSettings;
}

const FOLDER = new URL("./environments/", import.meta.url);

/** Names of all environments, in alphabetical order. */
export async function environmentNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
}

/**
 * Loads an environment.
 *
 * @throws InvalidSettingError when there is none of that name, or when its file holds a setting that cannot work
 */
export async function loadEnvironment(name: string): Promise<Environment> {
  const names = await environmentNames();
  if (!names.includes(name)) {
    throw new InvalidSettingError(
      `unknown environment "${name}"; did you mean ${closest(name, names)}? (known: ${names.join(", ")}; each is a file in stacks/environments/)`,
    );
  }
  try {
    const module = (await import(new URL(`${name}.ts`, FOLDER).href)) as {
      default: EnvironmentSettings;
    };
    return { name, settings: module.default };
  } catch (error) {
    if (!(error instanceof InvalidSettingError)) throw error;
    throw new InvalidSettingError(`environment ${name}: ${error.message}`, { cause: error });
  }
}

/**
 * The distribution of an environment by name, in the environment's version or a given one.
 *
 * @throws InvalidSettingError when the environment has no version of it
 */
export function distributionOf(
  { name, settings }: Environment,
  distribution: DistributionName = settings.distribution,
  version = settings.versions[distribution],
): Distribution {
  if (version === undefined) {
    throw new InvalidSettingError(
      `environment ${name} has no version for ${distribution} images; it has ${Object.keys(settings.versions).join(", ")}`,
    );
  }
  return Distribution.named(distribution, version);
}

/**
 * The services that an environment asks for and a distribution has no images of, where that one only stands in for
 * the wanted one. What the wanted one lacks is refused.
 */
export function leftOut({ settings }: Environment, distribution: Distribution): ServiceName[] {
  if (distribution.name === settings.distribution) return [];
  return SERVICES.filter(
    (service) => settings[service] !== undefined && distribution[service] === undefined,
  );
}

/** The images that an environment needs of a distribution, where it has them, each once. */
export function imagesOf({ settings }: Environment, distribution: Distribution): Image[] {
  const { kafka, zooKeeper, schemaRegistry, connect, ksqlDb, restProxy } = distribution;
  const images = [
    kafka,
    settings.zooKeeper && zooKeeper,
    settings.schemaRegistry && schemaRegistry?.image,
    settings.connect && connect?.image,
    settings.ksqlDb && ksqlDb?.server,
    settings.ksqlDb?.cli && ksqlDb?.cli,
    settings.restProxy && restProxy,
  ].filter((image) => image !== undefined);
  return [...new Map(images.map((image) => [image.reference, image])).values()];
}
