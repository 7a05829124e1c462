import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { parseAddress } from "../../doctor/address.ts";
import { examine } from "../../doctor/examine.ts";
import { onNetworkCalled } from "../../doctor/explain.ts";
import type { Fault } from "../../doctor/report.ts";
import { thisHost, type Standpoint } from "../../doctor/standpoint.ts";
import { Tunnel, type Pipe } from "../../doctor/tunnel.ts";
import { docker } from "./docker-command.ts";

/** One listener of a cluster, as the gate must know it. */
export interface GateListener {
  readonly name: string;
  /** Where its clients stand: others than these cannot be stood in for. */
  readonly vantage: "network" | "host";
  /** The Docker network that the brokers are on. */
  readonly network: string;
  /** Every broker, with what it advertises here. */
  readonly brokers: readonly {
    readonly id: number;
    readonly container: string;
    readonly address: string;
  }[];
}

/** Long enough for a broker that is busy with its start, on a machine that is busy with all of them. */
const SECONDS = 20;
/** The brokers are looked at together, and each look starts programs of docker's, by ssh where the engine is elsewhere. */
const SECONDS_A_BROKER = 1;
const ANSWER_MS = 10_000;

/** What a broker with much data does for a while after its start: no address is wrong. */
const PASSING: ReadonlySet<Fault> = new Set<Fault>(["no-coordinator", "coordinator-loading"]);

/** Tries one listener as its clients would, by the doctor's means. */
export class ListenerTrial {
  private readonly listener: GateListener;

  constructor(listener: GateListener) {
    this.listener = listener;
  }

  /** What keeps clients from using it, a sentence each; nothing where nobody can be put in their place. */
  async faults(): Promise<string[]> {
    const { brokers } = this.listener;
    const from = await this.standpoint();
    if (from === undefined) return [];
    const report = await examine(
      brokers.map(({ address }) => parseAddress(address)),
      {
        from,
        securityProtocol: "PLAINTEXT",
        seconds: SECONDS + SECONDS_A_BROKER * brokers.length,
      },
    );
    const findings = report.findings
      .filter(({ fault }) => !PASSING.has(fault))
      // From a broker's own container, its localhost leads to it, and nobody else's does.
      .filter(({ severity, fault }) => severity === "error" || fault === "localhost")
      .map(({ message }) => message);
    const unnamed = brokers
      .filter(({ id, address }) =>
        report.addresses.every(
          (found) => found.address !== address || !found.advertisedBy.includes(id),
        ),
      )
      .map(
        ({ id, address, container }) =>
          `no broker sends clients to ${address} for broker ${id}; see in the log of container "${container}" whether it has joined the cluster`,
      );
    return findings.length > 0 ? findings : unnamed;
  }

  /** Undefined where this program does not stand beside the clients and cannot be put there. */
  private async standpoint(): Promise<Standpoint | undefined> {
    const { vantage, network, brokers } = this.listener;
    if (vantage === "host") return (await isOnDockerHost(network)) ? thisHost : undefined;
    return {
      place: onNetworkCalled(network),
      dial: (to) => {
        const { host } = to;
        // In its own container a broker is reached by more addresses than from beside it.
        const beside = brokers.find(({ container }) => container !== host) ?? brokers[0];
        return new Tunnel({ pipe }, beside?.container ?? "", to);
      },
    };
  }
}

/** Whether `localhost` here is that of the Docker host, and not a container's with the engine's socket in it. */
async function isOnDockerHost(network: string): Promise<boolean> {
  // Docker's contexts may mean an engine elsewhere; a docker command that knows none, such as podman's, does not.
  const engine =
    process.env["DOCKER_HOST"] ||
    (await inspected("context", "{{.Endpoints.docker.Host}}")).trim() ||
    "unix:";
  if (!/^(unix|npipe):/.test(engine)) return false;
  const isContainer =
    existsSync("/.dockerenv") ||
    existsSync("/run/.containerenv") ||
    process.env["KUBERNETES_SERVICE_HOST"] !== undefined;
  if (!isContainer) return true;
  // In a container that has an engine of its own, the network ends here.
  const gateways = await inspected(
    "network",
    "{{range .IPAM.Config}}{{.Gateway}} {{end}}",
    network,
  );
  const own = Object.values(networkInterfaces()).flatMap((all = []) => all);
  return own.some(({ address }) => gateways.split(/\s+/).includes(address));
}

/** What docker says of a thing; nothing where it does not. */
async function inspected(
  kind: string,
  format: string,
  ...names: readonly string[]
): Promise<string> {
  const { ok, stdout } = await docker([kind, "inspect", "--format", format, ...names], {
    milliseconds: ANSWER_MS,
  });
  return ok ? stdout : "";
}

function pipe(args: readonly string[]): Pipe {
  const child = spawn("docker", args);
  const ended = new Promise<{ exitCode?: number }>((resolve) => {
    child.on("error", () => {
      resolve({});
    });
    child.on("close", (exitCode) => {
      resolve(exitCode === null ? {} : { exitCode });
    });
  });
  const { stdin, stdout, stderr } = child;
  return { stdin, stdout, stderr, ended, kill: () => child.kill() };
}
