import { beforeEach, describe, expect, it } from "vitest";
import {
  ENVIRONMENT_LABEL,
  InvalidSettingError,
  Jmx,
  Listener,
  PublishedPort,
} from "../../constructs/index.ts";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { imagesAsAsked, type EnvironmentLock } from "../../stacks/environment-lock.ts";
import { loadEnvironment, type Environment } from "../../stacks/environment.ts";
import { KafkaPlatform } from "../../stacks/kafka-platform.ts";
import { setVariable } from "../constructs/scratch.ts";
import { emptyApp, named, synthesize, theOnly, type Program } from "../constructs/synthesis.ts";
import { CLUSTER_ID, environmentOf, lockOf } from "./environments.ts";

const DOCKER_HOST = "unix:///var/run/docker.sock";

beforeEach(() => {
  setVariable("CDKTF_OUTDIR", undefined);
});

function platform(
  environment: Environment,
  lock: EnvironmentLock,
  hostAddresses: readonly string[] | "unknown" = ["127.0.0.1"],
): Program {
  const props = {
    environment,
    lock,
    engine: { host: DOCKER_HOST },
    hostAddresses: hostAddresses === "unknown" ? undefined : hostAddresses,
  };
  return synthesize(new KafkaPlatform(emptyApp(), props));
}

describe("the stack of an environment", () => {
  it("is for dev what it was", async () => {
    const dev = await loadEnvironment("dev");
    const lock = lockOf({ environment: "dev", images: imagesAsAsked(dev, true) });
    const program = JSON.stringify(platform(dev, lock), undefined, 2);
    expect(
      program
        .replaceAll(/"file:[^"]*\/tsx\/[^"]*"/g, '"<tsx>"')
        .replaceAll(/"[^"]*\/private\/gate\.ts"/g, '"<kit>/gate.ts"')
        .replaceAll(/"[^"]*\/stacks\/network\.mjs"/g, '"<kit>/network.mjs"'),
    ).toMatchSnapshot();
  });

  it("asks for a provider that keeps stopped containers in the state", () => {
    expect(platform(environmentOf(), lockOf()).terraform["required_providers"]).toEqual({
      docker: { source: "kreuzwerker/docker", version: ">= 4.1.0, < 5.0.0" },
    });
  });

  it("keeps its state by a relative path, outside of cdktf's folder", () => {
    expect(platform(environmentOf(), lockOf()).terraform["backend"]).toEqual({
      local: { path: "../../../.kafka-platform/trial.tfstate" },
    });
  });

  it("goes by the lock, not by what the environment asks for", () => {
    const program = platform(
      environmentOf(),
      lockOf({ images: { distribution: "local", version: "4.1.1", reason: "", proven: true } }),
    );
    expect(theOnly("docker_image", program)["name"]).toBe("kafka-platform-kit/kafka:4.1.1");
    expect(theOnly("docker_container", program)["env"]).toContain(`CLUSTER_ID=${CLUSTER_ID}`);
  });

  it.each(["docker_container", "docker_volume"])("labels its %s with the environment", (type) => {
    expect(theOnly(type, platform(environmentOf(), lockOf()))["labels"]).toContainEqual({
      label: ENVIRONMENT_LABEL,
      value: "trial",
    });
  });

  it("has a network with that label, which is removed as what it was made as", () => {
    expect(named("network", "terraform_data", platform(environmentOf(), lockOf()))).toMatchObject({
      input: "trial-network",
      provisioner: [
        {
          "local-exec": {
            interpreter: ["node", expect.stringMatching(/network\.mjs$/), "create"],
            command: JSON.stringify({
              name: "trial-network",
              labels: { [ENVIRONMENT_LABEL]: "trial" },
            }),
            environment: { DOCKER_HOST },
          },
        },
        {
          "local-exec": {
            when: "destroy",
            interpreter: ["node", expect.stringMatching(/network\.mjs$/), "remove"],
            command: "${self.output}",
            environment: { DOCKER_HOST },
          },
        },
      ],
    });
  });

  it("ends with a gate for all of its containers, on its own engine", () => {
    const program = platform(environmentOf(), lockOf());
    const [id] = Object.keys(program.resource["docker_container"] ?? {});
    expect(named("ready", "terraform_data", program)).toMatchObject({
      triggers_replace: [`\${docker_container.${id}.id}`],
      provisioner: [
        {
          "local-exec": {
            command: JSON.stringify({
              containers: ["trial-kafka-1"],
              needs: {},
              listeners: [
                {
                  name: "NETWORK",
                  vantage: "network",
                  network: "trial-network",
                  brokers: [{ id: 1, container: "trial-kafka-1", address: "trial-kafka-1:19092" }],
                },
                {
                  name: "HOST",
                  vantage: "host",
                  network: "trial-network",
                  brokers: [{ id: 1, container: "trial-kafka-1", address: "localhost:9092" }],
                },
              ],
              timeoutSeconds: 300,
            }),
            environment: { DOCKER_HOST },
          },
        },
      ],
    });
  });
});

