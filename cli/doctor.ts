import { InvalidSettingError } from "../constructs/index.ts";
import { formatAddress, parseAddress, type Address } from "../doctor/address.ts";
import { messageOf } from "../doctor/deadline.ts";
import { Docker } from "../doctor/docker.ts";
import { examine, type Engine } from "../doctor/examine.ts";
import type { ClientProtocol } from "../doctor/explain.ts";
import { findNeighbours } from "../doctor/neighbours.ts";
import type { DoctorReport } from "../doctor/report.ts";
import { StandpointError, Standpoints, thisHost } from "../doctor/standpoint.ts";
import { paintFor, renderText } from "../doctor/text.ts";
import type { DeployedOutputs } from "../smoke-tests/outputs.ts";
import { environmentNames } from "../stacks/environment.ts";
import { CommandError, InterruptedError, UsageError } from "./errors.ts";
import { engineAddress } from "./prepare/engine.ts";
import { refuseInterrupted } from "./shell.ts";

type Values = Readonly<Record<string, unknown>>;

/** As the command line takes them. */
export const DOCTOR_OPTIONS = {
  from: { type: "string" },
  "security-protocol": { type: "string" },
  seconds: { type: "string" },
  json: { type: "boolean" },
} as const;

/** Arguments of the command, as the usage shows them. */
export const DOCTOR_USAGE =
  "<host:port,…> [--from network:<docker network>] [--security-protocol PLAINTEXT|SSL] [--seconds <n>] [--json], or <environment> [--seconds <n>] [--json]";

const SECONDS = { default: 20, least: 2, most: 300 };

/** How an environment is looked at. */
export interface EnvironmentOptions {
  readonly seconds: number;
  readonly json: boolean;
}

/** What is printed with `--json` of an environment. */
interface EnvironmentReport {
  readonly format: 1;
  readonly environment: string;
  readonly usable: boolean;
  /** By listener, in the order of the outputs. */
  readonly listeners: Readonly<Record<string, DoctorReport>>;
  /** By listener, why nobody can be put where its clients stand; absent where all were tried. */
  readonly notTried?: Readonly<Record<string, string>>;
}

/** Whether addresses were given, and not the name of an environment. */
export async function isAddress(target: string): Promise<boolean> {
  return /[:,]/.test(target) || !(await environmentNames()).includes(target);
}

/**
 * Looks at any Kafka, from this host or from a network.
 *
 * @returns whether all its addresses can be used from there
 * @throws UsageError, CommandError
 */
export async function doctor(bootstrap: string, values: Values): Promise<boolean> {
  const addresses = await addressesIn(bootstrap);
  const network = networkIn(values["from"]);
  const securityProtocol = protocolIn(values["security-protocol"]);
  const seconds = secondsIn(values["seconds"]);
  const docker = engineOrNone(network);
  return inOrder(docker, async (standpoints, engine) => {
    const from = network === undefined ? thisHost : await standpoints.network(network);
    const report = await examine(addresses, { from, securityProtocol, seconds, engine });
    if (values["json"] === true) print(report);
    else console.log(renderText(report, paintFor(process.stdout)));
    return report.usable;
  });
}

/**
 * Checks what was given with the name of an environment.
 *
 * @throws UsageError for what its listeners say themselves
 */
export function environmentOptions(name: string, values: Values): EnvironmentOptions {
  for (const option of ["from", "security-protocol"]) {
    if (values[option] === undefined) continue;
    throw new UsageError(
      `--${option} is for addresses, and "${name}" is an environment, whose listeners say so themselves; leave it out`,
    );
  }
  return { seconds: secondsIn(values["seconds"]), json: values["json"] === true };
}

/**
 * Looks at every listener of an environment, from where its clients stand.
 *
 * @returns whether all of them can be used from there
 */
