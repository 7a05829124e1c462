import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { terraformHint } from "../../stacks/terraform.ts";
import { workspace } from "../../stacks/workspace.ts";
import { leaveOnPath, setVariable, workInScratchFolder } from "../constructs/scratch.ts";

beforeEach(() => {
  workInScratchFolder();
  setVariable("TERRAFORM_BINARY_NAME", undefined);
});

/** Puts an OpenTofu where the kit builds one. */
function build(): string {
  const file = workspace.openTofu();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
  return file;
}

describe("terraformHint", () => {
  it("is none where cdktf finds terraform, or what TERRAFORM_BINARY_NAME names", () => {
    const folder = leaveOnPath({ terraform: "", tofu: "" });
    expect(terraformHint()).toBeUndefined();
    for (const name of ["", "tofu", join(folder, "tofu")]) {
      setVariable("TERRAFORM_BINARY_NAME", name);
      expect(terraformHint()).toBeUndefined();
    }
  });

  it("names the tofu on the path, before the one that was built", () => {
    build();
    leaveOnPath({ tofu: "" });
    expect(terraformHint()).toBe(
      "cdktf will not find terraform; to have cdktf run tofu: export TERRAFORM_BINARY_NAME=tofu",
    );
  });

  it("names the one that was built, by its whole path", () => {
    const built = build();
    leaveOnPath();
    const way = `to have cdktf run ${built}: export TERRAFORM_BINARY_NAME=${built}`;
    expect(terraformHint()).toBe(`cdktf will not find terraform; ${way}`);
    // cdktf runs it in other folders than this one.
    const near = relative(process.cwd(), built);
    setVariable("TERRAFORM_BINARY_NAME", near);
    expect(terraformHint()).toBe(`cdktf will not find ${near}; ${way}`);
  });

  it("says how to get one where there is none", () => {
    leaveOnPath();
    expect(terraformHint()).toBe(
      "cdktf will not find terraform; npm run deploy finds or builds one",
    );
  });
});
