import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspace } from "../stacks/workspace.ts";
import { containersOf } from "./engine-objects.ts";

/** That the smoke tests passed, when, and against which runs of which containers. */
interface Proof {
  readonly at: string;
  readonly containers: readonly string[];
}

function file(environment: string): string {
  return join(workspace.root(), `${environment}.proof.json`);
}

async function runs(environment: string): Promise<string[]> {
  const containers = await containersOf(environment);
  return containers.map(({ id, startedAt }) => `${id} ${startedAt}`).sort();
}

/** Keeps that the smoke tests have just passed. */
export async function keepProof(environment: string): Promise<void> {
  const proof: Proof = {
    at: new Date().toISOString(),
    containers: await runs(environment),
  };
  writeFileSync(file(environment), `${JSON.stringify(proof, undefined, 2)}\n`);
}

/** When the smoke tests passed against exactly what runs now; undefined when they did not. */
export async function provenAt(environment: string): Promise<string | undefined> {
  const proof = readProof(environment);
  if (proof === undefined) return undefined;
  return proof.containers.join() === (await runs(environment)).join() ? proof.at : undefined;
}

/** @returns undefined when there is none, or when its writing was cut off */
function readProof(environment: string): Proof | undefined {
  try {
    return (JSON.parse(readFileSync(file(environment), "utf8")) as Proof | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Forgets the proof and its report: what they speak of is gone. */
export function forgetProof(environment: string): void {
  rmSync(file(environment), { force: true });
  rmSync(workspace.report(environment), { force: true });
}
