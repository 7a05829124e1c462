import { InvalidSettingError } from "./errors.ts";
import { Image } from "./image.ts";
import type { Metadata } from "./metadata.ts";
import { minorOf, nearestVersion, parseVersion } from "./private/version.ts";

/** Confluent Platform by `major.minor`, and the Apache Kafka that it ships (Confluent's interoperability table). */
const CONFLUENT_KAFKA: Readonly<Record<string, string>> = {
  "7.0": "3.0",
  "7.1": "3.1",
  "7.2": "3.2",
  "7.3": "3.3",
  "7.4": "3.4",
  "7.5": "3.5",
  "7.6": "3.6",
  "7.7": "3.7",
  "7.8": "3.8",
  "7.9": "3.9",
  "8.0": "4.0",
  "8.1": "4.1",
  "8.2": "4.2",
  "8.3": "4.3",
};

/** Apache Kafka by `major.minor` as published in `apache/kafka`; the image exists from 3.7 on. */
const APACHE_KAFKA = ["3.7", "3.8", "3.9", "4.0", "4.1"] as const;

/** Versions of Kafka that `images/` builds, and the ZooKeeper that each ships. */
const LOCAL_KAFKA: Readonly<Record<string, string | undefined>> = {
  "3.0.1": "3.6.3",
  "3.9.1": "3.8.4",
  "4.1.1": undefined,
};

/** The Apicurio Registry that goes with Apache's and the local images; later ones need Java 21. */
const APICURIO = "3.0.9";

/** Names that can be asked for by hand. */
export type DistributionName = "confluent" | "apache" | "local";

/** A Schema Registry's image, and whose settings it takes. */
export interface SchemaRegistryImage {
  readonly image: Image;
  /** `confluent` as cp-schema-registry, `apicurio` as apicurio/apicurio-registry 3. */
  readonly product: "confluent" | "apicurio";
}

/** A Kafka Connect image, and how it takes its settings. */
export type ConnectImage =
  /** As cp-kafka-connect does: from `CONNECT_*` variables. */
  | { readonly image: Image; readonly contract: "confluent" }
  /** As apache/kafka does: `/opt/kafka/bin/connect-distributed.sh` with a file. */
  | {
      readonly image: Image;
      readonly contract: "kafka";
      /** The `plugin.path`, comma-separated. */
      readonly plugins: string;
      /**
       * Whether all plugins there and on the class path have a manifest (`META-INF/services`), and the worker can read
       * one (Kafka 3.6, KIP-898): it then looks for them there alone, and not in each class of each jar.
       *
       * @default false
       */
      readonly pluginsHaveManifests?: boolean;
    };

/** The images of ksqlDB. */
export interface KsqlDbImages {
  /** Takes its settings from `KSQL_*` variables, as cp-ksqldb-server does. */
  readonly server: Image;
  /** Has the command `ksql`. */
  readonly cli: Image;
}

/** The images of a distribution, service by service; undefined where there is none. */
interface Images {
  readonly kafka: Image;
  readonly zooKeeper?: Image | undefined;
  readonly schemaRegistry?: SchemaRegistryImage | undefined;
  readonly connect?: ConnectImage | undefined;
  readonly ksqlDb?: KsqlDbImages | undefined;
  readonly restProxy?: Image | undefined;
}

/** The services beside the brokers, by the names that environments and outputs have for them. */
export const SERVICES = ["schemaRegistry", "connect", "ksqlDb", "restProxy"] as const;

/** One of {@link SERVICES}. */
export type ServiceName = (typeof SERVICES)[number];

/** What people call the services, and who has images of them. */
const SERVICE_IMAGES: Readonly<Record<ServiceName, { title: string; who: string }>> = {
  schemaRegistry: {
    title: "Schema Registry",
    who: "Distribution.confluent(), apache() or local()",
  },
  connect: { title: "Connect", who: "Distribution.confluent(), apache() or local()" },
  ksqlDb: { title: "ksqlDB", who: "Distribution.confluent()" },
  restProxy: { title: "REST Proxy", who: "Distribution.confluent()" },
};

/** What people call a service. */
export function titleOf(service: ServiceName): string {
  return SERVICE_IMAGES[service].title;
}

/**
 * Refuses a service that a distribution has no image of.
 *
 * @throws InvalidSettingError naming those that have one
 */
export function lacking(distribution: Distribution, service: ServiceName): never {
  const { title, who } = SERVICE_IMAGES[service];
  throw new InvalidSettingError(
    `${distribution} has no image of ${title}; use ${who}, or give ${service} to Distribution.of()`,
  );
}

