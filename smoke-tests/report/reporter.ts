import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SerializedError } from "vitest";
import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from "vitest/node";
import { Docker } from "../../doctor/docker.ts";
import { readOutputs, type PlatformOutputs } from "../outputs.ts";
import { imagesOf } from "./images.ts";
import { matrixOf, type Result } from "./matrix.ts";
import { page } from "./page.ts";
import { PAGE_VARIABLE } from "./variables.ts";
import { table } from "./table.ts";

/** Shows at the end of a smoke run what it has proven: a table here, and a page. */
export default class MatrixReporter implements Reporter {
  readonly #page = process.env[PAGE_VARIABLE];

  /** No page of an earlier run is taken for that of one which does not come to its end. */
  onInit(): void {
    if (this.#page !== undefined) rmSync(this.#page, { force: true });
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    let outputs: PlatformOutputs;
    try {
      outputs = readOutputs();
    } catch (error) {
      // No test came further than this either.
      console.error(`no report: ${(error as Error).message}`);
      return;
    }
    const interrupted = reason === "interrupted";
    const matrix = matrixOf(
      outputs,
      modules.flatMap((module) => resultsOf(module, interrupted)),
      {
        at: new Date(),
        interrupted,
        errors: [
          ...modules.flatMap((module) =>
            module.errors().map((error) => `${module.relativeModuleId}: ${messageOf(error)}`),
          ),
          ...unhandled.map(messageOf),
        ],
        images: await imagesOf(outputs, new Docker(outputs.docker?.host)),
      },
    );
    console.log(`\n${table(matrix)}`);
    if (this.#page === undefined) return;
    try {
      mkdirSync(dirname(this.#page), { recursive: true });
      // Never half a page.
      writeFileSync(`${this.#page}.new`, page(matrix));
      renameSync(`${this.#page}.new`, this.#page);
      console.log(`\nthe same as a page: ${this.#page}`);
    } catch (error) {
      // A reporter that throws makes vitest wait for ever.
      console.error(`error: no page could be written: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
}

function resultsOf(module: TestModule, interrupted: boolean): Result[] {
  return [
    ...[...module.children.allTests()].map((test) => resultOf(test, interrupted)),
    // What fails after the tests, such as giving back what they hold.
    ...[...module.children.allSuites()].flatMap((suite) =>
      suite.errors().map((error): Result => ({
        cell: suite.meta().cell,
        group: suite.name,
        title: "ends in order",
        state: "failed",
        reason: messageOf(error),
        remarks: [],
      })),
    ),
  ];
}

function resultOf(test: TestCase, interrupted: boolean): Result {
  const result = test.result();
  return {
    cell: test.meta().cell,
    group: test.parent.type === "suite" ? topOf(test.parent) : test.module.relativeModuleId,
    title: test.name,
    state: result.state === "pending" ? "skipped" : result.state,
    reason:
      result.state === "failed"
        ? result.errors.map(messageOf).join("\n")
        : result.state === "passed"
          ? undefined
          : ((result.state === "skipped" ? result.note?.replace(/^not tried: /, "") : undefined) ??
            (interrupted ? "the run was cut off" : "left out")),
    remarks: test.annotations().map(({ message }) => message),
  };
}

function topOf(suite: TestSuite): string {
  return suite.parent.type === "suite" ? topOf(suite.parent) : suite.name;
}

function messageOf({ name, message }: SerializedError): string {
  return name === undefined || name === "Error" ? message : `${name}: ${message}`;
}
