import { once } from "node:events";
import { settingsFrom, StartError } from "./environment.mjs";
import { createHttpServer } from "./http.mjs";
import { KafkaLog, waitForBrokers } from "./kafka-log.mjs";
import { Registry } from "./registry.mjs";

// As process 1 it would get neither, and the JVM ends with the same codes.
process.once("SIGTERM", () => process.exit(143));
process.once("SIGINT", () => process.exit(130));

console.log("a stand-in for Confluent's Schema Registry 7.0.1, for tests only");
try {
  await start();
} catch (error) {
  end(error);
}

async function start() {
  console.log("===> Configuring ...");
  const settings = settingsFrom(process.env);
  console.log("===> Check if Kafka is healthy ...");
  const kafka = await waitForBrokers(settings);
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

/**
 * @param {unknown} error
 * @returns {never}
 */
function end(error) {
  console.error(error instanceof StartError ? `ERROR ${error.message}` : error);
  process.exit(1);
}
