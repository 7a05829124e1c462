import { once } from "node:events";
import { waitForBrokers } from "../shared/brokers.mjs";
import { run } from "../shared/environment.mjs";
import { Consumers } from "./consumers.mjs";
import { settingsFrom } from "./environment.mjs";
import { createHttpServer } from "./http.mjs";
import { KafkaCluster } from "./kafka.mjs";

await run("REST Proxy", async () => {
  console.log("===> Configuring ...");
  const settings = settingsFrom(process.env);
  console.log("===> Check if Kafka is healthy ...");
  const kafka = await waitForBrokers({ clientId: "rest-proxy", ...settings });
  console.log("===> Launching kafka-rest ...");
  const cluster = new KafkaCluster(kafka, settings);
  const consumers = new Consumers(settings, (...member) => cluster.member(...member));
  for (const { host, port } of settings.listeners) {
    const server = createHttpServer({
      ...{ cluster, consumers, settings },
      log: (line) => console.log(`[${new Date().toISOString()}] INFO ${line}`),
    });
    server.listen(port, host);
    await once(server, "listening");
  }
  console.log("INFO Server started, listening for requests...");
});
