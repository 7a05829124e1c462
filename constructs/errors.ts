/**
 * A setting that cannot work, found before anything was changed. The message names the value received
 * and the way out.
 */
export class InvalidSettingError extends Error {
  override readonly name = "InvalidSettingError";
}