describe("what the wanted images have not", () => {
  const images = { distribution: "local", version: "3.9.1", reason: "", proven: true } as const;

  it.each([
    { service: { restProxy: {} }, title: "REST Proxy", property: "restProxy" },
    { service: { ksqlDb: {} }, title: "ksqlDB", property: "ksqlDb" },
  ])("is refused, naming those that have it: $title", ({ service, title, property }) => {
    const environment = environmentOf({ distribution: "local", ...service });
    expect(() => platform(environment, lockOf({ images }))).toThrowError(
      new InvalidSettingError(
        `local 3.9.1 has no image of ${title}; use Distribution.confluent(), or give ${property} to Distribution.of()`,
      ),
    );
  });
});

describe("services of one environment", () => {
  it.each([
    {
      title: "one name",
      more: { schemaRegistry: { name: "trial-kafka-1" } },
      said: "[trial] trial-kafka-1 and trial-kafka-1 both want the name trial-kafka-1; give each its own",
    },
    {
      title: "one port of the host",
      more: {
        zooKeeper: { publish: PublishedPort.host(8081) },
        schemaRegistry: { publish: PublishedPort.host(8081) },
      },
      said: "[trial] trial-zookeeper-1 and trial-schema-registry both want port 8081 of the host; give each its own",
    },
    {
      title: "a listener's port",
      more: { schemaRegistry: { publish: PublishedPort.host(9092) } },
      said: "[trial] trial-kafka-1 and trial-schema-registry both want port 9092 of the host; give each its own",
    },
  ])("cannot have $title", ({ more, said }) => {
    expect(() => platform(environmentOf(more), lockOf())).toThrowError(said);
  });
});

