import { describe, expect, it } from "vitest";
import {
  Distribution,
  Image,
  InvalidSettingError,
  KafkaCluster,
  RestProxy,
  type RestProxyProps,
} from "../../constructs/index.ts";
import { environmentOf, named, probeOf, synthesizeScope, type Block } from "./synthesis.ts";

const KAFKA = KafkaCluster.fromBootstrapServers("kafka-1:9092, kafka-2:9092", {
  brokers: 2,
  network: { name: "dev-network" },
  distribution: Distribution.confluent("7.9.1"),
});

function make(props: Partial<RestProxyProps> = {}): { container: Block; image: string } {
  const program = synthesizeScope(
    (scope) => new RestProxy(scope, "rest", { name: "rest", kafka: KAFKA, ...props }),
  );
  return {
    container: named("rest_server", "docker_container", program),
    image: String(named("rest_image", "docker_image", program)["name"]),
  };
}

it("takes its settings as cp-kafka-rest does, with a host name that is none", () => {
  const { container, image } = make();
  expect(image).toBe("confluentinc/cp-kafka-rest:7.9.1");
  expect(environmentOf(container)).toEqual({
    KAFKA_REST_BOOTSTRAP_SERVERS: "kafka-1:9092,kafka-2:9092",
    KAFKA_REST_HOST_NAME: " ",
    KAFKA_REST_LISTENERS: "http://0.0.0.0:8082",
    KAFKAREST_HEAP_OPTS: "-Xms256m -Xmx256m",
  });
  expect(container).not.toHaveProperty("command");
});

it("knows its Schema Registry", () => {
  const schemaRegistry = { networkUrl: "http://registry:8081/apis/ccompat/v7" };
  expect(environmentOf(make({ schemaRegistry }).container)).toMatchObject({
    KAFKA_REST_SCHEMA_REGISTRY_URL: "http://registry:8081/apis/ccompat/v7",
  });
});

it("is ready once it lists the topics, which it does only with the brokers there", () => {
  const script = probeOf(make().container);
  expect(script).toContain("/dev/tcp/rest/8082 ");
  expect(script).toContain("GET /topics HTTP/1.0");
});

describe("beside a cluster of other images", () => {
  const local = KafkaCluster.fromBootstrapServers("kafka:9092", {
    brokers: 1,
    network: { name: "dev-network" },
    distribution: Distribution.local("4.1.1"),
  });

  it("runs on an image of one's own", () => {
    const distribution = Distribution.of({
      name: "mirror",
      kafka: Image.of("example.org/kafka:4.1.1"),
      kafkaVersion: "4.1.1",
      restProxy: Image.of("example.org/rest:8.1.0"),
    });
    const { container, image } = make({ kafka: local, distribution });
    expect(image).toBe("example.org/rest:8.1.0");
    expect(environmentOf(container)["KAFKA_REST_BOOTSTRAP_SERVERS"]).toBe("kafka:9092");
  });

  it("is refused where there is none, naming those that have it", () => {
    expect(() => make({ kafka: local })).toThrowError(
      new InvalidSettingError(
        "local 4.1.1 has no image of REST Proxy; use Distribution.confluent(), or give restProxy to Distribution.of()",
      ),
    );
  });
});
