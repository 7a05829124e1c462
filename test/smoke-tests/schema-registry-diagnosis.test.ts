import { describe, expect, test } from "vitest";
import { ServiceRefusal } from "../../smoke-tests/clients/http-client.ts";
import type { SilenceKind } from "../../doctor/dial.ts";
import { NoAnswer } from "../../doctor/dial.ts";
import type { PlatformOutputs, SchemaRegistryOutput } from "../../smoke-tests/outputs.ts";
import type { RegistryUnderTest } from "../../smoke-tests/schema-registry-diagnosis.ts";
import {
  explainCompatibility,
  explainForgetting,
  explainLaxness,
  explainRefusal,
  explainRegistrySilence,
  registriesUnderTest,
} from "../../smoke-tests/schema-registry-diagnosis.ts";

function registries(changes: Partial<SchemaRegistryOutput> = {}): RegistryUnderTest[] {
  const schemaRegistry = {
    url: "http://localhost:8081",
    networkUrl: "http://schema-registry:8081",
    container: "schema-registry",
    product: "confluent",
    ...changes,
  } as const;
  return registriesUnderTest({ ...outputs, services: { schemaRegistry } });
}

const outputs: PlatformOutputs = {
  environment: "seed",
  docker: { host: "unix:///var/run/docker.sock", network: "seed-network" },
  labels: {},
  kafka: { version: "3.0.1", metadata: "zookeeper", brokers: [], listeners: {} },
  services: {},
  clients: { kafkajs: {}, librdkafka: {}, java: {} },
};
const [host, network] = registries() as [RegistryUnderTest, RegistryUnderTest];
const [apicurio] = registries({
  product: "apicurio",
  url: "http://localhost:8081/apis/ccompat/v7",
}) as [RegistryUnderTest];

describe("registriesUnderTest", () => {
  test("has both vantages, the host's first", () => {
    expect(registries()).toMatchObject([
      { vantage: "host", url: "http://localhost:8081", standpoint: "this host" },
      {
        vantage: "network",
        url: "http://schema-registry:8081",
        standpoint: 'a container on network "seed-network"',
      },
    ]);
  });

  test("has the network's alone where nothing is published", () => {
    const { networkUrl, container, product } = {
      networkUrl: "http://sr:1",
      container: "sr",
      product: "confluent",
    } as const;
    const services = { schemaRegistry: { networkUrl, container, product } };
    expect(registriesUnderTest({ ...outputs, services })).toMatchObject([
      { vantage: "network", url: "http://sr:1" },
    ]);
  });

  test("has none where the platform has none", () => {
    expect(registriesUnderTest(outputs)).toEqual([]);
  });
});

describe("explainRegistrySilence", () => {
  const explain = (registry: RegistryUnderTest, kind: SilenceKind, state?: string): string => {
    const { hostname, port } = new URL(registry.url);
    const silence = new NoAnswer(kind, `${hostname}:${port}`, "5 s");
    const address = { host: hostname, port: Number(port) };
    return explainRegistrySilence(registry, address, silence, state);
  };

  test.for<[RegistryUnderTest, SilenceKind, string]>([
    [
      host,
      "refused",
      'Schema Registry: localhost:8081 refuses connections from this host; see that container "schema-registry" publishes port 8081 and is through with its start, which needs the brokers (SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS)',
    ],
    [
      network,
      "refused",
      'Schema Registry: schema-registry:8081 refuses connections from a container on network "seed-network"; see that SCHEMA_REGISTRY_LISTENERS says http://0.0.0.0:8081 in container "schema-registry", and that it is through with its start, which needs the brokers (SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS)',
    ],
    [
      network,
      "unresolved",
      'Schema Registry: the name in schema-registry:8081 does not resolve from a container on network "seed-network"; services.schemaRegistry.networkUrl in the outputs (http://schema-registry:8081) must name container "schema-registry", attached to network "seed-network"',
    ],
    [
      apicurio,
      "unresolved",
      "Schema Registry: the name in localhost:8081 does not resolve from this host; services.schemaRegistry.url in the outputs (http://localhost:8081/apis/ccompat/v7) must name the Docker host as its own programs do: localhost",
    ],
    [
      network,
      "dropped",
      'Schema Registry: schema-registry:8081 takes no connection from a container on network "seed-network" within 5 s; see that container "schema-registry" is attached to network "seed-network"',
    ],
    [
      apicurio,
      "silent",
      'Schema Registry: localhost:8081 takes the connection from this host, but gives no answer to a Schema Registry request within 5 s; see that container "schema-registry" reaches the brokers (APICURIO_KAFKASQL_BOOTSTRAP_SERVERS)',
    ],
    [
      apicurio,
      "tls",
      'Schema Registry: localhost:8081 speaks TLS; see that QUARKUS_HTTP_HOST says 0.0.0.0 and QUARKUS_HTTP_PORT 8081 in container "schema-registry": the outputs say http',
    ],
    [
      apicurio,
      "foreign",
      'Schema Registry: localhost:8081 answers, but not as Schema Registry: 5 s; services.schemaRegistry.url in the outputs (http://localhost:8081/apis/ccompat/v7) must lead to container "schema-registry", with /apis/ccompat/v7 behind the port',
    ],
  ])("names the setting behind $0.vantage $1", ([registry, kind, message]) => {
    expect(explain(registry, kind)).toBe(message);
  });

  test("blames no setting while the container does not run", () => {
    expect(explain(host, "refused", "restarting")).toBe(
      'Schema Registry: localhost:8081 refuses connections from this host; container "schema-registry" is restarting, so start it, or see in its log why it ended',
    );
  });
});