export async function doctorOnEnvironment(
  { environment, docker: { host, network }, kafka }: DeployedOutputs,
  { seconds, json }: EnvironmentOptions,
): Promise<boolean> {
  return inOrder(new Docker(host), async (standpoints, engine) => {
    const listeners = Object.entries(kafka.listeners);
    const away = listeners.filter(([, { vantage }]) => vantage === "host" && !engine.isLocal);
    const notTried = Object.fromEntries(
      away.map(([name]) => [
        name,
        `its clients stand on the machine of the engine at ${host}; run the doctor there`,
      ]),
    );
    const looked = listeners
      .filter(([name]) => !(name in notTried))
      .map(
        async ([name, { vantage, bootstrapServers, security }]): Promise<
          [string, DoctorReport]
        > => {
          const from = vantage === "network" ? await standpoints.network(network) : thisHost;
          const addresses = bootstrapServers.split(",").map(parseAddress);
          return [
            name,
            await examine(addresses, { from, securityProtocol: security, seconds, engine }),
          ];
        },
      );
    const reports = await Promise.all(looked);
    const usable = away.length === 0 && reports.every(([, report]) => report.usable);
    if (json) {
      const whole: EnvironmentReport = {
        format: 1,
        environment,
        usable,
        listeners: Object.fromEntries(reports),
        ...(away.length === 0 ? {} : { notTried }),
      };
      print(whole);
    } else {
      const paint = paintFor(process.stdout);
      const parts = reports.map(
        ([name, report]) => `${paint("bold", `listener ${name}`)}\n${renderText(report, paint)}`,
      );
      const rest = Object.entries(notTried).map(
        ([name, why]) => `${paint("bold", `listener ${name}`)}\nnot tried: ${why}`,
      );
      console.log([...parts, ...rest].join("\n\n"));
    }
    return usable;
  });
}

function print(value: DoctorReport | EnvironmentReport): void {
  console.log(JSON.stringify(value, undefined, 2));
}

/** Does a piece of work, and removes its containers: afterwards, after a failure, after Ctrl-C. */
async function inOrder<T>(
  docker: Docker | undefined,
  work: (standpoints: Standpoints, engine: Engine) => Promise<T>,
): Promise<T> {
  const standpoints = new Standpoints(docker);
  const engine: Engine = {
    isLocal: docker?.isLocal === true,
    neighbours: async (seconds) => (docker === undefined ? [] : findNeighbours(docker, seconds)),
    network: (name) => standpoints.network(name),
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let interrupt: () => void = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => reject(new InterruptedError());
  });
  for (const signal of signals) process.once(signal, interrupt);
  try {
    refuseInterrupted();
    return await Promise.race([work(standpoints, engine), interrupted]);
  } catch (error) {
    throw error instanceof StandpointError ? new CommandError(error.message) : error;
  } finally {
    for (const signal of signals) process.removeListener(signal, interrupt);
    await standpoints.close();
  }
}

/** The engine that is meant; without one, only what needs it is refused. */
function engineOrNone(network: string | undefined): Docker | undefined {
  try {
    return new Docker(engineAddress());
  } catch (error) {
    if (!(error instanceof InvalidSettingError) || network !== undefined) throw error;
    return undefined;
  }
}

async function addressesIn(bootstrap: string): Promise<Address[]> {
  const complaints: string[] = [];
  const environments = (await environmentNames()).join(", ");
  // A comma at the end is nothing that clients mind.
  const addresses = bootstrap
    .replace(/,\s*$/, "")
    .split(",")
    .flatMap((text) => {
      const given = text.trim();
      if (/^(\[[^\]]+\]|[^:[\]\s]+)$/.test(given)) {
        const or = bootstrap.includes(",") ? "" : `, or name an environment (${environments})`;
        complaints.push(`"${given}" has no port; write ${given}:9092, or whichever it is${or}`);
        return [];
      }
      try {
        const address = parseAddress(given);
        if (address.port > 0 && address.port < 65_536) return address;
        complaints.push(
          `"${formatAddress(address)}": ${address.port} is no port; write 1 to 65535`,
        );
      } catch (error) {
        complaints.push(`${messageOf(error)}, several separated by commas`);
      }
      return [];
    });
  if (complaints.length > 0) throw new UsageError(complaints.join("\n"));
  return addresses;
}

function networkIn(from: unknown): string | undefined {
  if (from === undefined || from === "host") return undefined;
  const network = /^network:(.+)$/.exec(String(from))?.[1];
  if (network !== undefined) return network;
  throw new UsageError(
    `--from "${String(from)}" is no place; write network:<docker network>, or leave it out to look from this host`,
  );
}

function protocolIn(protocol: unknown): ClientProtocol {
  if (protocol === undefined) return "PLAINTEXT";
  if (protocol === "PLAINTEXT" || protocol === "SSL") return protocol;
  throw new UsageError(
    `--security-protocol "${String(protocol)}" is none of PLAINTEXT and SSL; no user is logged in here, and what SASL listeners want is told without it`,
  );
}

function secondsIn(seconds: unknown): number {
  if (seconds === undefined) return SECONDS.default;
  const number = /^\d+$/.test(String(seconds)) ? Number(seconds) : NaN;
  if (number >= SECONDS.least && number <= SECONDS.most) return number;
  throw new UsageError(
    `--seconds "${String(seconds)}" is not a number from ${SECONDS.least} to ${SECONDS.most}`,
  );
}