describe("its outputs", () => {
  function outputs(program: Program): unknown {
    return Object.fromEntries(
      Object.entries(program.output ?? {}).map(([name, { value }]) => [name, value]),
    );
  }

  it("are all that the smoke tests know of an environment, and nothing else", () => {
    const environment = environmentOf({
      kafka: {
        listeners: [
          Listener.network({ name: "APPS" }),
          Listener.host(),
          Listener.external({ name: "LAN", address: "2001:db8::7" }),
        ],
      },
    });
    const expected: PlatformOutputs = {
      environment: "trial",
      docker: { host: DOCKER_HOST, network: "trial-network" },
      labels: { [ENVIRONMENT_LABEL]: "trial" },
      kafka: {
        version: "3.9",
        metadata: "kraft",
        clusterId: CLUSTER_ID,
        brokers: [{ id: 1, container: "trial-kafka-1" }],
        listeners: {
          APPS: {
            vantage: "network",
            bootstrapServers: "trial-kafka-1:19092",
            security: "PLAINTEXT",
          },
          HOST: { vantage: "host", bootstrapServers: "localhost:9092", security: "PLAINTEXT" },
          LAN: {
            vantage: "external",
            bootstrapServers: "[2001:db8::7]:9192",
            security: "PLAINTEXT",
          },
        },
      },
      services: {},
      clients: {
        kafkajs: {
          APPS: { brokers: ["trial-kafka-1:19092"] },
          HOST: { brokers: ["localhost:9092"] },
          LAN: { brokers: ["[2001:db8::7]:9192"] },
        },
        librdkafka: {
          APPS: { "bootstrap.servers": "trial-kafka-1:19092" },
          HOST: { "bootstrap.servers": "localhost:9092" },
          LAN: { "bootstrap.servers": "[2001:db8::7]:9192" },
        },
        java: {
          APPS: { "bootstrap.servers": "trial-kafka-1:19092" },
          HOST: { "bootstrap.servers": "localhost:9092" },
          LAN: { "bootstrap.servers": "[2001:db8::7]:9192" },
        },
      },
    };
    expect(outputs(platform(environment, lockOf(), "unknown"))).toEqual(expected);
  });

  it("name every service by its addresses, and by its container", () => {
    const external = (port: number): PublishedPort =>
      PublishedPort.external({ port, address: "192.0.2.9", bindAddress: "10.0.0.5" });
    const environment = environmentOf({
      schemaRegistry: { publish: PublishedPort.host(18081), name: "registry" },
      connect: { publish: external(18083) },
      ksqlDb: { publish: external(8088), cli: { name: "shell" } },
      restProxy: {},
    });
    const services: PlatformOutputs["services"] = {
      schemaRegistry: {
        url: "http://localhost:18081",
        networkUrl: "http://registry:8081",
        container: "registry",
        product: "confluent",
      },
      connect: {
        networkUrl: "http://trial-connect:8083",
        externalUrl: "http://192.0.2.9:18083",
        container: "trial-connect",
      },
      ksqlDb: {
        networkUrl: "http://trial-ksqldb-server:8088",
        externalUrl: "http://192.0.2.9:8088",
        container: "trial-ksqldb-server",
        cli: { container: "shell" },
      },
      restProxy: { networkUrl: "http://trial-rest-proxy:8082", container: "trial-rest-proxy" },
    };
    const program = platform(environment, lockOf(), ["127.0.0.1", "10.0.0.5"]);
    expect(program.output?.["services"]?.value).toEqual(services);
    const containers = Object.values(program.resource["docker_container"] ?? {});
    expect(containers.map(({ name }) => name).sort()).toEqual(
      ["registry", "shell", "trial-connect", "trial-kafka-1", "trial-ksqldb-server"].concat(
        "trial-rest-proxy",
      ),
    );
  });

  it("leave out what the images that stand in have not, as the containers do", async () => {
    const dev = await loadEnvironment("dev");
    const images = { distribution: "local", version: "4.1.1", reason: "", proven: true } as const;
    const program = platform(dev, lockOf({ environment: "dev", images }));
    expect(program.output?.["services"]?.value).toEqual({
      schemaRegistry: {
        url: "http://localhost:8081/apis/ccompat/v7",
        networkUrl: "http://dev-schema-registry:8081/apis/ccompat/v7",
        container: "dev-schema-registry",
        product: "apicurio",
      },
      connect: {
        url: "http://localhost:8083",
        networkUrl: "http://dev-connect:8083",
        container: "dev-connect",
      },
    });
    const containers = Object.values(program.resource["docker_container"] ?? {});
    expect(containers.map(({ name }) => name).sort()).toEqual([
      "dev-connect",
      "dev-kafka-1",
      "dev-schema-registry",
    ]);
  });

  it("name the container and the network as the engine knows them", () => {
    const program = platform(environmentOf(), lockOf());
    expect(outputs(program)).toMatchObject({
      docker: { network: named("network", "terraform_data", program)["input"] },
      kafka: { brokers: [{ container: theOnly("docker_container", program)["name"] }] },
    });
  });
});

