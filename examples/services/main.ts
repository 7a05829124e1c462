import { DockerProvider } from "@cdktf/provider-docker/lib/provider/index.js";
import { App, TerraformStack } from "cdktf";
import {
  Distribution,
  KafkaCluster,
  KafkaConnect,
  PublishedPort,
  ReadinessGate,
  SchemaRegistry,
} from "kafka-platform-kit";

const app = new App();
const stack = new TerraformStack(app, "orders-services");
new DockerProvider(stack, "docker");
// Older providers forget stopped containers.
stack.addOverride("terraform.required_providers.docker.version", ">= 4.1.0, < 5.0.0");

// Deployed by somebody else; services join a network from where they reach it.
const kafka = KafkaCluster.fromBootstrapServers("orders-kafka-1:19092", {
  brokers: 1,
  network: { name: "orders" },
  distribution: Distribution.local("4.1.1"),
});
const schemaRegistry = new SchemaRegistry(stack, "registry", { name: "orders-registry", kafka });
const connect = new KafkaConnect(stack, "connect", {
  name: "orders-connect",
  kafka,
  publish: PublishedPort.host(9193),
});
new ReadinessGate(stack, "ready", {
  containers: [schemaRegistry.container, connect.container],
});

console.log(`connectors are made at ${connect.url("host")}`);
app.synth();
