import type { ParseArgsConfig } from "node:util";
import { SERVICE_OPTIONS, type ServiceKey } from "../smoke-tests/services.ts";
import { titleOf } from "../constructs/index.ts";
import { leftOut, loadEnvironment } from "../stacks/environment.ts";
import { lockedDistribution, readLock } from "../stacks/environment-lock.ts";
import { refuseElsewhere } from "./deployed-engine.ts";
import { deploy, type DeployOptions } from "./deploy.ts";
import {
  doctor,
  DOCTOR_OPTIONS,
  DOCTOR_USAGE,
  doctorOnEnvironment,
  environmentOptions,
  isAddress,
} from "./doctor.ts";
import { CommandError } from "./errors.ts";
import { destroy } from "./destroy.ts";
import { containersOf } from "./engine-objects.ts";
import { askGate } from "./gate.ts";
import { describeEngine, findRunningEngine, type Engine } from "./prepare/engine.ts";
import { findTerraform } from "./prepare/terraform.ts";
import { say } from "./progress.ts";
import { keepProof, provenAt } from "./proof.ts";
import { clearReports, smoke, smokeElsewhere, type ReportFiles } from "./smoke.ts";
import { summary, tellLeftOut } from "./summary.ts";
import { TerraformStack } from "./terraform-stack.ts";
import { test } from "./test.ts";

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** A command: how it is called and what it does. */
export interface Command {
  readonly summary: string;
  /** Its arguments, as the usage shows them. */
  readonly usage: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** The environment when none is named: undefined when one must be, null when the command takes none. */
  readonly environment: string | undefined | null;
  /** The option that stands in for an environment; the command's `run` then gets an empty name. */
  readonly insteadOf?: string;
  /** Whether addresses may be given in place of an environment. */
  readonly takesAddresses?: boolean;
  /** @returns the exit status */
  run(environment: string, values: Values): Promise<number>;
}

const CONSENT = { yes: { type: "boolean" }, "no-install": { type: "boolean" } } as const;

/** What start and deploy take. */
const DEPLOY = {
  ...CONSENT,
  adopt: { type: "boolean" },
  "all-at-once": { type: "boolean" },
  "migrate-state": { type: "boolean" },
} as const;

const DEPLOY_USAGE = "[--yes] [--no-install] [--adopt] [--all-at-once] [--migrate-state]";

function deployOptionsOf(values: Values): DeployOptions {
  return {
    ...consentOf(values),
    adopt: values["adopt"] === true,
    allAtOnce: values["all-at-once"] === true,
    migrateState: values["migrate-state"] === true,
  };
}

function consentOf(values: Values): { yes: boolean; noInstall: boolean } {
  return { yes: values["yes"] === true, noInstall: values["no-install"] === true };
}

const REPORTS = { junit: { type: "string" }, html: { type: "string" } } as const;

function reportFilesOf(values: Values): ReportFiles {
  return {
    junit: values["junit"] as string | undefined,
    html: values["html"] as string | undefined,
  };
}

function serviceUrlsOf(values: Values): Partial<Record<ServiceKey, string>> {
  return Object.fromEntries(
    Object.entries(SERVICE_OPTIONS).flatMap(([service, option]) => {
      const url = values[option];
      return typeof url === "string" ? [[service, url]] : [];
    }),
  );
}

/** Looks at an environment that is deployed already; installs nothing. */
async function visit(name: string): Promise<{ engine: Engine; stack: TerraformStack }> {
  const { settings } = await loadEnvironment(name);
  const terraform = await findTerraform();
  const engine = await findRunningEngine();
  await refuseElsewhere(name, engine);
  const stack = new TerraformStack(terraform, name);
  if (settings.backend !== undefined && stack.exists()) {
    const state = await stack.state();
    await refuseElsewhere(name, engine, stack.deployedOn(state));
  }
  return { engine, stack };
}

