import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { ensureEngine, findRunningEngine, isLocal } from "../../../cli/prepare/engine.ts";
import { leaveOnPath, setVariable, workInScratchFolder } from "../../constructs/scratch.ts";
import { listenToConsole } from "../console.ts";

const CONSENT = { noInstall: false, yes: true };

/** A docker command whose context means an engine, and whose engine answers so. */
function docker(answer: string, context = "unix:///var/run/docker.sock"): string {
  return `case "$1" in context) echo ${context} ;; info) ${answer} ;; esac`;
}

const ANSWERS = docker("echo '20.10.24|/var/lib/docker'");

beforeEach(() => {
  workInScratchFolder();
  setVariable("DOCKER_HOST", undefined);
});

describe("an engine that answers", () => {
  it("is taken as it is", async () => {
    leaveOnPath({ docker: ANSWERS });
    expect(await ensureEngine(CONSENT)).toEqual({
      host: "unix:///var/run/docker.sock",
      version: "20.10.24",
      dataRoot: "/var/lib/docker",
    });
    expect(process.env["DOCKER_HOST"]).toBeUndefined();
  });

  it("is the one of the docker command's context, for Terraform's provider too", async () => {
    const host = "unix:///home/me/.docker/run/docker.sock";
    leaveOnPath({ docker: docker("echo '27.1.0|/data'", host) });
    expect(await ensureEngine(CONSENT)).toMatchObject({ host });
    expect(process.env["DOCKER_HOST"]).toBe(host);
  });

  it("is the one that DOCKER_HOST names, whatever the context", async () => {
    setVariable("DOCKER_HOST", "tcp://10.0.0.5:2375");
    leaveOnPath({ docker: docker("echo '27.1.0|/data'", "ssh://me@kafka.example.org") });
    expect(await ensureEngine(CONSENT)).toMatchObject({ host: "tcp://10.0.0.5:2375" });
  });
});

describe("an engine that does not answer", () => {
  it("is not replaced by another when DOCKER_HOST names it", async () => {
    setVariable("DOCKER_HOST", "tcp://10.0.0.5:2375");
    leaveOnPath({ docker: docker("echo cannot connect >&2; exit 1") });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      new CommandError(
        "the Docker engine at tcp://10.0.0.5:2375 does not answer; start it, or unset DOCKER_HOST to use this machine's\ncannot connect",
      ),
    );
  });

  it("is no reason to install one when this user may not ask it", async () => {
    const folder = leaveOnPath({
      docker: docker(
        "echo 'Got permission denied while trying to connect to the Docker daemon socket' >&2; exit 1",
      ),
      "apt-get": 'echo >"$here/called"',
      sudo: 'echo >"$here/called"',
    });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      new CommandError(
        "the Docker engine at unix:///var/run/docker.sock is not open to this user; have it added to the group docker (usermod -aG docker <user>, then log in again), or run this as root",
      ),
    );
    expect(existsSync(join(folder, "called"))).toBe(false);
  });
});

describe("no engine", () => {
  it("is an error that names the packages, where none may be installed", async () => {
    const folder = leaveOnPath({ "apt-get": 'echo >"$here/called"' });
    await expect(ensureEngine({ noInstall: true, yes: true })).rejects.toThrowError(
      /^a Docker engine is missing, .*install it \(on Debian and Ubuntu: apt-get install docker\.io iptables ca-certificates\)$/,
    );
    expect(existsSync(join(folder, "called"))).toBe(false);
  });

  it("is an error where there is no apt-get to install one with", async () => {
    leaveOnPath();
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      new CommandError(
        "a Docker engine is missing, and this system has no apt-get to install it with; install it by hand and start again",
      ),
    );
  });

  it("is an error where only root could install one, and nothing is run", async () => {
    const { out } = listenToConsole();
    const spy = vi.spyOn(process, "getuid").mockReturnValue(1000);
    onTestFinished(() => {
      spy.mockRestore();
    });
    const note = 'echo "$0 $*" >>"$here/called"';
    const folder = leaveOnPath({ "apt-get": note, dpkg: note, env: note });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      new CommandError(
        "installing a Docker engine needs root, and there is no sudo; run this as root, or have it done by somebody who may",
      ),
    );
    expect(existsSync(join(folder, "called"))).toBe(false);
    expect(out).toEqual([]);
  });

  it("is an error where the installation fails, with the end of what it said", async () => {
    listenToConsole();
    leaveOnPath({
      "apt-get": "",
      sudo: "echo no such package >&2; exit 100",
      dpkg: "echo no such package >&2; exit 100",
    });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      /dpkg --configure -a" failed \(exit code 100\):\nno such package$/,
    );
  });
});

describe("the engine that runs", () => {
  it("is found", async () => {
    leaveOnPath({ docker: ANSWERS });
    expect(await findRunningEngine()).toEqual({
      host: "unix:///var/run/docker.sock",
      version: "20.10.24",
      dataRoot: "/var/lib/docker",
    });
  });

  it.each([
    { host: undefined, at: "unix:///var/run/docker.sock" },
    { host: "tcp://10.0.0.5:2375", at: "tcp://10.0.0.5:2375" },
  ])("is an error where none answers at $at, and none is started", async ({ host, at }) => {
    setVariable("DOCKER_HOST", host);
    const note = 'echo "$0 $*" >>"$here/called"';
    const folder = leaveOnPath({
      docker: docker("echo 'Cannot connect to the Docker daemon' >&2; exit 1"),
      dockerd: note,
      "apt-get": note,
      sudo: note,
      systemctl: note,
    });
    await expect(findRunningEngine()).rejects.toThrowError(
      new CommandError(
        `no Docker engine answers at ${at}; start it, or let npm run deploy do it\nCannot connect to the Docker daemon`,
      ),
    );
    expect(existsSync(join(folder, "called"))).toBe(false);
  });
});

describe("isLocal", () => {
  it.each([
    { host: "unix:///var/run/docker.sock", local: process.platform === "linux" },
    { host: "tcp://127.0.0.1:2375", local: false },
    { host: "ssh://me@kafka.example.org", local: false },
  ])("of $host is $local", ({ host, local }) => {
    expect(isLocal({ host, version: "", dataRoot: "" })).toBe(local);
  });
});
