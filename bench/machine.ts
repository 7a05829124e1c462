import { cpus, loadavg, release, totalmem, type } from "node:os";
import { existsSync, readFileSync } from "node:fs";
import { ask } from "../cli/shell.ts";
import type { Fact } from "./report.ts";

/**
 * What a figure depends on beside the code: the machine, what runs on it, and which code it is.
 *
 * @param terraform the program
 * @param compose the program
 */
export async function describeMachine(terraform: string, compose: string): Promise<Fact[]> {
  const load = loadavg().map((value) => value.toFixed(2));
  const said = async (file: string, ...args: string[]): Promise<string> => {
    const { ok, stdout, stderr } = await ask(file, args, { env: { CHECKPOINT_DISABLE: "1" } });
    return ok ? stdout.trim() : `unknown (${stderr.split("\n")[0]})`;
  };
  const [processor] = cpus();
  const dirty = await said("git", "status", "--porcelain");
  const commit = await said("git", "rev-parse", "--short=12", "HEAD");
  const [terraformVersion] = (await said(terraform, "version")).split("\n");
  const containers = await said("docker", "container", "ls", "--format", "{{.Names}}");
  return Object.entries({
    processor: `${cpus().length} × ${processor?.model.trim() || "unknown"}`,
    memory: `${(totalmem() / 1024 ** 3).toFixed(1)} GiB`,
    system: `${distribution()}, ${type()} ${release()}`,
    "load at start": load.join(", "),
    "other containers": containers.split("\n").filter(Boolean).join(", ") || "none",
    "Docker engine": await said("docker", "version", "--format", "{{.Server.Version}}"),
    "storage driver": await said("docker", "info", "--format", "{{.Driver}}"),
    "docker command": await said("docker", "version", "--format", "{{.Client.Version}}"),
    "Docker Compose": await said(compose, "version", "--short"),
    Terraform: terraformVersion ?? "unknown",
    Node: process.versions.node,
    npm: await said("npm", "--version"),
    commit: dirty === "" ? commit : `${commit}, with changes`,
  }).map(([name, value]) => ({ name, value }));
}

function distribution(): string {
  const file = "/etc/os-release";
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? process.platform;
}
