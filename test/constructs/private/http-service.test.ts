import { describe, expect, it } from "vitest";
import {
  Distribution,
  ENVIRONMENT_LABEL,
  InvalidSettingError,
  KafkaCluster,
  KafkaConnect,
  KsqlDb,
  Listener,
  Memory,
  PublishedPort,
  RestProxy,
  SchemaRegistry,
  type KafkaClusterProps,
} from "../../../constructs/index.ts";
import type { HttpService, HttpServiceProps } from "../../../constructs/private/http-service.ts";
import { environmentOf, named, probeOf, synthesizeScope, type Block } from "../synthesis.ts";

const SERVICES = [
  { title: "Schema Registry", Service: SchemaRegistry, port: 8081, heap: "SCHEMA_REGISTRY" },
  { title: "Connect", Service: KafkaConnect, port: 8083, heap: "KAFKA" },
  { title: "ksqlDB", Service: KsqlDb, port: 8088, heap: "KSQL" },
  { title: "REST Proxy", Service: RestProxy, port: 8082, heap: "KAFKAREST" },
];
const KAFKA: KafkaClusterProps = {
  name: "dev-kafka",
  distribution: Distribution.confluent("7.9.1"),
  network: { name: "dev-network" },
  clusterId: "MkU3OEVBNTcwNTJENDM2Qk",
  listeners: [Listener.network({ port: 29092 })],
};

interface Made {
  readonly service: HttpService;
  readonly container: Block;
}

describe.each(SERVICES)("$title", ({ title, Service, port, heap }) => {
  function make(
    props: Partial<HttpServiceProps> = {},
    kafka: Partial<KafkaClusterProps> = {},
  ): Made {
    const made: HttpService[] = [];
    const program = synthesizeScope((scope) => {
      const cluster = new KafkaCluster(scope, "kafka", { ...KAFKA, ...kafka });
      made.push(new Service(scope, "service", { name: "dev-service", kafka: cluster, ...props }));
    });
    return { service: made[0]!, container: named("service_", "docker_container", program) };
  }

  it("is a container of its name, on the cluster's network, that comes back", () => {
    expect(make().container).toMatchObject({
      name: "dev-service",
      hostname: "dev-service",
      networks_advanced: [{ name: "dev-network" }],
      restart: "unless-stopped",
    });
  });

  it.each([
    {
      title: "nobody outside the network unless told to",
      publish: undefined,
      host: undefined,
      external: undefined,
      bound: [],
    },
    {
      title: "the host's programs",
      publish: PublishedPort.host(18080),
      host: "http://localhost:18080",
      external: undefined,
      bound: [{ external: 18080, ip: "127.0.0.1" }],
    },
    {
      title: "others by an address of the host's",
      publish: PublishedPort.external({ port: 18080, address: "192.168.56.101" }),
      host: undefined,
      external: "http://192.168.56.101:18080",
      bound: [{ external: 18080, ip: "192.168.56.101" }],
    },
    {
      title: "others by an IPv6 address, which stands in brackets",
      publish: PublishedPort.external({ port: 18080, address: "2001:db8::7" }),
      host: undefined,
      external: "http://[2001:db8::7]:18080",
      bound: [{ external: 18080, ip: "2001:db8::7" }],
    },
    {
      title: "others by a name",
      publish: PublishedPort.external({
        port: 80,
        address: "kafka.example.org",
        bindAddress: "0.0.0.0",
      }),
      host: undefined,
      external: "http://kafka.example.org:80",
      bound: [{ external: 80, ip: "0.0.0.0" }],
    },
  ])("is reached by $title", ({ publish, host, external, bound }) => {
    const { service, container } = make(publish === undefined ? {} : { publish });
    expect(service.networkUrl).toBe(`http://dev-service:${port}`);
    expect(service.url("network")).toBe(service.networkUrl);
    expect(service.url("host")).toBe(host);
    expect(service.url("external")).toBe(external);
    expect(container["ports"]).toEqual(bound.map((binding) => ({ internal: port, ...binding })));
  });

  it("goes before the brokers go", () => {
    expect(make().container["depends_on"]).toEqual([
      expect.stringMatching(/^docker_container\.kafka_broker-1_/),
    ]);
  });

  it("stands beside a cluster that is deployed elsewhere, for which nothing waits", () => {
    const kafka = KafkaCluster.fromBootstrapServers("kafka.example.org:9092,10.0.0.5:9093", {
      brokers: 3,
      network: { name: "our-network" },
      distribution: Distribution.confluent("7.9.1"),
    });
    const { container } = make({ kafka });
    expect(container).not.toHaveProperty("depends_on");
    expect(container["networks_advanced"]).toEqual([{ name: "our-network" }]);
    expect(Object.values(environmentOf(container))).toContain(
      "kafka.example.org:9092,10.0.0.5:9093",
    );
  });

  it("reaches the brokers by their listener for the network", () => {
    expect(Object.values(environmentOf(make().container))).toContain("dev-kafka-1:29092");
  });

  it("has the heap that is asked for, and 512 MiB beside it", () => {
    const { container } = make({ heap: Memory.mebibytes(300) });
    expect(environmentOf(container)[`${heap}_HEAP_OPTS`]).toBe("-Xms300m -Xmx300m");
    expect(container).toMatchObject({ memory: 812, memory_swap: 812 });
    expect(make({ memoryLimit: Memory.mebibytes(2000) }).container["memory"]).toBe(2000);
  });

  it("has a minute and more to end, as docker stop and Terraform end it", () => {
    const { stop_timeout, destroy_grace_seconds } = make().container;
    expect(stop_timeout).toBeGreaterThanOrEqual(60);
    expect(destroy_grace_seconds).toBe(stop_timeout);
  });

  it("is asked for health at its own name, by bash alone", () => {
    expect(probeOf(make().container)).toContain(`/dev/tcp/dev-service/${port} `);
  });

  it("bears the environment's label and its own", () => {
    expect(make({ labels: { [ENVIRONMENT_LABEL]: "dev" } }).container["labels"]).toEqual([
      { label: ENVIRONMENT_LABEL, value: "dev" },
      { label: "kafka-platform-kit.service", value: expect.stringMatching(/^[a-z-]+$/) },
    ]);
  });

  it("refuses a cluster that containers cannot reach, with all else that is wrong", () => {
    const props = { heap: Memory.mebibytes(512), memoryLimit: Memory.mebibytes(600) };
    const refused = (): unknown => make(props, { listeners: [Listener.host()] });
    expect(refused).toThrowError(
      `[stack/service] cluster stack/kafka has no listener for the Docker network, which ${title} needs; add Listener.network()`,
    );
    expect(refused).toThrowError("[stack/service] a heap of 512 MiB does not fit");
  });

  it("refuses a name that no host has", () => {
    expect(() => make({ name: "a_b" })).toThrowError(
      new InvalidSettingError(
        `${title} "a_b" cannot be a host name; use lower-case letters, digits and dashes, 63 at the most`,
      ),
    );
  });
});
