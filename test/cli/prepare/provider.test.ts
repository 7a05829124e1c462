import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { ensureProvider } from "../../../cli/prepare/provider.ts";
import { workspace } from "../../../stacks/workspace.ts";
import { leaveOnPath, workInScratchFolder } from "../../constructs/scratch.ts";
import { listenToConsole } from "../console.ts";

const REGISTRIES = ["registry.opentofu.org", "registry.terraform.io"];

/** A Terraform or OpenTofu that looks under its own registry's name, and runs `fetch` for a mirror in `$to`. */
function terraform(registry: string, fetch: string): string {
  return `
PATH=/usr/bin:/bin
echo "$*" >>"$here/calls"
cd "\${1#-chdir=}"
case "$3" in
mirror) to=$4/${registry}/kreuzwerker/docker; ${fetch} ;;
lock)
  [ -d "\${4#-fs-mirror=}/${registry}/kreuzwerker/docker" ] || exit 1
  cat >.terraform.lock.hcl <<'END'
# This file is maintained automatically by its maker.

provider "${registry}/kreuzwerker/docker" {
  version = "4.5.0"
  hashes = [
    "h1:abc=",
  ]
}
END
esac`;
}

const FETCHED = 'mkdir -p "$to"; echo docker >"$to/index.json"';
const CUT_OFF = 'mkdir -p "$to"; echo >"$to/half"; echo "no such host" >&2; exit 1';
const GO = `
PATH=/usr/bin:/bin
echo "$*" >>"$here/go-calls"
case "$1" in env) printf 'linux\\namd64\\n' ;; build) while [ "$1" != -o ]; do shift; done; echo built >"$2" ;; esac`;

/** What either of them finds in the mirror. */
function mirrored(registry: string, ...path: string[]): string {
  const file = join(workspace.providers(), registry, "kreuzwerker", "docker", ...path);
  return readFileSync(file, "utf8").trim();
}

function entries(): string[] {
  return readFileSync(workspace.providerLock(), "utf8").match(/^provider ".*"/gm) ?? [];
}

const BOTH = [
  'provider "registry.terraform.io/kreuzwerker/docker"',
  'provider "registry.opentofu.org/kreuzwerker/docker"',
];

beforeEach(() => {
  workInScratchFolder();
});

describe("the mirror of providers", () => {
  it.each(REGISTRIES)("serves Terraform and OpenTofu when fetched from %s", async (registry) => {
    leaveOnPath({ terraform: terraform(registry, FETCHED) });
    await ensureProvider("terraform");
    expect(readdirSync(workspace.providers()).sort()).toEqual(REGISTRIES);
    for (const name of REGISTRIES) expect(mirrored(name, "index.json")).toBe("docker");
    expect(entries()).toEqual(BOTH);
    expect(readFileSync(workspace.providerLock(), "utf8").match(/"h1:abc="/g)).toHaveLength(2);
  });

  it.each(REGISTRIES)(
    "is built where %s is not reached, without what came half",
    async (registry) => {
      const { out } = listenToConsole();
      leaveOnPath({ terraform: terraform(registry, CUT_OFF), go: GO });
      await ensureProvider("terraform");
      for (const name of REGISTRIES) {
        const file = ["4.5.0", "linux_amd64", "terraform-provider-docker_v4.5.0"];
        expect(mirrored(name, ...file)).toBe("built");
        expect(readdirSync(join(workspace.providers(), name, "kreuzwerker", "docker"))).toEqual([
          "4.5.0",
        ]);
      }
      expect(entries()).toEqual(BOTH);
      expect(out).toEqual([
        "• the registry cannot be reached; building the Docker provider from its Go module",
      ]);
    },
  );

  it("is made once", async () => {
    const folder = leaveOnPath({ terraform: terraform("registry.terraform.io", FETCHED) });
    await ensureProvider("terraform");
    const calls = readFileSync(join(folder, "calls"), "utf8");
    await ensureProvider("terraform");
    expect(readFileSync(join(folder, "calls"), "utf8")).toBe(calls);
    expect(readdirSync(workspace.build())).toEqual([]);
  });

  it("is made anew where it serves one of them only", async () => {
    mkdirSync(join(workspace.providers(), "registry.terraform.io"), { recursive: true });
    writeFileSync(workspace.providerLock(), `${BOTH[0]} {\n}\n`);
    leaveOnPath({ terraform: terraform("registry.opentofu.org", FETCHED) });
    await ensureProvider("terraform");
    expect(entries()).toEqual(BOTH);
  });

  it("is an error where it is neither fetched nor built, and what was there stays", async () => {
    mkdirSync(workspace.providers(), { recursive: true });
    leaveOnPath({ terraform: terraform("registry.terraform.io", CUT_OFF) });
    await expect(ensureProvider("terraform")).rejects.toThrowError(
      new CommandError(
        "the Docker provider cannot be fetched, and there is no Go toolchain to build it with; install Go 1.25.8 or later, or connect this machine to the registry\nno such host",
      ),
    );
    expect(existsSync(workspace.providers())).toBe(true);
    expect(existsSync(workspace.providerLock())).toBe(false);
    expect(readdirSync(workspace.build())).toEqual([]);
  });
});
