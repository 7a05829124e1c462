import { join, relative, resolve } from "node:path";

/** Where the kit keeps what must outlive a run, seen from the project's folder. */
const WORKSPACE = ".kafka-platform";

/** Files of the project that is worked in: the folder that holds `cdktf.json`. */
export const workspace = {
  root: (): string => resolve(WORKSPACE),
  /** What was decided for an environment. */
  lock: (environment: string): string => resolve(WORKSPACE, `${environment}.lock.json`),
  /** Terraform's state of an environment. */
  state: (environment: string): string => resolve(WORKSPACE, `${environment}.tfstate`),
  /** Lies there while Terraform changes an environment, and after such a change was cut off. */
  changing: (environment: string): string => resolve(WORKSPACE, `${environment}.changing.json`),
  /** Where the time of the last deploy went. */
  timings: (environment: string): string => resolve(WORKSPACE, `${environment}.timings.json`),
  /** What a platform said of itself when the smoke tests were last run. */
  outputs: (platform: string): string => resolve(WORKSPACE, `${fileName(platform)}.outputs.json`),
  /** The page that shows what the smoke tests last found of a platform. */
  report: (platform: string): string => resolve(WORKSPACE, `${fileName(platform)}.report.html`),
  /** Providers that were fetched or built here, in the layout of a Terraform filesystem mirror. */
  providers: (): string => resolve(WORKSPACE, "providers"),
  /** The dependency lock for that mirror, for Terraform and for OpenTofu. */
  providerLock: (): string => resolve(WORKSPACE, "providers.lock.hcl"),
  /** OpenTofu, where it was built here. */
  openTofu: (): string => resolve(WORKSPACE, "bin", "tofu"),
  /** The Python environment of the tests, with what the examples need. */
  python: (...path: string[]): string => resolve(WORKSPACE, "python", ...path),
  /** Whatever is being built, and what it is built from. */
  build: (...path: string[]): string => resolve(WORKSPACE, "build", ...path),
};

/** One that is not this kit's has addresses for a name. */
function fileName(platform: string): string {
  return platform.replace(/[^\w.-]+/g, "_");
}

/** Where cdktf puts the program of an environment. */
export function stackFolder(environment: string): string {
  return resolve(process.env["CDKTF_OUTDIR"] ?? "cdktf.out", "stacks", environment);
}

/** Beside a program while it is planned: what is there already and is to be imported. */
export function adoptionFile(environment: string): string {
  return join(stackFolder(environment), "adoption.tf.json");
}

/** Path of the state as Terraform's working folder sees it, so that no absolute path enters the program. */
export function stateFromStackFolder(environment: string): string {
  return join(relative(stackFolder(environment), workspace.root()), `${environment}.tfstate`);
}
