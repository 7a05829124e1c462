import { setTimeout as sleep } from "node:timers/promises";
import { waitForBrokers } from "../shared/brokers.mjs";
import { run } from "../shared/environment.mjs";
import { Engine } from "./engine.mjs";
import { settingsFrom } from "./environment.mjs";
import { createKsqlServer } from "./http.mjs";
import { Cluster } from "./kafka.mjs";

await run("ksqlDB server", start);

async function start() {
  /** @param {string} line */
  const log = (line) => console.log(`[${new Date().toISOString()}] ${line}`);
  console.log("===> Configuring ...");
  const settings = settingsFrom(process.env);
  console.log("===> Launching ksqlDB Server ...");
  const kafka = await waitForBrokers({ clientId: "ksqldb", ...settings });
  const cluster = new Cluster(kafka, settings, log);
  const engine = new Engine(cluster, settings, log);
  const wantsLog = settings.processingLogTopic;
  const { clusterId, commands } = await cluster.open(
    wantsLog ? engine.processingLogTopic : undefined,
  );
  let isReady = false;
  const { serviceId } = settings;
  const servers = settings.listeners.map(() =>
    createKsqlServer(engine, { clusterId, serviceId, isReady: () => isReady, log }),
  );
  process.removeAllListeners("SIGTERM");
  process.once("SIGTERM", () => {
    log("INFO ksqlDB is shutting down");
    Promise.all([
      ...[engine.stop(), sleep(settings.stopMs)],
      ...servers.map((server) => server.close()),
    ]).then(
      () => process.exit(143),
      (error) => {
        log(`ERROR ${error}`);
        process.exit(1);
      },
    );
  });
  for (const [index, { host, port }] of settings.listeners.entries()) {
    await servers[index]?.listen(port, host);
  }
  if (settings.processingLogStream) engine.addProcessingLog();
  for (const { offset, command } of commands) engine.restore(offset, command);
  await sleep(settings.notReadyMs);
  isReady = true;
  log("INFO Server up and running");
}
