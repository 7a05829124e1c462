import { once } from "node:events";
import { waitForBrokers } from "../shared/brokers.mjs";
import { end, run } from "../shared/environment.mjs";
import { settingsFrom } from "./environment.mjs";
import { createHttpServer } from "./http.mjs";
import { KafkaLog } from "./kafka-log.mjs";
import { Registry } from "./registry.mjs";

await run("Schema Registry", start);

async function start() {
  console.log("===> Configuring ...");
  const settings = settingsFrom(process.env);
  console.log("===> Check if Kafka is healthy ...");
  const kafka = await waitForBrokers({ clientId: "schema-registry", ...settings });
  console.log("===> Launching schema-registry ...");
  /** @type {Registry} */
  const registry = new Registry({
    level: settings.level,
    log: { append: (record) => log.append(record), settled: () => log.settled() },
  });
  const log = new KafkaLog(kafka, settings, {
    apply: (record) => registry.apply(record),
    fail: end,
  });
  const clusterId = await log.open();
  for (const { host, port } of settings.listeners) {
    const server = createHttpServer(registry, {
      clusterId,
      group: settings.group,
      log: (line) => console.log(`[${new Date().toISOString()}] INFO ${line}`),
    });
    server.listen(port, host);
    await once(server, "listening");
  }
  console.log("INFO Server started, listening for requests...");
}
