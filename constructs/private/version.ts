import { InvalidSettingError } from "../errors.ts";

/** A version's parts; `patch` is what follows the second dot. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: string;
}

/**
 * Reads `major.minor.patch`.
 *
 * @throws InvalidSettingError when the text is no pinned version; `product` and `example` word the message
 */
export function parseVersion(text: string, product: string, example: string): Version {
  const match = /^(\d+)\.(\d+)\.(\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(text);
  if (match === null) {
    throw new InvalidSettingError(
      `${product} version "${text}" is not pinned; give all three numbers, such as ${example}`,
    );
  }
  return { major: Number(match[1]), minor: Number(match[2]), patch: match[3] ?? "" };
}

/** `major.minor`, the part that decides what a version can do. */
export function minorOf(version: Version): string {
  return `${version.major}.${version.minor}`;
}

/** The one of `candidates` (dotted numbers) that lies nearest to `text`. */
export function nearestVersion(text: string, candidates: readonly string[]): string {
  const weigh = (version: string): number => {
    const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => parseInt(part, 10));
    return (major || 0) * 1e6 + (minor || 0) * 1e3 + (patch || 0);
  };
  const target = weigh(text);
  const distance = (version: string): number => Math.abs(weigh(version) - target);
  return candidates.reduce((best, next) => (distance(next) < distance(best) ? next : best));
}
