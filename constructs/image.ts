import { InvalidSettingError } from "./errors.ts";

/** A container image by its pinned name. */
export class Image {
  /**
   * @param reference `repository:tag`, `repository@sha256:…` or both
   * @throws InvalidSettingError when it names neither tag nor digest, or the moving tag `latest`
   */
  static of(reference: string): Image {
    const match =
      /^(?<repository>(?:[a-zA-Z0-9.-]+:\d+\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/.exec(
        reference,
      );
    if (match?.groups === undefined) {
      throw new InvalidSettingError(
        `"${reference}" is not an image; write it as repository:tag, such as confluentinc/cp-kafka:7.9.1`,
      );
    }
    const { tag, digest } = match.groups;
    if (digest === undefined && (tag === undefined || tag === "latest")) {
      throw new InvalidSettingError(
        `image "${reference}" can change under its name; pin it by a version tag or a digest`,
      );
    }
    return new Image(reference);
  }

  /** The pinned name, as the engine takes it. */
  readonly reference: string;

  private constructor(reference: string) {
    this.reference = reference;
  }

  toString(): string {
    return this.reference;
  }
}