describe("an address to bind", () => {
  function external(address: string, bindAddress?: string): Environment {
    const listener = Listener.external({
      name: "LAN",
      address,
      ...(bindAddress === undefined ? {} : { bindAddress }),
    });
    return environmentOf({ kafka: { listeners: [listener] } });
  }

  it.each([
    { title: "advertised and bound", environment: external("192.0.2.9") },
    { title: "bound only", environment: external("kafka.example.org", "192.0.2.9") },
  ])("rejects one that this host lacks, naming those it has ($title)", ({ environment }) => {
    expect(() => platform(environment, lockOf(), ["127.0.0.1", "10.0.0.5"])).toThrowError(
      '[trial] external listener "LAN": this host has no address 192.0.2.9 to bind (it has 127.0.0.1, 10.0.0.5); give bindAddress, one of these or 0.0.0.0 for all of them',
    );
  });

  it.each([
    { title: "one of the host's own", environment: external("10.0.0.5") },
    { title: "one behind a NAT address", environment: external("203.0.113.9", "10.0.0.5") },
    { title: "all of them", environment: external("203.0.113.9", "0.0.0.0") },
    { title: "all of them, IPv6 too", environment: external("203.0.113.9", "::") },
    { title: "another of the loopback's", environment: external("203.0.113.9", "127.0.0.2") },
    { title: "an IPv6 address", environment: external("2001:db8::7") },
    { title: "one in capitals", environment: external("2001:DB8::7") },
    { title: "one in full", environment: external("2001:0db8:0:0:0:0:0:7") },
    { title: "all of them, in full", environment: external("203.0.113.9", "0:0:0:0:0:0:0:0") },
  ])("accepts $title", ({ environment }) => {
    const [port] = theOnly(
      "docker_container",
      platform(environment, lockOf(), ["127.0.0.1", "10.0.0.5", "2001:db8::7"]),
    )["ports"] as { ip: string }[];
    expect(port?.ip).toBe(environment.settings.kafka.listeners[0]?.bindAddress);
  });

  it("rejects JMX and services on one that this host lacks, all of them at once", () => {
    const foreign = { address: "192.0.2.9" };
    const publish = (port: number): PublishedPort => PublishedPort.external({ port, ...foreign });
    const environment = environmentOf({
      kafka: { listeners: [Listener.network()], jmx: Jmx.external(foreign) },
      schemaRegistry: { publish: publish(8081) },
      connect: { publish: publish(8083) },
      ksqlDb: { publish: publish(8088) },
      restProxy: { publish: publish(8082) },
    });
    const missing =
      "this host has no address 192.0.2.9 to bind (it has 127.0.0.1); give bindAddress, one of these or 0.0.0.0 for all of them";
    const what = [8081, 8083, 8088, 8082].map((port) => `external port ${port} at 192.0.2.9`);
    expect(() => platform(environment, lockOf())).toThrowError(
      `[trial] ${["external JMX", ...what].join(", ")}: ${missing}`,
    );
  });

  it("rejects ZooKeeper on one that this host lacks", () => {
    const zooKeeper = { publish: PublishedPort.external({ port: 2181, address: "192.0.2.9" }) };
    expect(() => platform(environmentOf({ zooKeeper }), lockOf())).toThrowError(
      "[trial] external port 2181 at 192.0.2.9: this host has no address 192.0.2.9 to bind",
    );
  });

  it("rejects another of IPv6 than the host's", () => {
    const addresses = ["127.0.0.1", "2001:db8::7"];
    expect(() => platform(external("2001:db8::8"), lockOf(), addresses)).toThrowError(
      '[trial] external listener "LAN": this host has no address 2001:db8::8 to bind (it has 127.0.0.1, 2001:db8::7); give bindAddress, ',
    );
  });

  it("accepts any where the addresses of the engine's host cannot be known", () => {
    const program = platform(external("192.0.2.9"), lockOf(), "unknown");
    expect(theOnly("docker_container", program)["ports"]).toMatchObject([{ ip: "192.0.2.9" }]);
  });

  it("reports it together with what the cluster refuses", () => {
    const environment = environmentOf({
      kafka: {
        listeners: [
          Listener.external({ name: "LAN", address: "192.0.2.9", port: 9092 }),
          Listener.host({ port: 9092 }),
        ],
      },
    });
    const synth = (): Program => platform(environment, lockOf());
    expect(synth).toThrowError('[trial] external listener "LAN": this host has no address');
    expect(synth).toThrowError('[trial/kafka] listener "LAN" and listener "HOST" both use port');
  });
});
