import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const PARTS = fileURLToPath(new URL("schema-registry/", import.meta.url));
const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));

/** What real images are called: none on the machine's own engine may be one of ours. */
const REAL_NAME = /^confluentinc\//;
const OWN_ENGINE = "unix:///var/run/docker.sock";

/**
 * Builds the stand-in for Confluent's Schema Registry 7.0.1, with the node that runs this.
 *
 * @param image such as `confluentinc/cp-schema-registry:7.0.1`, on an engine of a test's own
 * @param dockerHost where that engine listens, such as a test host's; by default this machine's. It needs
 * `kafka-platform-kit/java:17`
 */
export async function buildSchemaRegistryStandIn(
  image: string,
  dockerHost = OWN_ENGINE,
): Promise<void> {
  if (dockerHost === OWN_ENGINE && REAL_NAME.test(image)) {
    throw new Error(`the stand-in must not be called "${image}" on this machine's own engine`);
  }
  const context = mkdtempSync(join(tmpdir(), "kafka-platform-kit-stand-in-"));
  try {
    copyFileSync(process.execPath, join(context, "node"));
    chmodSync(join(context, "node"), 0o755);
    for (const name of ["kafkajs", "avsc"]) {
      cpSync(join(MODULES, name), join(context, "node_modules", name), { recursive: true });
    }
    mkdirSync(join(context, "schema-registry"));
    cpSync(PARTS, join(context, "schema-registry"), {
      recursive: true,
      filter: (source) => !source.includes("recordings"),
    });
    for (const name of ["Dockerfile", "run"]) {
      copyFileSync(join(PARTS, name), join(context, name));
    }
    await execa("docker", ["build", "--quiet", `--tag=${image}`, context], {
      env: { DOCKER_HOST: dockerHost },
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
