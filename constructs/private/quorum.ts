import { InvalidSettingError } from "../errors.ts";

/**
 * What is wrong with a number of voters: more than half of them must be there for anything to be decided.
 *
 * @param who votes, such as `ZooKeeper servers`
 * @returns undefined when they make a quorum
 */
export function quorumConflict(count: number, who: string): string | undefined {
  if (!Number.isInteger(count) || count < 1) return `${count} ${who} are no quorum`;
  if (count % 2 === 0) {
    const spare = count / 2 - 1;
    return `${count} ${who} stand still when ${spare + 1} of them ${spare === 0 ? "is" : "are"} lost, as ${count - 1} would`;
  }
  return count > 5 ? `${count} ${who} all have to take every change, which gets slow` : undefined;
}

/**
 * Checks a number of voters.
 *
 * @param setting by which it is given
 * @throws InvalidSettingError when they make no quorum
 */
export function checkQuorum(count: number, who: string, setting: string): number {
  const conflict = quorumConflict(count, who);
  if (conflict !== undefined) {
    throw new InvalidSettingError(`${conflict}; give 1, 3 or 5 as ${setting}`);
  }
  return count;
}
