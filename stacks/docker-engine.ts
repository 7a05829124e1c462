import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { InvalidSettingError } from "../constructs/index.ts";
import { workspace } from "./workspace.ts";

/** Which Docker engine is meant, and how it is reached. */
export interface DockerEndpoint {
  /** In the full form that the docker command, Terraform's provider and `DOCKER_HOST` all take. */
  readonly host: string;
  /** The docker context that named it; undefined when `DOCKER_HOST` did, or nobody. */
  readonly context?: string;
  /** Folder of `ca.pem`, `cert.pem` and `key.pem` where the engine is reached by TLS. */
  readonly certPath?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Where the engine is when nobody says so. */
export const LOCAL_HOST =
  process.platform === "win32" ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

/** The same where TLS is asked for. */
const TLS_HOST = "tcp://localhost:2376";

/** The context that stands for no context. */
const NO_CONTEXT = "default";

const CERTIFICATES = ["ca.pem", "cert.pem", "key.pem"] as const;

/**
 * Finds the engine that the docker command means, from the same variables and files, which works without it too:
 * `DOCKER_HOST`, then `DOCKER_CONTEXT`, then the current context of its configuration, then the local socket. A
 * variable that is empty counts as unset, as it does from version 23 on.
 *
 * @throws InvalidSettingError when they name something that is not there, or that Terraform's provider cannot follow
 */
export function dockerEndpoint(variables: Variables = process.env): DockerEndpoint {
  const named = variables["DOCKER_HOST"];
  if (named) return withTlsOfVariables(named, variables);
  const folder = configFolder(variables);
  const context = variables["DOCKER_CONTEXT"] || currentContext(folder) || NO_CONTEXT;
  if (context === NO_CONTEXT) return withTlsOfVariables(undefined, variables);
  return contextEndpoint(context, folder);
}

/** Variables by which every child means an engine, whatever it would have meant by itself. */
export function dockerVariables({
  host,
  certPath,
}: DockerEndpoint): Readonly<Record<string, string | undefined>> {
  return {
    DOCKER_HOST: host,
    DOCKER_CONTEXT: undefined,
    DOCKER_TLS: undefined,
    DOCKER_TLS_VERIFY: certPath === undefined ? undefined : "1",
    DOCKER_CERT_PATH: certPath,
  };
}

/** Whether the engine is reached through a file of this machine. */
export function isLocalEngine(host: string): boolean {
  return host.startsWith("unix://") || host.startsWith("npipe://");
}

/**
 * Refuses a `DOCKER_CONTEXT` that Terraform's provider stumbles over: it reads the variable too, prefers it to what
 * the program says, and looks for contexts in the home folder only. To be called where Terraform inherits the variable.
 *
 * @throws InvalidSettingError naming the variable that says the same
 */
export function refuseContextOfProvider(
  { host }: DockerEndpoint,
  variables: Variables = process.env,
): void {
  const context = variables["DOCKER_CONTEXT"];
  if (!context) return;
  // The provider takes the home folder of the user database, not $HOME.
  const folder = join(userInfo().homedir, ".docker");
  const meta = metaOf(context, folder);
  const wayOut = `unset DOCKER_CONTEXT and set DOCKER_HOST=${host}, or use npm run deploy`;
  if (meta === undefined) {
    throw new InvalidSettingError(
      `DOCKER_CONTEXT="${context}" is no context in ${folder}, and Terraform's Docker provider looks nowhere else; ${wayOut}`,
    );
  }
  if (meta.Endpoints?.docker?.Host !== host) {
    throw new InvalidSettingError(
      `DOCKER_CONTEXT="${context}" would win over DOCKER_HOST in Terraform's Docker provider, and does not in the docker command; ${wayOut}`,
    );
  }
}

/**
 * The engine that an environment was deployed on, by its state here.
 *
 * @returns undefined when it is not deployed, or its state is kept elsewhere
 */
export function deployedHost(environment: string): string | undefined {
  const file = workspace.state(environment);
  if (!existsSync(file)) return undefined;
  const state = JSON.parse(readFileSync(file, "utf8") || "{}") as {
    readonly outputs?: { readonly docker?: { readonly value?: { readonly host?: string } } };
    readonly resources?: readonly unknown[];
  };
  if ((state.resources ?? []).length === 0) return undefined;
  return state.outputs?.docker?.value?.host;
}

/**
 * What to say of an environment that is deployed on another engine than the one that is meant.
 *
 * @param place where its state is kept, in words
 */
export function elsewhere(
  environment: string,
  deployed: string,
  meant: DockerEndpoint,
  place = `its state ${workspace.state(environment)}`,
): string {
  const by =
    meant.context === undefined ? meant.host : `${meant.host} (docker context ${meant.context})`;
  return `${environment} is deployed on the engine at ${deployed}, and ${by} is meant now; to go on there, choose its docker context or set DOCKER_HOST=${deployed}; to move it, remove it there first (npm run destroy -- ${environment}); if that engine is gone for good, remove ${place}`;
}

function configFolder(variables: Variables): string {
  return variables["DOCKER_CONFIG"] || join(homedir(), ".docker");
}

function currentContext(folder: string): string | undefined {
  const file = join(folder, "config.json");
  const config = readJson(file) as { readonly currentContext?: string } | undefined;
  return config?.currentContext;
}

interface ContextMeta {
  readonly Name?: string;
  readonly Endpoints?: {
    readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean };
  };
}