describe("explainRefusal", () => {
  const explain = (registry: RegistryUnderTest, status: number, body: string): string =>
    explainRefusal(registry, new ServiceRefusal("GET /subjects", status, body));

  test.for<[RegistryUnderTest, number, string, string]>([
    [
      host,
      500,
      '{"error_code":50002,"message":"Register operation timed out"}',
      'Schema Registry: GET /subjects is answered with HTTP 500, error_code 50002: Register operation timed out; it cannot use its store; see that SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS of container "schema-registry" leads to the brokers, and that they run',
    ],
    [
      host,
      500,
      '{"error_code":50003,"message":"Error while forwarding"}',
      "Schema Registry: GET /subjects is answered with HTTP 500, error_code 50003: Error while forwarding; it cannot forward to its leader; SCHEMA_REGISTRY_HOST_NAME of each registry must be a name that the others reach",
    ],
    [
      apicurio,
      404,
      '{"error_code":404,"message":"HTTP 404 Not Found"}',
      "Schema Registry: GET /subjects is answered with HTTP 404, error_code 404: HTTP 404 Not Found; the API is not there; services.schemaRegistry.url in the outputs (http://localhost:8081/apis/ccompat/v7) must have /apis/ccompat/v7 behind the port",
    ],
    [
      host,
      422,
      '{"error_code":42205,"message":"Subject users-value is in read-only mode"}',
      "Schema Registry: GET /subjects is answered with HTTP 422, error_code 42205: Subject users-value is in read-only mode; PUT /mode with READWRITE ends that",
    ],
    [
      host,
      401,
      "Unauthorized",
      "Schema Registry: GET /subjects is answered with HTTP 401: Unauthorized; the smoke tests need the rights to register, read and delete subjects named kafka-platform-kit.smoke.*",
    ],
    [
      host,
      404,
      '{"error_code":40403,"message":"Schema 9999 not found"}',
      "Schema Registry: GET /subjects is answered with HTTP 404, error_code 40403: Schema 9999 not found",
    ],
  ])("names the setting behind $1 $2", ([registry, status, body, message]) => {
    expect(explain(registry, status, body)).toBe(message);
  });
});

test.for([
  [host, "SCHEMA_REGISTRY_SCHEMA_COMPATIBILITY_LEVEL must say backward"],
  [apicurio, "APICURIO_RULES_GLOBAL_COMPATIBILITY must say BACKWARD"],
] as const)("the setting of the compatibility is $0.product's own", ([registry, setting]) => {
  expect(explainCompatibility(registry, "NONE")).toContain(
    `the default compatibility is NONE, not BACKWARD; ${setting} in container "schema-registry"`,
  );
  expect(explainLaxness(registry, "s-value", 3)).toContain(
    `was taken for subject "s-value", with id 3, not refused with HTTP 409; ${setting} in container`,
  );
});

test.for([
  [host, "SCHEMA_REGISTRY_KAFKASTORE_TOPIC"],
  [apicurio, "APICURIO_STORAGE_KIND"],
] as const)("what keeps the schemas is $0.product's own", ([registry, setting]) => {
  const message = explainForgetting(registry);
  expect(message).toContain('container "schema-registry" has lost its schemas in a restart; ');
  expect(message).toContain(setting);
});
