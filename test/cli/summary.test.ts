import { describe, expect, it } from "vitest";
import { summary, type SummaryParts } from "../../cli/summary.ts";
import type { DeployedOutputs } from "../../smoke-tests/outputs.ts";
import { engineOf } from "./docker.ts";
import { CLUSTER_ID, lockOf } from "../stacks/environments.ts";

const OUTPUTS: DeployedOutputs = {
  environment: "trial",
  docker: { host: "unix:///var/run/docker.sock", network: "trial-network" },
  labels: {},
  kafka: {
    version: "4.1.1",
    metadata: "kraft",
    clusterId: CLUSTER_ID,
    brokers: [{ id: 1, container: "trial-kafka-1" }],
    listeners: {
      NETWORK: {
        vantage: "network",
        bootstrapServers: "trial-kafka-1:19092",
        security: "PLAINTEXT",
      },
      HOST: { vantage: "host", bootstrapServers: "localhost:9092", security: "PLAINTEXT" },
      LAN: {
        vantage: "external",
        bootstrapServers: "192.168.56.101:9094",
        security: "PLAINTEXT",
      },
    },
  },
  services: {},
  clients: {
    kafkajs: {
      NETWORK: { brokers: ["trial-kafka-1:19092"] },
      HOST: { brokers: ["localhost:9092"] },
      LAN: { brokers: ["192.168.56.101:9094"] },
    },
    librdkafka: {},
    java: {},
  },
};

const PARTS: SummaryParts = {
  outputs: OUTPUTS,
  lock: lockOf({
    images: {
      distribution: "local",
      version: "4.1.1",
      reason: "Confluent 7.9.1 was asked for; it cannot be pulled",
      proven: true,
    },
  }),
  containers: [
    {
      id: "a1",
      name: "trial-kafka-1",
      image: "kafka-platform-kit/kafka:4.1.1",
      state: "running",
      health: "healthy",
      startedAt: "2026-11-22T22:22:22Z",
      published: ["127.0.0.1:9092", "192.168.56.101:9094"],
      labels: {},
    },
  ],
  engine: engineOf(),
  leftOut: [],
  provenAt: "2026-11-22T22:23:00.000Z",
};

describe("summary", () => {
  it("tells what runs where and why, how to connect, how to stop it", () => {
    expect(summary(PARTS)).toMatchInlineSnapshot(`
      "trial: Kafka 4.1.1 (KRaft), cluster MkU3OEVBNTcwNTJENDM2Qk
        engine     unix:///var/run/docker.sock (Docker 20.10.24), network trial-network
        container  trial-kafka-1, running, published on 127.0.0.1:9092, 192.168.56.101:9094
        images     local 4.1.1: Confluent 7.9.1 was asked for; it cannot be pulled
        proven     by the smoke tests, 2026-11-22T22:23:00.000Z

      bootstrap servers:
        NETWORK    trial-kafka-1:19092  for containers on the Docker network trial-network
        HOST       localhost:9092  for programs on this host
        LAN        192.168.56.101:9094  for clients elsewhere

      to connect, with kafkajs:
        import { Kafka } from "kafkajs";
        const kafka = new Kafka({ clientId: "me", brokers: ["localhost:9092"] });

      to look at it:  npm run status -- trial
      to remove it:   npm run destroy -- trial"
    `);
  });

  it("names the kind of engine, and the docker context that led there", () => {
    const engine = engineOf({ kind: "rootless", context: "mine" });
    expect(summary({ ...PARTS, engine })).toContain(
      '\n  engine     unix:///var/run/docker.sock (Docker 20.10.24, rootless, docker context "mine"), network trial-network\n',
    );
  });

  it("names the services that the images lack", () => {
    expect(summary({ ...PARTS, leftOut: ["ksqlDB", "REST Proxy"] })).toContain(
      "cannot be pulled\n  left out   ksqlDB, REST Proxy: these images have none\n  proven",
    );
  });

  it("shows a snippet only where one can be used: not for clients on the Docker network", () => {
    const { NETWORK } = OUTPUTS.kafka.listeners;
    const outputs = {
      ...OUTPUTS,
      kafka: { ...OUTPUTS.kafka, listeners: { NETWORK: NETWORK! } },
    };
    expect(summary(PARTS)).toContain("kafkajs");
    expect(summary({ ...PARTS, outputs })).not.toContain("kafkajs");
  });
});

it("says nothing of a cluster id that nobody knows", () => {
  const { clusterId: _known, ...lock } = PARTS.lock;
  const { clusterId: _named, ...kafka } = OUTPUTS.kafka;
  const outputs: DeployedOutputs = { ...OUTPUTS, kafka: { ...kafka, metadata: "zookeeper" } };
  expect(summary({ ...PARTS, outputs, lock })).toMatch(/^trial: Kafka 4\.1\.1 \(ZooKeeper\)\n/);
});
