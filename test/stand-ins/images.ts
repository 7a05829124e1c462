import { chmodSync, copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";

const STAND_INS = fileURLToPath(new URL("./", import.meta.url));
const MODULES = fileURLToPath(new URL("../../node_modules/", import.meta.url));
/** Packages of this repository's own that run in stand-ins; none needs another. */
const PACKAGES = ["kafkajs", "avsc"];

/** What real images are called: none on the machine's own engine may be one of ours. */
const REAL_NAME = /^confluentinc\//;
const OWN_ENGINE = "unix:///var/run/docker.sock";

/** A folder here: `Dockerfile`, the container's command `run`, and its modules. */
export type StandIn = "kafka-connect" | "ksqldb" | "ksqldb-cli" | "rest-proxy" | "schema-registry";

/**
 * Builds the stand-in for a service of Confluent's Platform 7.0.1, with the node that runs this.
 *
 * @param kind which service's
 * @param image such as `confluentinc/cp-schema-registry:7.0.1`, on an engine of a test's own
 * @param dockerHost where that engine listens, such as a test host's; by default this machine's. It needs
 * `kafka-platform-kit/java:17`, for Connect `kafka-platform-kit/kafka:3.0.1`
 */
export async function buildStandIn(
  kind: StandIn,
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
    for (const name of PACKAGES) {
      cpSync(join(MODULES, name), join(context, "node_modules", name), { recursive: true });
    }
    for (const folder of ["shared", kind]) {
      cpSync(join(STAND_INS, folder), join(context, folder), {
        recursive: true,
        filter: (source) => basename(source) !== "recordings",
      });
    }
    const recipe = join(context, kind, "Dockerfile");
    await execa("docker", ["build", "--quiet", `--tag=${image}`, `--file=${recipe}`, context], {
      env: { DOCKER_HOST: dockerHost },
    });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
