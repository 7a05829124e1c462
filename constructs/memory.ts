import { InvalidSettingError } from "./errors.ts";

/** An amount of memory, in whole mebibytes (MiB). */
export class Memory {
  /** @throws InvalidSettingError when `amount` is not a positive whole number */
  static mebibytes(amount: number): Memory {
    if (!Number.isSafeInteger(amount) || amount <= 0) {
      throw new InvalidSettingError(
        `${amount} MiB is not an amount of memory; give a positive whole number`,
      );
    }
    return new Memory(amount);
  }

  /** @throws InvalidSettingError when `amount` is not positive or not a whole number of MiB */
  static gibibytes(amount: number): Memory {
    return Memory.mebibytes(amount * 1024);
  }

  readonly mebibytes: number;

  private constructor(mebibytes: number) {
    this.mebibytes = mebibytes;
  }

  toString(): string {
    return `${this.mebibytes} MiB`;
  }
}