/** Images of your own; see {@link Distribution.of}. */
export interface DistributionProps {
  /** Name for messages and outputs. */
  readonly name: string;
  /** A Kafka image that takes its settings from `KAFKA_*` variables, as cp-kafka does. */
  readonly kafka: Image;
  /** Version of Apache Kafka inside, such as `3.9.1`. */
  readonly kafkaVersion: string;
  /**
   * A ZooKeeper image that takes its settings from `ZOOKEEPER_*` variables, as cp-zookeeper does.
   *
   * @default - there is none
   */
  readonly zooKeeper?: Image;
  /** @default - there is none */
  readonly schemaRegistry?: SchemaRegistryImage;
  /** @default - there is none */
  readonly connect?: ConnectImage;
  /** @default - there is none */
  readonly ksqlDb?: KsqlDbImages;
  /**
   * A REST Proxy image that takes its settings from `KAFKA_REST_*` variables, as cp-kafka-rest does.
   *
   * @default - there is none
   */
  readonly restProxy?: Image;
}

/** Where the images come from, and what their versions can do. */
export class Distribution {
  /**
   * Confluent's images (`confluentinc/cp-*`), 7.0 to 8.3.
   *
   * @param version the platform's version, all three numbers, such as `7.9.1`
   * @throws InvalidSettingError when the version is not pinned or not known
   */
  static confluent(version: string): Distribution {
    const minor = minorOf(parseVersion(version, "Confluent", "7.9.1"));
    const kafkaVersion = CONFLUENT_KAFKA[minor];
    if (kafkaVersion === undefined) {
      const known = Object.keys(CONFLUENT_KAFKA);
      throw unknownVersion("Confluent", version, nearestVersion(version, known), known);
    }
    const image = (name: string): Image => Image.of(`confluentinc/cp-${name}:${version}`);
    return new Distribution("confluent", version, kafkaVersion, {
      kafka: image("kafka"),
      zooKeeper: hasKafka(kafkaVersion, 4, 0) ? undefined : image("zookeeper"),
      schemaRegistry: { image: image("schema-registry"), product: "confluent" },
      connect: { image: image("kafka-connect"), contract: "confluent" },
      ksqlDb: {
        server: image("ksqldb-server"),
        // From 8.1 on, the command is in the server's image, and has none of its own.
        cli: image(hasKafka(kafkaVersion, 4, 1) ? "ksqldb-server" : "ksqldb-cli"),
      },
      restProxy: image("kafka-rest"),
    });
  }

  /**
   * The Apache project's image (`apache/kafka`), 3.7 to 4.1, for brokers and Connect, with Apicurio Registry. It runs KRaft only.
   *
   * @param version Kafka's version, all three numbers, such as `4.1.1`
   * @throws InvalidSettingError when the version is not pinned or not known
   */
  static apache(version: string): Distribution {
    const minor = minorOf(parseVersion(version, "Apache Kafka", "4.1.1"));
    if (!(APACHE_KAFKA as readonly string[]).includes(minor)) {
      throw unknownVersion(
        "Apache Kafka",
        version,
        nearestVersion(version, APACHE_KAFKA),
        APACHE_KAFKA,
      );
    }
    return new Distribution("apache", version, version, {
      ...kafkaAndConnect(`apache/kafka:${version}`, version),
      schemaRegistry: apicurio("apicurio"),
    });
  }

  /**
   * Images built on this machine from package registries (`kafka-platform-kit/*`): Kafka with Connect, the ZooKeeper
   * that it ships, Apicurio Registry.
   *
   * @param version Kafka's version: `3.0.1` or `3.9.1`, with ZooKeeper, or `4.1.1`, without
   * @throws InvalidSettingError when there is no recipe for the version
   */
  static local(version: string): Distribution {
    if (!Object.hasOwn(LOCAL_KAFKA, version)) {
      const known = Object.keys(LOCAL_KAFKA);
      throw unknownVersion("local", version, nearestVersion(version, known), known);
    }
    const zooKeeper = LOCAL_KAFKA[version];
    return new Distribution("local", version, version, {
      ...kafkaAndConnect(`kafka-platform-kit/kafka:${version}`, version),
      zooKeeper:
        zooKeeper === undefined ? undefined : Image.of(`kafka-platform-kit/zookeeper:${zooKeeper}`),
      schemaRegistry: apicurio("kafka-platform-kit"),
    });
  }

  /**
   * Images of your own: a mirror, a fork, a pinned digest.
   *
   * @throws InvalidSettingError when `kafkaVersion` is not pinned
   */
  static of(props: DistributionProps): Distribution {
    parseVersion(props.kafkaVersion, "Kafka", "3.9.1");
    return new Distribution(props.name, props.kafkaVersion, props.kafkaVersion, props);
  }

