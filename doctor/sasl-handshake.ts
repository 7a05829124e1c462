import { string, type Question } from "./protocol.ts";

/** Of an address without SASL: the request makes no sense there. */
const ILLEGAL_SASL_STATE = 34;

/**
 * The SASL mechanisms that are taken here; undefined where none is needed. It is asked for one
 * that nobody has, since an agreement would be the begin of an authentication.
 */
export const saslMechanisms: Question<readonly string[] | undefined> = {
  key: 17,
  version: 1,
  body: string("NONE-OF-KAFKA-PLATFORM-KIT"),
  read(answer) {
    const code = answer.int16();
    const mechanisms = answer.array(() => answer.string() ?? "");
    return code === ILLEGAL_SASL_STATE ? undefined : mechanisms;
  },
};
