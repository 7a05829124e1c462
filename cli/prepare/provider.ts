import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROVIDER_VERSIONS } from "../../stacks/kafka-platform.ts";
import { workspace } from "../../stacks/workspace.ts";
import { CommandError } from "../errors.ts";
import { say, step } from "../progress.ts";
import { ask, hasProgram, lastLines, run } from "../shell.ts";

/** The version that the sources pinned in `provider/go.mod` are, just after its release. */
const BUILT_VERSION = "4.5.0";
const MODULE = fileURLToPath(new URL("../provider/", import.meta.url));
const PACKAGE = "github.com/terraform-providers/terraform-provider-docker";

/**
 * Sees to it that the Docker provider lies in the project's mirror: fetched from the Terraform registry, or
 * built from its Go module where that cannot be reached. Done once; a start that was broken off leaves nothing.
 *
 * @throws CommandError when it can be had neither way
 */
export async function ensureProvider(terraform: string): Promise<void> {
  if (existsSync(workspace.providerLock())) return;
  mkdirSync(workspace.build(), { recursive: true });
  const scratch = mkdtempSync(workspace.build("provider-"));
  try {
    writeFileSync(
      join(scratch, "main.tf.json"),
      JSON.stringify({
        terraform: {
          required_providers: {
            docker: { source: "kreuzwerker/docker", version: PROVIDER_VERSIONS },
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
    if (!fetched.ok) await build(mirror, scratch, lastLines(fetched.stderr, 6));
    await run(terraform, [`-chdir=${scratch}`, "providers", "lock", `-fs-mirror=${mirror}`]);
    rmSync(workspace.providers(), { recursive: true, force: true });
    renameSync(mirror, workspace.providers());
    // The lock comes last: where it lies, all of the mirror does.
    cpSync(join(scratch, ".terraform.lock.hcl"), `${workspace.providerLock()}.partial`);
    renameSync(`${workspace.providerLock()}.partial`, workspace.providerLock());
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function build(mirror: string, scratch: string, refusal: string): Promise<void> {
  if (!(await hasProgram("go"))) {
    throw new CommandError(
      `the Docker provider cannot be fetched, and there is no Go toolchain to build it with; install Go 1.25.8 or later, or connect this machine to the Terraform registry\n${refusal}`,
    );
  }
  say("the Terraform registry cannot be reached; building the Docker provider from its Go module");
  const [os, arch] = (await run("go", ["env", "GOOS", "GOARCH"])).trim().split("\n");
  const folder = join(
    mirror,
    "registry.terraform.io/kreuzwerker/docker",
    BUILT_VERSION,
    `${os}_${arch}`,
  );
  // A copy: go may write to the module's folder.
  const module = join(scratch, "module");
  mkdirSync(module, { recursive: true });
  for (const file of ["go.mod", "go.sum"]) cpSync(join(MODULE, file), join(module, file));
  await step("building the Docker provider", () =>
    run(
      "go",
      [
        "build",
        "-trimpath",
        "-ldflags=-s -w",
        "-o",
        join(folder, `terraform-provider-docker_v${BUILT_VERSION}`),
        PACKAGE,
      ],
      { cwd: module, env: { CGO_ENABLED: "0" } },
    ),
  );
}
