import { describe, expect, it } from "vitest";
import { composeFile, type Program, type ProgramContainer } from "../../bench/compose.ts";
import { readinessOf } from "../../bench/readiness.ts";

const BROKER: ProgramContainer = {
  name: "trial-kafka-1",
  hostname: "trial-kafka-1",
  image: "${docker_image.kafka_image_1.image_id}",
  env: ["KAFKA_HEAP_OPTS=-Xmx512m", "SECRET=$${file:/secrets:key} costs $5"],
  ports: [{ internal: 9092, external: 29092, ip: "127.0.0.1" }],
  mounts: [
    { type: "volume", source: "${docker_volume.kafka_volume-1_2.name}", target: "/var/lib/kafka" },
  ],
  memory: 1024,
  memory_swap: 1024,
  healthcheck: {
    test: ["CMD", "bash", "-c", "exec 3<>/dev/tcp/trial-kafka-1/19092 && read -d $'\\0' <&3"],
    interval: "5s",
    timeout: "5s",
    start_period: "2m0s",
    retries: 5,
  },
  restart: "unless-stopped",
  stop_timeout: 90,
  labels: [{ label: "kafka-platform-kit.service", value: "kafka" }],
  networks_advanced: [{ name: "${docker_network.network.name}" }],
};

const REGISTRY: ProgramContainer = {
  ...BROKER,
  name: "trial-schema-registry",
  hostname: "trial-schema-registry",
  image: "kafka-platform-kit/apicurio-registry:3.0.9",
  entrypoint: ["/bin/sh"],
  command: ["-c", "exec run"],
  init: true,
  ports: [{ internal: 8081, external: 28081, ip: "127.0.0.1" }],
  mounts: [],
  tmpfs: { "/tmp/work": "" },
  healthcheck: {
    ...BROKER.healthcheck,
    test: [
      "CMD",
      "bash",
      "-c",
      "exec 3<>/dev/tcp/trial-schema-registry/8081 && printf 'GET /health/ready HTTP/1.0\\r\\n' >&3",
    ],
  },
  labels: [{ label: "kafka-platform-kit.service", value: "schema-registry" }],
};

function programOf(...containers: readonly ProgramContainer[]): Program {
  return {
    output: {
      environment: { value: "trial" },
      labels: { value: { "kafka-platform-kit.environment": "trial" } },
      docker: { value: { network: "trial-network" } },
      kafka: {
        value: {
          listeners: {
            NETWORK: { vantage: "network", bootstrapServers: "trial-kafka-1:19092" },
            HOST: { vantage: "host", bootstrapServers: "localhost:29092" },
          },
        },
      },
    },
    resource: {
      docker_container: Object.fromEntries(containers.map((one, i) => [`c${i}`, one])),
      docker_image: { kafka_image_1: { name: "kafka-platform-kit/kafka:4.1.1" } },
      docker_volume: {
        "kafka_volume-1_2": {
          name: "trial-kafka-1-data",
          labels: [{ label: "kafka-platform-kit.environment", value: "trial" }],
        },
      },
    },
  };
}

describe("a Compose file", () => {
  it("has all that the program says of its containers, networks and volumes", () => {
    expect(JSON.parse(composeFile(programOf(BROKER, REGISTRY)))).toEqual({
      name: "trial",
      services: {
        "trial-kafka-1": {
          container_name: "trial-kafka-1",
          hostname: "trial-kafka-1",
          image: "kafka-platform-kit/kafka:4.1.1",
          environment: ["KAFKA_HEAP_OPTS=-Xmx512m", "SECRET=$${file:/secrets:key} costs $$5"],
          ports: [{ target: 9092, published: "29092", host_ip: "127.0.0.1", protocol: "tcp" }],
          volumes: [{ type: "volume", source: "trial-kafka-1-data", target: "/var/lib/kafka" }],
          tmpfs: [],
          mem_limit: "1024m",
          memswap_limit: "1024m",
          healthcheck: {
            test: [
              "CMD",
              "bash",
              "-c",
              "exec 3<>/dev/tcp/trial-kafka-1/19092 && read -d $$'\\0' <&3",
            ],
            interval: "5s",
            timeout: "5s",
            start_period: "2m0s",
            retries: 5,
          },
          restart: "unless-stopped",
          stop_grace_period: "90s",
          labels: { "kafka-platform-kit.service": "kafka" },
        },
        "trial-schema-registry": expect.objectContaining({
          image: "kafka-platform-kit/apicurio-registry:3.0.9",
          entrypoint: ["/bin/sh"],
          command: ["-c", "exec run"],
          init: true,
          volumes: [],
          tmpfs: ["/tmp/work"],
        }) as unknown,
      },
      networks: {
        default: {
          name: "trial-network",
          labels: { "kafka-platform-kit.environment": "trial" },
        },
      },
      volumes: {
        "trial-kafka-1-data": {
          name: "trial-kafka-1-data",
          labels: { "kafka-platform-kit.environment": "trial" },
        },
      },
    });
  });

  it("is refused where the program says what it has nothing for", () => {
    const odd = { ...BROKER, cpu_shares: 512 };
    expect(() => composeFile(programOf(odd))).toThrow(
      "trial-kafka-1: the Compose file has nothing for cpu_shares",
    );
  });

  it("is refused where only Terraform knows a value", () => {
    const odd = { ...BROKER, env: ["PEER=${docker_container.other.hostname}"] };
    expect(() => composeFile(programOf(odd))).toThrow("only Terraform can fill in PEER=${docker");
  });

  it("is refused where an image is not of the program", () => {
    const odd = { ...BROKER, image: "${docker_image.other.image_id}" };
    expect(() => composeFile(programOf(odd))).toThrow("${docker_image.other.image_id} is no");
  });
});

describe("what must be there", () => {
  it("is a record through the brokers, and an answer to what each service's healthcheck asks", () => {
    expect(readinessOf(programOf(BROKER, REGISTRY))).toEqual({
      brokers: ["localhost:29092"],
      urls: ["http://localhost:28081/health/ready"],
    });
  });

  it("is refused where a service is not published", () => {
    const hidden = { ...REGISTRY, ports: [] };
    expect(() => readinessOf(programOf(BROKER, hidden))).toThrow(
      "trial-schema-registry: what its healthcheck asks cannot be asked from the host",
    );
  });
});
