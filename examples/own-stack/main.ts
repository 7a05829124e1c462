import { Network } from "@cdktf/provider-docker/lib/network/index.js";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider/index.js";
import { App, TerraformStack } from "cdktf";
import { Distribution, KafkaCluster, Listener, ReadinessGate, Sizing } from "kafka-platform-kit";

const app = new App();
const stack = new TerraformStack(app, "orders");
new DockerProvider(stack, "docker");
// Older providers forget stopped containers.
stack.addOverride("terraform.required_providers.docker.version", ">= 4.1.0, < 5.0.0");

const network = new Network(stack, "network", { name: "orders" });
const kafka = new KafkaCluster(stack, "kafka", {
  name: "orders-kafka",
  distribution: Distribution.local("4.1.1"),
  clusterId: "yMMK0cRhRdOEKDG6l0gVtA",
  network,
  listeners: [Listener.network(), Listener.host({ port: 9192 })],
  sizing: Sizing.laptop(),
});
new ReadinessGate(stack, "ready", {
  containers: kafka.containers,
  clusters: [kafka],
});

console.log(`clients on this host connect to ${kafka.bootstrapServers("HOST")}`);
app.synth();