/** The store names its folders by a hash of the context's name. */
function storeName(context: string): string {
  return createHash("sha256").update(context).digest("hex");
}

function metaOf(context: string, folder: string): ContextMeta | undefined {
  const file = join(folder, "contexts", "meta", storeName(context), "meta.json");
  return readJson(file) as ContextMeta | undefined;
}

function contextEndpoint(context: string, folder: string): DockerEndpoint {
  const meta = metaOf(context, folder);
  if (meta === undefined) {
    throw new InvalidSettingError(
      `the docker context "${context}" is not in ${folder}; choose one that is (docker context ls, docker context use), or set DOCKER_HOST`,
    );
  }
  const endpoint = meta.Endpoints?.docker;
  if (!endpoint?.Host) {
    throw new InvalidSettingError(
      `the docker context "${context}" names no Docker engine; choose another (docker context use), or set DOCKER_HOST`,
    );
  }
  const host = fullHost(endpoint.Host);
  if (!host.startsWith("tcp://")) return { host, context };
  if (endpoint.SkipTLSVerify === true) throw unverified(`the docker context "${context}"`);
  const certPath = join(folder, "contexts", "tls", storeName(context), "docker");
  if (!existsSync(certPath)) return { host, context };
  return { host, context, certPath: wholeCertificates(certPath) };
}

function withTlsOfVariables(named: string | undefined, variables: Variables): DockerEndpoint {
  const verified = Boolean(variables["DOCKER_TLS_VERIFY"]);
  const tls = verified || Boolean(variables["DOCKER_TLS"]);
  const host = named === undefined ? (tls ? TLS_HOST : LOCAL_HOST) : fullHost(named);
  if (!tls || !host.startsWith("tcp://")) return { host };
  if (!verified) throw unverified("DOCKER_TLS without DOCKER_TLS_VERIFY");
  return {
    host,
    certPath: wholeCertificates(variables["DOCKER_CERT_PATH"] || configFolder(variables)),
  };
}

function unverified(what: string): InvalidSettingError {
  return new InvalidSettingError(
    `${what} takes an engine's certificate unverified, which Terraform's Docker provider never does; give the authority's ca.pem, or reach the engine by ssh://`,
  );
}

/** The provider wants all three, where the docker command does with the authority's. */
function wholeCertificates(folder: string): string {
  const missing = CERTIFICATES.filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return folder;
  throw new InvalidSettingError(
    `${folder} lacks ${missing.join(", ")}; an engine with TLS needs ${CERTIFICATES.join(", ")} there`,
  );
}

/** What the docker command makes of the short forms, which Terraform's provider does not know. */
function fullHost(named: string): string {
  const trimmed = named.trim();
  const [, scheme = "tcp", rest = ""] = /^(?:([^:/]*):\/\/)?(.*)$/.exec(trimmed) ?? [];
  if (scheme === "ssh" || scheme === "npipe") return trimmed;
  if (scheme === "unix") return rest === "" ? LOCAL_HOST : trimmed;
  const [, address = "", port, path = ""] =
    /^(\[[^\]]*\]|[^:/]*)(?::(\d*))?(\/.*)?$/.exec(rest) ?? [];
  if (scheme !== "tcp" || (rest !== "" && address === "" && port === undefined)) {
    throw new InvalidSettingError(
      `"${named}" is no address of a Docker engine; give unix://<file>, tcp://<host>:<port> or ssh://<user>@<host>`,
    );
  }
  return `tcp://${address || "localhost"}:${port || "2375"}${path}`;
}

function readJson(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new InvalidSettingError(
      `${file} is not JSON (${(error as Error).message}), and the docker command reads it too; mend it, or set DOCKER_HOST`,
      { cause: error },
    );
  }
}
