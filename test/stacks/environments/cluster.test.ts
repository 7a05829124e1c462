import { beforeEach, describe, expect, it } from "vitest";
import { Listener, Metadata, Storage } from "../../../constructs/index.ts";
import { imagesAsAsked } from "../../../stacks/environment-lock.ts";
import {
  loadEnvironment,
  type Environment,
  type EnvironmentSettings,
} from "../../../stacks/environment.ts";
import { KafkaPlatform } from "../../../stacks/kafka-platform.ts";
import { setVariable } from "../../constructs/scratch.ts";
import { emptyApp, named, synthesize, type Program } from "../../constructs/synthesis.ts";
import { lockOf } from "../environments.ts";

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
});

function platform(environment: Environment): Program {
  return synthesize(
    new KafkaPlatform(emptyApp(), {
      environment,
      lock: lockOf({ environment: environment.name, images: imagesAsAsked(environment, true) }),
      engine: { host: "unix:///var/run/docker.sock" },
      hostAddresses: undefined,
    }),
  );
}

async function clusterWith(
  kafka: Partial<EnvironmentSettings["kafka"]>,
  more: Partial<EnvironmentSettings> = {},
): Promise<Program> {
  const { name, settings } = await loadEnvironment("cluster");
  return platform({
    name,
    settings: { ...settings, ...more, kafka: { ...settings.kafka, ...kafka } },
  });
}

const THREE = [1, 2, 3];

describe("the environment cluster", () => {
  it("has three brokers and three controllers, all behind the gate", async () => {
    const program = await clusterWith({});
    const nodes = [
      ...THREE.map((n) => `cluster-kafka-controller-${n}`),
      ...THREE.map((n) => `cluster-kafka-${n}`),
    ];
    const containers = Object.values(program.resource["docker_container"] ?? {});
    expect(containers.map(({ name }) => name).sort()).toEqual(nodes.toSorted());
    const [{ "local-exec": gate }] = named("ready", "terraform_data", program)["provisioner"] as [
      { "local-exec": { command: string } },
    ];
    expect(JSON.parse(gate.command)).toMatchObject({ containers: nodes });
    expect(named("ready", "terraform_data", program)["triggers_replace"]).toHaveLength(6);
  });

  it("says where each broker is, for each listener, and that one may be killed", async () => {
    const { output } = await clusterWith({});
    expect(output?.["kafka"]?.value).toMatchObject({
      metadata: "kraft",
      brokers: THREE.map((id) => ({ id, container: `cluster-kafka-${id}` })),
      controllers: THREE.map((n) => ({ id: 100 + n, container: `cluster-kafka-controller-${n}` })),
      listeners: {
        NETWORK: {
          bootstrapServers: "cluster-kafka-1:19092,cluster-kafka-2:19092,cluster-kafka-3:19092",
        },
        HOST: { bootstrapServers: "localhost:9092,localhost:9093,localhost:9094" },
      },
    });
    expect(output?.["smoke"]?.value).toEqual({ brokerLoss: true });
  });

  it.each([
    {
      settings: { "default.replication.factor": "2", "min.insync.replicas": "1" },
      promised: { replicas: 2, minInSync: 1, offsetsReplicas: 3 },
    },
    {
      settings: { "offsets.topic.replication.factor": "2" },
      promised: { replicas: 3, minInSync: 2, offsetsReplicas: 2 },
    },
    { settings: { "min.insync.replicas": "2", "log.retention.hours": "1" }, promised: undefined },
  ])("tells its smoke tests what $settings comes to", async ({ settings, promised }) => {
    const { output } = await clusterWith({ settings });
    const kafka = output?.["kafka"]?.value as { replication?: object } | undefined;
    expect(kafka).toBeDefined();
    expect(kafka?.replication).toEqual(promised);
  });

  it("asks for no loss that nobody could stand or see", async () => {
    const metadata = Metadata.kraft({ controllers: 1 });
    await expect(clusterWith({ brokers: 2, metadata })).rejects.toThrowError(
      "smoke.brokerLoss kills a broker of 2, and records would be lost with it; give the cluster 3 brokers, or leave brokerLoss out",
    );
    await expect(clusterWith({ storage: Storage.ephemeral() })).rejects.toThrowError(
      "smoke.brokerLoss kills a broker, and with ephemeral storage all that it holds is gone; give the cluster volumes, or leave brokerLoss out",
    );
    await expect(clusterWith({ listeners: [Listener.host()] })).rejects.toThrowError(
      "smoke.brokerLoss writes from a container on the network, for which there is no listener; add Listener.network(), or leave brokerLoss out",
    );
  });

  it("keeps its metadata in one place", async () => {
    await expect(clusterWith({}, { zooKeeper: { servers: 3 } })).rejects.toThrowError(
      "environment cluster has a zooKeeper section and kafka.metadata; leave one of them out",
    );
  });
});
