/** Where a container keeps what it must not lose. */
export class Storage {
  /** Named volumes, such as `<name>-1-data`. They outlive the container. */
  static volume(): Storage {
    return new Storage("volume");
  }

  /** Memory of the host (tmpfs), gone when the container stops: for platforms that a pipeline throws away. */
  static ephemeral(): Storage {
    return new Storage("ephemeral");
  }

  readonly kind: "volume" | "ephemeral";

  private constructor(kind: "volume" | "ephemeral") {
    this.kind = kind;
  }
}
