import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { parseAddress } from "../../doctor/address.ts";
import type { Pipe } from "../../doctor/docker.ts";
import { examine } from "../../doctor/examine.ts";
import { onNetworkCalled } from "../../doctor/explain.ts";
import { thisHost, type Standpoint } from "../../doctor/standpoint.ts";
import { Tunnel } from "../../doctor/tunnel.ts";

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

/** Long enough for a broker that is busy with its start. */
const SECONDS = 10;

/** Tries one listener as its clients would, by the doctor's means. */
export class ListenerTrial {
  private readonly listener: GateListener;

  constructor(listener: GateListener) {
    this.listener = listener;
  }

  /** What keeps clients from using it, a sentence each; nothing where nobody can be put in their place. */
  async faults(): Promise<string[]> {
    const { brokers } = this.listener;
    const from = this.standpoint();
    if (from === undefined) return [];
    const report = await examine(
      brokers.map(({ address }) => parseAddress(address)),
      { from, securityProtocol: "PLAINTEXT", seconds: SECONDS },
    );
    const findings = report.findings
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
  private standpoint(): Standpoint | undefined {
    const { vantage, network, brokers } = this.listener;
    if (vantage === "host") return isOnDockerHost() ? thisHost : undefined;
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

/** Whether `localhost` here is the Docker host's. */
function isOnDockerHost(): boolean {
  const isLocal = /^(unix|npipe):/.test(process.env["DOCKER_HOST"] ?? "unix:");
  return isLocal && !existsSync("/.dockerenv") && !existsSync("/run/.containerenv");
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
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    kill: () => child.kill(),
    then: (onEnd, onError) => ended.then(onEnd, onError),
  };
}
