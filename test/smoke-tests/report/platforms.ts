import type { PlatformOutputs } from "../../../smoke-tests/outputs.ts";
import type { Cell } from "../../../smoke-tests/report/cell.ts";
import {
  matrixOf,
  type Matrix,
  type Result,
  type Run,
} from "../../../smoke-tests/report/matrix.ts";

/** Platforms and runs that reports are made of in the tests. */

/** All that a platform can have, ZooKeeper included. */
export const WHOLE: PlatformOutputs = {
  environment: "seed",
  docker: { host: "unix:///var/run/docker.sock", network: "seed-network" },
  labels: {},
  kafka: {
    version: "3.0.1",
    metadata: "zookeeper",
    zooKeeper: { connect: "zookeeper:2181", servers: [{ id: 1, container: "zookeeper" }] },
    brokers: [{ id: 1, container: "broker" }],
    listeners: {
      PLAINTEXT: { vantage: "network", bootstrapServers: "broker:29092", security: "PLAINTEXT" },
      PLAINTEXT_HOST: {
        vantage: "host",
        bootstrapServers: "localhost:9092",
        security: "PLAINTEXT",
      },
      LAN: { vantage: "external", bootstrapServers: "192.168.56.101:19092", security: "PLAINTEXT" },
    },
  },
  services: {
    schemaRegistry: {
      product: "apicurio",
      url: "http://localhost:8081/apis/ccompat/v7",
      networkUrl: "http://schema-registry:8081/apis/ccompat/v7",
      externalUrl: "http://192.168.56.101:8081/apis/ccompat/v7",
      container: "schema-registry",
    },
    connect: {
      url: "http://localhost:8083",
      networkUrl: "http://connect:8083",
      container: "connect",
    },
    ksqlDb: {
      url: "http://localhost:8088",
      networkUrl: "http://ksqldb-server:8088",
      container: "ksqldb-server",
      cli: { container: "ksqldb-cli" },
    },
    restProxy: {
      url: "http://localhost:8082",
      networkUrl: "http://rest-proxy:8082",
      container: "rest-proxy",
    },
  },
  clients: { kafkajs: {}, librdkafka: {}, java: {} },
};

/** KRaft, three brokers, two listeners, Connect; nothing else. */
export const PARTLY: PlatformOutputs = {
  ...WHOLE,
  environment: "dev",
  docker: { host: "unix:///var/run/docker.sock", network: "dev-network" },
  kafka: {
    version: "4.1.1",
    metadata: "kraft",
    clusterId: "6djrLCLtWiY5cOEktacaGA",
    brokers: [1, 2, 3].map((id) => ({ id, container: `dev-kafka-${id}` })),
    listeners: {
      HOST: {
        vantage: "host",
        bootstrapServers: "localhost:9092,localhost:9093,localhost:9094",
        security: "PLAINTEXT",
      },
      NETWORK: {
        vantage: "network",
        bootstrapServers: "dev-kafka-1:19092,dev-kafka-2:19092,dev-kafka-3:19092",
        security: "PLAINTEXT",
      },
    },
  },
  services: { connect: { networkUrl: "http://dev-connect:8083", container: "dev-connect" } },
};

/** Three brokers and three controllers, all with long names, of which one broker may be lost. */
export const CLUSTER: PlatformOutputs = {
  ...PARTLY,
  environment: "cluster",
  docker: { host: "unix:///var/run/docker.sock", network: "kafka-platform-of-the-analytics-team" },
  kafka: {
    ...PARTLY.kafka,
    controllers: [101, 102, 103].map((id) => ({
      id,
      container: `kafka-platform-of-the-analytics-team-controller-${id - 100}`,
    })),
    brokers: [1, 2, 3].map((id) => ({
      id,
      container: `kafka-platform-of-the-analytics-team-kafka-${id}`,
    })),
    listeners: {
      HOST: PARTLY.kafka.listeners["HOST"]!,
      NETWORK: {
        vantage: "network",
        bootstrapServers: [1, 2, 3]
          .map((id) => `kafka-platform-of-the-analytics-team-kafka-${id}:19092`)
          .join(","),
        security: "PLAINTEXT",
      },
    },
  },
  services: {},
  smoke: { brokerLoss: true },
};

/** A test's result. */
export function result(
  cell: Cell | undefined,
  title: string,
  state: Result["state"] = "passed",
  reason?: string,
  ...remarks: string[]
): Result {
  return { cell, group: "somewhere", title, state, reason, remarks };
}

/** The cell of each way in that the outputs name. */
export function cellsOf(outputs: PlatformOutputs): Cell[] {
  return matrixOf(outputs, [], RUN).targets.flatMap(({ ways }) =>
    ways.flatMap(({ target, vantage, addresses, title }) =>
      target === undefined || vantage === undefined
        ? []
        : [
            {
              target,
              vantage,
              address: addresses.join(","),
              client: target === "kafka" ? "kafkajs" : "HTTP",
              ...(target === "kafka" ? { listener: title.replace("Kafka ", "") } : {}),
            },
          ],
    ),
  );
}

/** A run that came to its end. */
export const RUN: Run = {
  at: new Date("2026-11-23T04:41:24.123Z"),
  interrupted: false,
  errors: [],
  images: [],
};

const STEPS = ["answers at its bootstrap addresses", "carries 100 records there and back"];

/** All is well. */
export function green(outputs: PlatformOutputs = WHOLE): Matrix {
  const results = cellsOf(outputs).flatMap((cell) => STEPS.map((step) => result(cell, step)));
  const images = outputs.kafka.brokers.map(({ id, container = `broker ${id}` }) => ({
    container,
    image: `kafka-platform-kit/kafka:${outputs.kafka.version}`,
  }));
  return matrixOf(outputs, results, { ...RUN, images });
}

/** What a wrong advertised listener leads to. */
export const FINDING = `listener "PLAINTEXT_HOST": broker 1 sends clients that came through localhost:9092 on to broker:29092; advertised.listeners of broker 1 (KAFKA_ADVERTISED_LISTENERS) must say PLAINTEXT_HOST://localhost:9092 and says PLAINTEXT://broker:29092,PLAINTEXT_HOST://broker:29092
container "broker" is running, restarted 0 times, exit status 0; the end of its log:
  [2026-11-23 04:40:58,123] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)`;

/** The host's listener sends its clients to the wrong address; the rest is well, or was not tried. */
export function red(): Matrix {
  const results = cellsOf(WHOLE).flatMap((cell) => {
    if (cell.target === "restProxy") return [];
    if (cell.listener === "PLAINTEXT_HOST") {
      const [first = "", second = ""] = STEPS;
      return [
        result(cell, first),
        result(cell, "sends clients on to the addresses that the outputs say", "failed", FINDING),
        result(cell, second, "skipped", '"sends clients on to …" failed'),
      ];
    }
    if (cell.target === "ksqlDbCli")
      return [result(cell, "lists topics", "skipped", "no terminal")];
    return STEPS.map((step) => result(cell, step));
  });
  return matrixOf(WHOLE, results, RUN);
}
