import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { PROVIDER_VERSIONS } from "../../stacks/kafka-platform.ts";
import { workspace } from "../../stacks/workspace.ts";
import { CommandError } from "../errors.ts";
import { say, step } from "../progress.ts";
import { ask, hasProgram, lastLines, run } from "../shell.ts";
import { buildGoProgram } from "./go.ts";

/** The version that the sources pinned in `provider/go.mod` are, just after its release. */
const BUILT_VERSION = "4.5.0";
const SOURCE = "kreuzwerker/docker";
/** Where the source is looked for: by Terraform, by OpenTofu. */
const REGISTRIES = ["registry.terraform.io", "registry.opentofu.org"] as const;

/**
 * Sees to it that the Docker provider lies in the project's mirror: fetched from the registry, or
 * built from its Go module where that cannot be reached. Done once; a start that was broken off leaves nothing.
 *
 * @throws CommandError when it can be had neither way
 */
export async function ensureProvider(terraform: string): Promise<void> {
  if (isThere()) return;
  mkdirSync(workspace.build(), { recursive: true });
  const scratch = mkdtempSync(workspace.build("provider-"));
  try {
    writeFileSync(
      join(scratch, "main.tf.json"),
      JSON.stringify({
        terraform: {
          required_providers: {
            docker: { source: SOURCE, version: PROVIDER_VERSIONS },
          },
        },
      }),
    );
    const mirror = join(scratch, "mirror");
    const fetched = await step("fetching the Docker provider", () =>
      ask(terraform, [`-chdir=${scratch}`, "providers", "mirror", mirror], {
        env: { TF_REGISTRY_CLIENT_TIMEOUT: "10", TF_REGISTRY_DISCOVERY_RETRY: "1" },
      }),
    );
    if (!fetched.ok) await build(mirror, lastLines(fetched.stderr, 6));
    layOutForBoth(mirror);
    await run(terraform, [`-chdir=${scratch}`, "providers", "lock", `-fs-mirror=${mirror}`]);
    rmSync(workspace.providers(), { recursive: true, force: true });
    renameSync(mirror, workspace.providers());
    // The lock comes last: where it lies, all of the mirror does.
    const lock = lockForBoth(readFileSync(join(scratch, ".terraform.lock.hcl"), "utf8"));
    writeFileSync(`${workspace.providerLock()}.partial`, lock);
    renameSync(`${workspace.providerLock()}.partial`, workspace.providerLock());
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whether the mirror serves both; an older kit's has one of them only. */
function isThere(): boolean {
  if (!existsSync(workspace.providerLock())) return false;
  const lock = readFileSync(workspace.providerLock(), "utf8");
  return REGISTRIES.every((registry) => lock.includes(entryOf(registry)));
}

async function build(mirror: string, refusal: string): Promise<void> {
  if (!(await hasProgram("go"))) {
    throw new CommandError(
      `the Docker provider cannot be fetched, and there is no Go toolchain to build it with; install Go 1.25.8 or later, or connect this machine to the registry\n${refusal}`,
    );
  }
  say("the registry cannot be reached; building the Docker provider from its Go module");
  // What was fetched before the registry was lost.
  rmSync(mirror, { recursive: true, force: true });
  const [os, arch] = (await run("go", ["env", "GOOS", "GOARCH"])).trim().split("\n");
  await buildGoProgram(
    {
      module: new URL("../provider/", import.meta.url),
      package: "github.com/terraform-providers/terraform-provider-docker",
      title: "the Docker provider",
    },
    join(
      ...[mirror, REGISTRIES[0], SOURCE, BUILT_VERSION, `${os}_${arch}`],
      `terraform-provider-docker_v${BUILT_VERSION}`,
    ),
  );
}

/** Terraform and OpenTofu each look under their own registry's name; the releases are the same. */
function layOutForBoth(mirror: string): void {
  const [there = ""] = readdirSync(mirror);
  for (const registry of REGISTRIES.filter((name) => name !== there)) {
    cpSync(join(mirror, there), join(mirror, registry), { recursive: true });
  }
}

/** Makes of the lock that one of them wrote the lock for both. */
function lockForBoth(lock: string): string {
  const block = lock.slice(lock.indexOf("provider "));
  return REGISTRIES.map((registry) => block.replace(/^provider "[^"]+"/, entryOf(registry))).join(
    "\n",
  );
}

function entryOf(registry: string): string {
  return `provider "${registry}/${SOURCE}"`;
}