/** All commands, by name. */
export const commands: Readonly<Record<string, Command>> = {
  start: {
    summary:
      "from nothing to a proven platform: prepares the machine, deploys, runs the smoke tests, tells how to connect",
    usage: `[<environment>] ${DEPLOY_USAGE}`,
    options: DEPLOY,
    environment: "dev",
    async run(name, values) {
      const deployed = await deploy(name, deployOptionsOf(values));
      const { stack, changed } = deployed;
      const outputs = await stack.outputs();
      let proven = await provenAt(name);
      if (proven === undefined) {
        say("running the smoke tests");
        if (!(await smoke(outputs))) {
          console.error(`error: ${name} is deployed, but the smoke tests failed; see above`);
          return 1;
        }
        await keepProof(name);
        proven = (await provenAt(name)) ?? "just now";
      } else if (!changed) {
        say(`nothing to change; npm run smoke -- ${name} proves it again`);
      }
      const containers = await containersOf(name);
      console.log(`\n${summary({ ...deployed, outputs, containers, provenAt: proven })}`);
      return 0;
    },
  },
  deploy: {
    summary: "brings an environment to what its file asks for, and waits until it is ready",
    usage: `<environment> ${DEPLOY_USAGE}`,
    options: DEPLOY,
    environment: undefined,
    async run(name, values) {
      const { leftOut: missing, changed } = await deploy(name, deployOptionsOf(values));
      const without = missing.length === 0 ? "" : `, without ${tellLeftOut(missing)}`;
      say(
        changed
          ? `${name} is deployed and ready${without}`
          : `${name} is as its file asks${without}; nothing to change`,
      );
      return 0;
    },
  },
  smoke: {
    summary:
      "proves a deployed environment, or a platform that was deployed elsewhere, from where its clients stand",
    usage:
      "<environment> | --bootstrap <host:port,…> [--schema-registry <url>] [--connect <url>] [--ksqldb <url>] [--rest-proxy <url>] [--junit <file>] [--html <file>]",
    options: {
      ...REPORTS,
      bootstrap: { type: "string" },
      ...Object.fromEntries(
        Object.values(SERVICE_OPTIONS).map((option) => [option, { type: "string" } as const]),
      ),
    },
    environment: undefined,
    insteadOf: "bootstrap",
    async run(name, values) {
      const files = reportFilesOf(values);
      const bootstrap = values["bootstrap"] as string | undefined;
      const urls = serviceUrlsOf(values);
      if (bootstrap !== undefined) return (await smokeElsewhere(bootstrap, urls, files)) ? 0 : 1;
      const [service] = Object.keys(urls) as ServiceKey[];
      if (service !== undefined) {
        throw new CommandError(
          `--${SERVICE_OPTIONS[service]} is for a platform that was deployed elsewhere; give --bootstrap instead of "${name}", or leave it out`,
        );
      }
      const reports = clearReports(name, files);
      const { stack } = await visit(name);
      const passed = await smoke(await stack.outputs(), reports);
      if (passed) await keepProof(name);
      return passed ? 0 : 1;
    },
  },
  doctor: {
    summary:
      "looks at any Kafka as a client would, and says which address cannot be used, why, and what mends it; exit status 0 when all can",
    usage: DOCTOR_USAGE,
    options: DOCTOR_OPTIONS,
    environment: undefined,
    takesAddresses: true,
    async run(target, values) {
      if (await isAddress(target)) return (await doctor(target, values)) ? 0 : 1;
      const options = environmentOptions(target, values);
      const { stack } = await visit(target);
      return (await doctorOnEnvironment(await stack.outputs(), options)) ? 0 : 1;
    },
  },
  status: {
    summary: "shows what runs of an environment; exit status 0 when all of it is ready",
    usage: "<environment>",
    options: {},
    environment: undefined,
    async run(name) {
      const { engine, stack } = await visit(name);
      const containers = await containersOf(name);
      const lock = readLock(name);
      if (containers.length === 0 || lock === undefined || !stack.exists()) {
        console.log(`${name} is not deployed; npm run deploy -- ${name} deploys it`);
        return 1;
      }
      for (const { name: container, state, published } of containers) {
        console.log([container, state, published.join(", ")].join("\t"));
      }
      console.log(`engine\t${engine.host} (${describeEngine(engine)})`);
      const { distribution, version, reason } = lock.images;
      console.log(`images\t${distribution} ${version}: ${reason}`);
      const missing = leftOut(await loadEnvironment(name), lockedDistribution(lock)).map(titleOf);
      if (missing.length > 0) console.log(`left out\t${tellLeftOut(missing)}`);
      const proven = await provenAt(name);
      console.log(`proven\t${proven ?? `not as it runs now; npm run smoke -- ${name} proves it`}`);
      const { ready, said, complaint } = await askGate(stack, 0);
      if (said !== "") console.log(said);
      if (complaint !== "") console.log(complaint);
      return ready ? 0 : 1;
    },
  },
  outputs: {
    summary: "prints what an environment says of itself, as JSON",
    usage: "<environment>",
    options: {},
    environment: undefined,
    async run(name) {
      const { stack } = await visit(name);
      console.log(JSON.stringify(await stack.outputs(), undefined, 2));
      return 0;
    },
  },
  destroy: {
    summary: "removes an environment, asking before data goes",
    usage: "<environment> [--yes] [--keep-data]",
    options: { yes: { type: "boolean" }, "keep-data": { type: "boolean" } },
    environment: undefined,
    async run(name, values) {
      await destroy(name, { yes: values["yes"] === true, keepData: values["keep-data"] === true });
      return 0;
    },
  },
  test: {
    summary: "everything that proves the kit, deployments on a real engine included",
    usage: "[--yes] [--no-install]",
    options: CONSENT,
    environment: null,
    run: (_, values) => test(consentOf(values)),
  },
};
