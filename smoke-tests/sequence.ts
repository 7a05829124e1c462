import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What disturbs clients while it is tried, so that nothing is tried after it. */
const LAST = /\/broker-loss\.smoke\.ts$/;

/** The order of the smoke tests' files. */
export default class Sequence extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLast = ({ moduleId }: TestSpecification): boolean => LAST.test(moduleId);
    return [...sorted.filter((file) => !isLast(file)), ...sorted.filter(isLast)];
  }
}