  /** The distribution called `name`, for choices that come as text. */
  static named(name: DistributionName, version: string): Distribution {
    return Distribution[name](version);
  }

  readonly name: string;
  /** The distribution's own version. */
  readonly version: string;
  /** Version of Apache Kafka inside; `major.minor` where the distribution counts by its own numbers. */
  readonly kafkaVersion: string;
  /** The broker's image. */
  readonly kafka: Image;
  /** Undefined where there is none. */
  readonly zooKeeper: Image | undefined;
  /** Undefined where there is none. */
  readonly schemaRegistry: SchemaRegistryImage | undefined;
  /** Undefined where there is none. */
  readonly connect: ConnectImage | undefined;
  /** Undefined where there is none. */
  readonly ksqlDb: KsqlDbImages | undefined;
  /** Undefined where there is none. */
  readonly restProxy: Image | undefined;

  private constructor(name: string, version: string, kafkaVersion: string, images: Images) {
    this.name = name;
    this.version = version;
    this.kafkaVersion = kafkaVersion;
    this.kafka = images.kafka;
    this.zooKeeper = images.zooKeeper;
    this.schemaRegistry = images.schemaRegistry;
    this.connect = images.connect;
    this.ksqlDb = images.ksqlDb;
    this.restProxy = images.restProxy;
  }

  /** Whether the images hold Kafka `major.minor` or later. */
  hasKafka(major: number, minor: number): boolean {
    return hasKafka(this.kafkaVersion, major, minor);
  }

  /**
   * Why a cluster with this metadata cannot run on these images, with the nearest that can.
   *
   * @returns undefined when it can
   */
  refuses(metadata: Metadata): string | undefined {
    if (metadata.mode === "kraft") {
      // cp-kafka's start script demands KAFKA_ZOOKEEPER_CONNECT up to 7.3; KRaft is for production from Kafka 3.3.
      if (this.name === "confluent" && !this.hasKafka(3, 4)) {
        return `Confluent ${this.version} has no KRaft; the first that has it is 7.4`;
      }
      if (!this.hasKafka(3, 3)) {
        return `Kafka ${this.kafkaVersion} has no KRaft fit for use; the first that has it is 3.3`;
      }
      return undefined;
    }
    if (this.hasKafka(4, 0)) {
      return `${this} has no ZooKeeper; the last that has it is Confluent 7.9 (Kafka 3.9), or use Metadata.kraft()`;
    }
    if (this.name === "apache") {
      return `the image ${this.kafka} runs KRaft only; Confluent 7.9 has ZooKeeper, or use Metadata.kraft()`;
    }
    return undefined;
  }

  /**
   * Why the images cannot be had for an architecture, by the name that images go by (`amd64`, `arm64`), with the
   * nearest that can.
   *
   * @returns undefined when they can, as far as it is known
   */
  refusesArchitecture(architecture: string): string | undefined {
    // Confluent publishes its images for arm64 from 7.2.0 on.
    if (this.name === "confluent" && architecture !== "amd64" && !this.hasKafka(3, 2)) {
      return `the images of Confluent ${this.version} are for amd64 only; the nearest that are for arm64 too are those of 7.2.0`;
    }
    return undefined;
  }

  toString(): string {
    const titles = new Map([
      ["confluent", "Confluent"],
      ["apache", "Apache Kafka"],
    ]);
    return `${titles.get(this.name) ?? this.name} ${this.version}`;
  }
}

function hasKafka(version: string, major: number, minor: number): boolean {
  const [ours = 0, oursMinor = 0] = version.split(".").map(Number);
  return ours > major || (ours === major && oursMinor >= minor);
}

/** Kafka's own image has Connect in it, which finds the file connectors by their path. Kafka's own plugins have had manifests since 3.6. */
function kafkaAndConnect(reference: string, version: string): Pick<Images, "kafka" | "connect"> {
  const image = Image.of(reference);
  const plugins = `/opt/kafka/libs/connect-file-${version}.jar`;
  const pluginsHaveManifests = hasKafka(version, 3, 6);
  return { kafka: image, connect: { image, contract: "kafka", plugins, pluginsHaveManifests } };
}

function apicurio(repository: string): SchemaRegistryImage {
  return { image: Image.of(`${repository}/apicurio-registry:${APICURIO}`), product: "apicurio" };
}

function unknownVersion(
  product: string,
  version: string,
  nearest: string,
  known: readonly string[],
): InvalidSettingError {
  return new InvalidSettingError(
    `unknown ${product} version "${version}"; the nearest is ${nearest} (known: ${known.join(", ")})`,
  );
}
