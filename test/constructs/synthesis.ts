import { join } from "node:path";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider/index.js";
import { TerraformStack, Testing } from "cdktf";
import type { Construct } from "constructs";
import { scratchFolder } from "./scratch.ts";

/** Settings of a resource as Terraform gets them. */
export type Block = Readonly<Record<string, unknown>>;

/** A synthesized program. */
export interface Program {
  readonly terraform: Block;
  readonly output?: Readonly<Record<string, { readonly value: unknown }>>;
  readonly resource: Readonly<Record<string, Readonly<Record<string, Block>>>>;
}

/** An empty app that leaves nothing behind. */
export function emptyApp(): ReturnType<typeof Testing.app> {
  return Testing.app({ outdir: join(scratchFolder(), "cdktf.out"), stackTraces: false });
}

/** Synthesizes a stack, its validations included. cdktf's own matchers cannot compare parts of lists. */
export function synthesize(stack: TerraformStack): Program {
  return JSON.parse(Testing.synth(stack, true)) as Program;
}

/** Synthesizes what is put into an empty stack. */
export function synthesizeScope(fill: (scope: Construct) => void): Program {
  const stack = new TerraformStack(emptyApp(), "stack");
  new DockerProvider(stack, "docker");
  fill(stack);
  return synthesize(stack);
}

/** The resource of its type in a program that holds one. */
export function theOnly(type: string, program: Program): Block {
  const [only, ...others] = Object.values(program.resource[type] ?? {});
  if (only === undefined || others.length > 0) {
    throw new Error(`${only === undefined ? "no" : 1 + others.length} resources of type ${type}`);
  }
  return only;
}

/** The resource of its type whose id begins so. */
export function named(id: string, type: string, program: Program): Block {
  const found = Object.entries(program.resource[type] ?? {}).filter(([key]) => key.startsWith(id));
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) {
    throw new Error(`${found.length} resources of type ${type} are called ${id}…`);
  }
  return only[1];
}

/** The script of a container's healthcheck, which bash runs. */
export function probeOf(container: Block): string {
  const { test } = container["healthcheck"] as { readonly test: readonly string[] };
  const [form, shell, option, script] = test;
  if (form !== "CMD" || shell !== "bash" || option !== "-c" || script === undefined) {
    throw new Error(`no probe of bash: ${test.join(" ")}`);
  }
  return script;
}

/** The environment variables of a container. */
export function environmentOf(container: Block): Record<string, string> {
  return Object.fromEntries(
    (container["env"] as string[]).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}
