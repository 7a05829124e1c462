import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import {
  asRoot,
  confirm,
  debianMirror,
  installPackages,
  runAsRoot,
} from "../../../cli/prepare/packages.ts";
import { leaveOnPath, workInScratchFolder } from "../../constructs/scratch.ts";
import { listenToConsole } from "../console.ts";

const NOTE = 'echo "${0##*/} $*" >>"$here/calls"';

function user(uid: number): void {
  const spy = vi.spyOn(process, "getuid").mockReturnValue(uid);
  onTestFinished(() => {
    spy.mockRestore();
  });
}

beforeEach(() => {
  workInScratchFolder();
});

describe("root", () => {
  it("runs a program itself", async () => {
    user(0);
    leaveOnPath({ id: "echo itself", sudo: "echo by sudo" });
    expect(await asRoot("a trial")).toEqual([]);
    expect(await runAsRoot("a trial", ["id"])).toBe("itself");
  });

  it("runs it through sudo for others", async () => {
    user(1000);
    leaveOnPath({ sudo: 'echo "$*"' });
    expect(await runAsRoot("a trial", ["id", "-u"])).toBe("-- id -u");
  });

  it("is out of reach for others where there is no sudo", async () => {
    user(1000);
    leaveOnPath();
    await expect(runAsRoot("installing a Docker engine", ["id"])).rejects.toThrowError(
      new CommandError(
        "installing a Docker engine needs root, and there is no sudo; run this as root, or have it done by somebody who may",
      ),
    );
  });
});

describe("confirm", () => {
  it.each([true, false])("answers %s by itself where nobody sits at a terminal", async (answer) => {
    expect(await confirm("really?", answer)).toBe(answer);
  });
});

describe("installPackages", () => {
  const PACKAGES = ["one", "two"];

  it("says what it installs, finishes an earlier installation, then installs", async () => {
    user(0);
    const { out } = listenToConsole();
    const folder = leaveOnPath({
      "apt-get": NOTE,
      dpkg: NOTE,
      env: '"$2" "$3" "$4" "$5" "$6" "$7" "$8"',
    });
    await installPackages("a trial", PACKAGES, { noInstall: false, yes: false });
    expect(out[0]).toBe("• to be installed on this system for a trial: one two");
    const calls = readFileSync(join(folder, "calls"), "utf8").trim().split(/ *\n/);
    expect(calls).toEqual([
      "dpkg --configure -a",
      "apt-get -q -y update",
      "apt-get -q -y install --no-install-recommends one two",
    ]);
  });

  it("installs nothing with --no-install, and says what would be needed", async () => {
    user(0);
    const folder = leaveOnPath({ "apt-get": NOTE, dpkg: NOTE, env: NOTE });
    await expect(
      installPackages("a trial", PACKAGES, { noInstall: true, yes: true }),
    ).rejects.toThrowError(
      new CommandError(
        "a trial is missing, and --no-install was given; install it (on Debian and Ubuntu: apt-get install one two)",
      ),
    );
    expect(existsSync(join(folder, "calls"))).toBe(false);
  });

  it("says before anything else that root is out of reach", async () => {
    user(1000);
    const { out } = listenToConsole();
    leaveOnPath({ "apt-get": NOTE });
    await expect(
      installPackages("a trial", PACKAGES, { noInstall: false, yes: true }),
    ).rejects.toThrowError("installing a trial needs root, and there is no sudo; ");
    expect(out).toEqual([]);
  });
});

describe("debianMirror", () => {
  it("is the first that this system installs Debian from", async () => {
    leaveOnPath({
      "apt-get":
        "echo 'Ubuntu|http://mirror.example/ubuntu'; echo 'Debian|http://mirror.example/debian'; echo 'Debian|http://mirror.example/security'",
    });
    expect(await debianMirror()).toBe("http://mirror.example/debian");
  });

  it.each([
    { title: "another system", programs: { "apt-get": "echo 'Ubuntu|http://mirror.example'" } },
    { title: "a system without apt", programs: {} },
  ])("is unknown on $title", async ({ programs }) => {
    leaveOnPath(programs);
    expect(await debianMirror()).toBeUndefined();
  });
});
