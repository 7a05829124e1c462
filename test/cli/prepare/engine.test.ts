import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname, release } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { CommandError } from "../../../cli/errors.ts";
import { describeEngine, ensureEngine, findRunningEngine } from "../../../cli/prepare/engine.ts";
import { leaveOnPath, setVariable, workInScratchFolder } from "../../constructs/scratch.ts";
import { listenToConsole } from "../console.ts";
import { engineOf } from "../docker.ts";

const CONSENT = { noInstall: false, yes: true };

/** A docker command whose engine says so of itself. */
function answers(info: Record<string, unknown> = {}): string {
  const whole = {
    ServerVersion: "20.10.24",
    DockerRootDir: "/var/lib/docker",
    OperatingSystem: "Debian GNU/Linux 12 (bookworm)",
    OSType: "linux",
    Architecture: "x86_64",
    SecurityOptions: ["name=seccomp,profile=default"],
    Name: hostname(),
    KernelVersion: release(),
    ...info,
  };
  return `[ "$1" = info ] && echo '${JSON.stringify(whole)}'`;
}

/** A docker command that cannot. */
function fails(why: string): string {
  return `echo '${why}' >&2; exit 1`;
}

/** Makes a docker context the current one. */
function useContext(name: string, host: string): void {
  const folder = process.env["DOCKER_CONFIG"] ?? "";
  const id = createHash("sha256").update(name).digest("hex");
  mkdirSync(join(folder, "contexts", "meta", id), { recursive: true });
  writeFileSync(
    join(folder, "contexts", "meta", id, "meta.json"),
    JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }),
  );
  writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: name }));
}

beforeEach(() => {
  setVariable("DOCKER_CONFIG", workInScratchFolder());
  for (const name of ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"]) {
    setVariable(name, undefined);
  }
});

describe("an engine that answers", () => {
  it("is taken as it is", async () => {
    leaveOnPath({ docker: answers() });
    expect(await ensureEngine(CONSENT)).toEqual({
      host: "unix:///var/run/docker.sock",
      context: undefined,
      version: "20.10.24",
      kind: undefined,
      architecture: "amd64",
      dataRoot: "/var/lib/docker",
      isLocal: process.platform === "linux",
    });
  });

  it("is the one of the docker context, and the same for everything that is started", async () => {
    const host = "unix:///home/me/.docker/run/docker.sock";
    useContext("mine", host);
    setVariable("DOCKER_CONTEXT", "mine");
    leaveOnPath({ docker: answers() });
    expect(await ensureEngine(CONSENT)).toMatchObject({ host, context: "mine" });
    expect(process.env["DOCKER_HOST"]).toBe(host);
    expect(process.env["DOCKER_CONTEXT"]).toBeUndefined();
  });

  it("is the one that DOCKER_HOST names, whatever the context", async () => {
    useContext("mine", "ssh://me@kafka.example.org");
    setVariable("DOCKER_HOST", "tcp://10.0.0.5:2375");
    leaveOnPath({ docker: answers() });
    expect(await ensureEngine(CONSENT)).toMatchObject({
      host: "tcp://10.0.0.5:2375",
      context: undefined,
      isLocal: false,
    });
  });

  it.each([
    { what: "rootless", info: { SecurityOptions: ["name=rootless"] }, kind: "rootless" },
    { what: "Docker Desktop", info: { OperatingSystem: "Docker Desktop" }, kind: "Docker Desktop" },
  ])("is named where it is $what", async ({ info, kind }) => {
    leaveOnPath({ docker: answers(info) });
    expect(await ensureEngine(CONSENT)).toMatchObject({ kind });
  });

  it.each([
    ["aarch64", "arm64"],
    ["x86_64", "amd64"],
    ["s390x", "s390x"],
  ])("of architecture %s wants images for %s", async (Architecture, architecture) => {
    leaveOnPath({ docker: answers({ Architecture }) });
    expect(await ensureEngine(CONSENT)).toMatchObject({ architecture });
  });

  it.each([
    { what: "another machine's name", info: { Name: "docker-desktop" } },
    { what: "another kernel", info: { KernelVersion: "6.10.14-linuxkit" } },
  ])("is in a virtual machine, though its socket is here, when it has $what", async ({ info }) => {
    leaveOnPath({ docker: answers(info) });
    expect(await ensureEngine(CONSENT)).toMatchObject({ isLocal: false });
  });

  it("is of no use when it runs Windows containers", async () => {
    leaveOnPath({ docker: answers({ OSType: "windows" }) });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      "runs Windows containers, and Kafka's images are for Linux; switch Docker Desktop to Linux containers",
    );
  });
});

describe("an engine that does not answer", () => {
  it("is not replaced by another when DOCKER_HOST names it", async () => {
    setVariable("DOCKER_HOST", "tcp://10.0.0.5:2375");
    leaveOnPath({ docker: fails("cannot connect") });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      new CommandError(
        "the Docker engine at tcp://10.0.0.5:2375 does not answer; start it, or unset DOCKER_HOST to use this machine's\ncannot connect",
      ),
    );
  });

  it("is not replaced by this machine's when a docker context names it", async () => {
    useContext("far", "ssh://me@kafka.example.org");
    leaveOnPath({ docker: fails("cannot connect") });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      new CommandError(
        'the Docker engine at ssh://me@kafka.example.org does not answer; start it, or choose another context than "far" (docker context use)\ncannot connect',
      ),
    );
  });

  it("is told from one that answers also where the docker command ends well, as 20.10 does", async () => {
    setVariable("DOCKER_HOST", "tcp://10.0.0.5:2375");
    leaveOnPath({ docker: `echo '{"ServerErrors":["cannot connect"],"ClientInfo":{}}'` });
    await expect(ensureEngine(CONSENT)).rejects.toThrowError(
      /does not answer; .*\ncannot connect$/,
    );
  });

  it("is no reason to install one when this user may not ask it", async () => {
    const folder = leaveOnPath({
      docker: fails("Got permission denied while trying to connect to the Docker daemon socket"),
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
    leaveOnPath({ docker: answers() });
    expect(await findRunningEngine()).toMatchObject({
      host: "unix:///var/run/docker.sock",
      version: "20.10.24",
    });
  });

  it.each([
    { host: undefined, at: "unix:///var/run/docker.sock" },
    { host: "tcp://10.0.0.5:2375", at: "tcp://10.0.0.5:2375" },
  ])("is an error where none answers at $at, and none is started", async ({ host, at }) => {
    setVariable("DOCKER_HOST", host);
    const note = 'echo "$0 $*" >>"$here/called"';
    const folder = leaveOnPath({
      docker: fails("Cannot connect to the Docker daemon"),
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

describe("an engine in words", () => {
  it.each([
    { changes: {}, words: "Docker 20.10.24" },
    { changes: { kind: "Docker Desktop" }, words: "Docker 20.10.24, Docker Desktop" },
    { changes: { context: "mine" }, words: 'Docker 20.10.24, docker context "mine"' },
  ])("is $words", ({ changes, words }) => {
    expect(describeEngine(engineOf(changes))).toBe(words);
  });
});
