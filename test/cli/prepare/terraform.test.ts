import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { ensureTerraform, findTerraform } from "../../../cli/prepare/terraform.ts";
import { workspace } from "../../../stacks/workspace.ts";
import {
  leaveOnPath,
  scratchFolder,
  setVariable,
  workInScratchFolder,
} from "../../constructs/scratch.ts";
import { listenToConsole } from "../console.ts";

const CONSENT = { noInstall: false };
const TERRAFORM = version("Terraform v1.11.4");
const TOFU = version("OpenTofu v1.12.6");
const OLD_TERRAFORM = version("Terraform v1.4.7");
const WANTED = "Terraform 1.5 or later or OpenTofu 1.6 or later";

/** A program that says its version as Terraform does, with what may stand around it. */
function version(line: string): string {
  return `[ "$1" = version ] && printf '%s\\n' '${line}' 'on linux_amd64' '' '+ provider example v1.0.0'`;
}

/** Puts an OpenTofu where the kit builds one. */
function build(script = TOFU): string {
  const file = workspace.openTofu();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

beforeEach(() => {
  workInScratchFolder();
  setVariable("TERRAFORM_BINARY_NAME", undefined);
  setVariable("TF_CLI_CONFIG_FILE", undefined);
});

describe.each([
  { title: "ensureTerraform", take: () => ensureTerraform(CONSENT) },
  { title: "findTerraform", take: findTerraform },
])("$title", ({ take }) => {
  it.each([
    { there: { terraform: TERRAFORM, tofu: TOFU }, found: "terraform" },
    { there: { terraform: version("Terraform v1.5.0") }, found: "terraform" },
    { there: { terraform: version("Terraform v2.0.0-beta1") }, found: "terraform" },
    { there: { tofu: TOFU }, found: "tofu" },
    { there: { tofu: version("OpenTofu v1.6.0") }, found: "tofu" },
    // Some have it under Terraform's name.
    { there: { terraform: TOFU }, found: "terraform" },
  ])("finds $found, and has cdktf use the same", async ({ there, found }) => {
    build();
    leaveOnPath(there);
    expect(await take()).toBe(found);
    expect(process.env["TERRAFORM_BINARY_NAME"]).toBe(found);
  });

  it("finds the one that was built before, where none is on the path", async () => {
    const file = build();
    leaveOnPath();
    expect(await take()).toBe(file);
    expect(process.env["TERRAFORM_BINARY_NAME"]).toBe(file);
  });

  it("takes the one that TERRAFORM_BINARY_NAME names, by a path too", async () => {
    const folder = leaveOnPath({ terraform: TERRAFORM, tofu: TOFU });
    setVariable("TERRAFORM_BINARY_NAME", "tofu");
    expect(await take()).toBe("tofu");
    setVariable("TERRAFORM_BINARY_NAME", join(folder, "tofu"));
    expect(await take()).toBe(join(folder, "tofu"));
    // It is run in the folder of the program, where this path would lead elsewhere.
    setVariable("TERRAFORM_BINARY_NAME", relative(process.cwd(), join(folder, "tofu")));
    expect(await take()).toBe(join(folder, "tofu"));
  });

  it.each([
    { named: "terraform-1.5", script: undefined, complaint: "is not on the path" },
    { named: "old", script: OLD_TERRAFORM, complaint: "is Terraform 1.4.7, which is too old" },
    { named: "ls", script: "echo a; echo b", complaint: "does not say its version, but: b" },
    { named: "dumb", script: "", complaint: "does not say its version, but: nothing" },
  ])("rejects a TERRAFORM_BINARY_NAME that $complaint, though another will do", async (given) => {
    const { named, script, complaint } = given;
    leaveOnPath({ terraform: TERRAFORM, ...(script === undefined ? {} : { [named]: script }) });
    setVariable("TERRAFORM_BINARY_NAME", named);
    await expect(take()).rejects.toThrowError(
      new CommandError(
        `TERRAFORM_BINARY_NAME names ${named}, which ${complaint}; name ${WANTED}, or unset the variable`,
      ),
    );
  });

  it("forgets a configuration file that is not there, and only that", async () => {
    leaveOnPath({ terraform: TERRAFORM });
    const file = join(scratchFolder(), "terraformrc");
    setVariable("TF_CLI_CONFIG_FILE", file);
    await take();
    expect(process.env["TF_CLI_CONFIG_FILE"]).toBeUndefined();
    writeFileSync(file, "");
    setVariable("TF_CLI_CONFIG_FILE", file);
    await take();
    expect(process.env["TF_CLI_CONFIG_FILE"]).toBe(file);
  });

  it("lets Terraform ask nobody for news", async () => {
    const folder = leaveOnPath({
      terraform: `echo "$CHECKPOINT_DISABLE" >"$here/news"\n${TERRAFORM}`,
    });
    await take();
    expect(readFileSync(join(folder, "news"), "utf8")).toBe("1\n");
  });
});

describe("a Terraform that is too old", () => {
  it("is passed over for the next one, which is said", async () => {
    const { out } = listenToConsole();
    leaveOnPath({ terraform: OLD_TERRAFORM, tofu: TOFU });
    expect(await ensureTerraform(CONSENT)).toBe("tofu");
    expect(out).toEqual(["• terraform is Terraform 1.4.7, which is too old; taking tofu"]);
  });

  it("is passed over without a word where the answer of a command is read by programs", async () => {
    const { out, err } = listenToConsole();
    leaveOnPath({ terraform: OLD_TERRAFORM, tofu: TOFU });
    expect(await findTerraform()).toBe("tofu");
    expect([out, err]).toEqual([[], []]);
  });

  it("is named where there is no other", async () => {
    leaveOnPath({ terraform: OLD_TERRAFORM, tofu: version("OpenTofu v1.5.9") });
    await expect(findTerraform()).rejects.toThrowError(
      new CommandError(
        `no Terraform or OpenTofu that will do: terraform is Terraform 1.4.7, which is too old; tofu is OpenTofu 1.5.9, which is too old; install ${WANTED}, or let npm run deploy build OpenTofu`,
      ),
    );
  });
});

describe("neither Terraform nor OpenTofu", () => {
  /** A compiler that writes down how it was called and builds an OpenTofu. */
  const GO = `
PATH=/usr/bin:/bin
printf '%s\\n' "$@" >>"$here/arguments"
echo "$CGO_ENABLED" >>"$here/cgo"
[ -e go.sum ] && grep -q 'opentofu/opentofu v1.12.6' go.mod || exit 3
while [ "$1" != -o ]; do shift; done
cat >"$2" <<'END'
#!/bin/sh
${TOFU}
END
chmod +x "$2"`;

  it("has OpenTofu built, once, in the workspace and under its right version", async () => {
    const { out } = listenToConsole();
    const path = leaveOnPath({ go: GO });
    expect(await ensureTerraform(CONSENT)).toBe(workspace.openTofu());
    expect(process.env["TERRAFORM_BINARY_NAME"]).toBe(workspace.openTofu());
    setVariable("TERRAFORM_BINARY_NAME", undefined);
    expect(await ensureTerraform(CONSENT)).toBe(workspace.openTofu());
    const called = readFileSync(join(path, "arguments"), "utf8").trim().split("\n");
    expect(called.filter((argument) => argument === "build")).toHaveLength(1);
    expect(called).toContain("-ldflags=-s -w -X github.com/opentofu/opentofu/version.dev=no");
    expect(called.at(-1)).toBe("github.com/opentofu/opentofu/cmd/tofu");
    expect(readFileSync(join(path, "cgo"), "utf8")).toBe("0\n");
    expect(out).toEqual([
      "• neither terraform nor tofu is on the path; building OpenTofu from its Go module",
      `• built ${workspace.openTofu()}; plain cdktf takes it with TERRAFORM_BINARY_NAME=${workspace.openTofu()}`,
    ]);
    expect(readdirSync(workspace.build())).toEqual([]);
  });

  it("is an error where the build fails, which leaves nothing that could be taken for one", async () => {
    listenToConsole();
    leaveOnPath({
      go: `${GO}\necho half >"$2"\necho 'go.mod requires go >= 1.26.6' >&2\nexit 1`,
    });
    await expect(ensureTerraform(CONSENT)).rejects.toThrowError(/go\.mod requires go >= 1\.26\.6$/);
    expect(existsSync(workspace.openTofu())).toBe(false);
    expect(readdirSync(workspace.build())).toEqual([]);
  });

  it("is an error that says what to install where there is no Go either", async () => {
    leaveOnPath();
    await expect(ensureTerraform(CONSENT)).rejects.toThrowError(
      new CommandError(
        `neither terraform nor tofu is on the path, and there is no Go toolchain to build OpenTofu with; install ${WANTED}, or Go 1.26.6 or later, and start again`,
      ),
    );
  });

  it("is an error where nothing may be installed, and nothing is built", async () => {
    const folder = leaveOnPath({ go: 'echo >"$here/called"' });
    await expect(ensureTerraform({ noInstall: true })).rejects.toThrowError(
      new CommandError(
        `neither terraform nor tofu is on the path, and --no-install was given; install ${WANTED}, or start without --no-install to have OpenTofu built in ${workspace.root()}`,
      ),
    );
    expect(existsSync(join(folder, "called"))).toBe(false);
  });

  it("is an error for a command that only looks, and nothing is built", async () => {
    const folder = leaveOnPath({ go: 'echo >"$here/called"' });
    await expect(findTerraform()).rejects.toThrowError(
      new CommandError(
        `neither terraform nor tofu is on the path; install ${WANTED}, or let npm run deploy build OpenTofu`,
      ),
    );
    expect(existsSync(join(folder, "called"))).toBe(false);
  });
});
