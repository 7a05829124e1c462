import type { Duplex } from "node:stream";
import type { Address } from "./address.ts";

/**
 * A connection in the making: emits `connect`, then carries bytes both ways. Errors carry the codes
 * that Node gives (`ECONNREFUSED`, `ENOTFOUND`, …).
 */
export type Dial = (to: Address) => Duplex;

/** In which way an address failed to answer. */
export type SilenceKind =
  "unresolved" | "refused" | "unreachable" | "dropped" | "silent" | "closed" | "tls" | "foreign";

/** Why an address gave no answer that its protocol knows. */
export class NoAnswer extends Error {
  readonly kind: SilenceKind;
  readonly address: string;
  /** What was seen: an error code, the first bytes of a foreign answer, the seconds waited. */
  readonly detail: string;

  constructor(kind: SilenceKind, address: string, detail: string) {
    super(`${address}: ${kind} (${detail})`);
    this.name = "NoAnswer";
    this.kind = kind;
    this.address = address;
    this.detail = detail;
  }
}

/** In which way the connection failed that ended with this error. */
export function silenceOf({ code }: NodeJS.ErrnoException): SilenceKind {
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "unresolved";
    case "ECONNREFUSED":
      return "refused";
    case "ECONNRESET":
    case "EPIPE":
      return "closed";
    case "ETIMEDOUT":
      return "dropped";
    default:
      return "unreachable";
  }
}
