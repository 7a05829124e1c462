import { InvalidSettingError } from "../constructs/index.ts";
import { synth } from "./app.ts";
import { deployedHost, dockerEndpoint, refuseContextOfProvider } from "./docker-engine.ts";
import { imagesWanted, keepLock, lockUnseen } from "./environment-lock.ts";
import { environmentNames, loadEnvironment } from "./environment.ts";

// The program behind plain cdktf: every environment, by its lock.
try {
  const environments = await Promise.all((await environmentNames()).map(loadEnvironment));
  const engine = dockerEndpoint();
  refuseContextOfProvider(engine);
  const locked = environments.map((environment) => {
    const host = deployedHost(environment.name);
    return {
      environment,
      lock: lockUnseen(environment, imagesWanted()),
      deployedOn: host === engine.host ? undefined : host,
    };
  });
  synth(locked);
  for (const { lock } of locked) keepLock(lock);
} catch (error) {
  if (!(error instanceof InvalidSettingError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
