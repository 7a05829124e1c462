import { InvalidSettingError } from "../constructs/index.ts";
import { synth } from "./app.ts";
import { imagesWanted, keepLock, lockUnseen } from "./environment-lock.ts";
import { environmentNames, loadEnvironment } from "./environment.ts";
import { terraformHint } from "./terraform.ts";

// The program behind plain cdktf: every environment, by its lock.
try {
  const environments = await Promise.all((await environmentNames()).map(loadEnvironment));
  const locked = environments.map((environment) => ({
    environment,
    lock: lockUnseen(environment, imagesWanted()),
  }));
  synth(locked);
  for (const { lock } of locked) keepLock(lock);
  const hint = terraformHint();
  if (hint !== undefined) console.error(`warning: ${hint}`);
} catch (error) {
  if (!(error instanceof InvalidSettingError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
