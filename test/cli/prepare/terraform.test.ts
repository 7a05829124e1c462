import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { ensureTerraform } from "../../../cli/prepare/terraform.ts";
import { leaveOnPath, scratchFolder, setVariable } from "../../constructs/scratch.ts";

beforeEach(() => {
  setVariable("TERRAFORM_BINARY_NAME", undefined);
  setVariable("TF_CLI_CONFIG_FILE", undefined);
});

describe("ensureTerraform", () => {
  it.each([
    { there: { terraform: "", tofu: "" }, found: "terraform" },
    { there: { tofu: "" }, found: "tofu" },
  ])("finds $found, and has cdktf use the same", async ({ there, found }) => {
    leaveOnPath(there);
    expect(await ensureTerraform()).toBe(found);
    expect(process.env["TERRAFORM_BINARY_NAME"]).toBe(found);
  });

  it("takes the one that TERRAFORM_BINARY_NAME names, by a path too", async () => {
    const folder = leaveOnPath({ terraform: "", tofu: "" });
    setVariable("TERRAFORM_BINARY_NAME", "tofu");
    expect(await ensureTerraform()).toBe("tofu");
    setVariable("TERRAFORM_BINARY_NAME", join(folder, "tofu"));
    expect(await ensureTerraform()).toBe(join(folder, "tofu"));
  });

  it("rejects a TERRAFORM_BINARY_NAME that is not there, though another is", async () => {
    leaveOnPath({ terraform: "" });
    setVariable("TERRAFORM_BINARY_NAME", "terraform-1.5");
    await expect(ensureTerraform()).rejects.toThrowError(
      new CommandError(
        "TERRAFORM_BINARY_NAME names terraform-1.5, which is not on the path; install it or unset the variable",
      ),
    );
  });

  it("says what to install where there is neither", async () => {
    leaveOnPath();
    await expect(ensureTerraform()).rejects.toThrowError(
      new CommandError(
        "neither terraform nor tofu is on the path; install Terraform 1.5 or later, or OpenTofu",
      ),
    );
  });

  it("forgets a configuration file that is not there, and only that", async () => {
    leaveOnPath({ terraform: "" });
    const file = join(scratchFolder(), "terraformrc");
    setVariable("TF_CLI_CONFIG_FILE", file);
    await ensureTerraform();
    expect(process.env["TF_CLI_CONFIG_FILE"]).toBeUndefined();
    writeFileSync(file, "");
    setVariable("TF_CLI_CONFIG_FILE", file);
    await ensureTerraform();
    expect(process.env["TF_CLI_CONFIG_FILE"]).toBe(file);
  });
});
