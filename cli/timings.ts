import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { workspace } from "../stacks/workspace.ts";

/** A stretch of a command's time. Some run beside others. */
export interface Phase {
  /** What was done, such as `plan`; of what Terraform makes, the kind: `container`, `network`. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Where the time of one command goes. */
export class Timings {
  private readonly phases: Phase[] = [];

  constructor() {
    // From the start of the process on, modules were loaded.
    this.add({ name: "load", startedAt: performance.timeOrigin, endedAt: Date.now() });
  }

  /** Does some work, and keeps how long it took, a failure too. */
  async of<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const startedAt = Date.now();
    try {
      return await work();
    } finally {
      this.add({ name, startedAt, endedAt: Date.now() });
    }
  }

  add(phase: Phase): void {
    this.phases.push(phase);
  }

  /** Keeps them beside the environment's other files, in place of those of the command before. */
  write(environment: string): void {
    const file = workspace.timings(environment);
    mkdirSync(dirname(file), { recursive: true });
    const phases = this.phases.toSorted((a, b) => a.startedAt - b.startedAt);
    writeFileSync(file, `${JSON.stringify({ phases }, undefined, 2)}\n`);
  }
}
