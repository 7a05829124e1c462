import type { Question } from "./protocol.ts";

const API_VERSIONS = 18;

/** The numbers of the requests that the other side takes here; asked before any authentication. */
export const apiVersions: Question<ReadonlySet<number>> = {
  key: API_VERSIONS,
  version: 0,
  body: Buffer.alloc(0),
  read(answer) {
    answer.int16(); // error code
    const keys = answer.array(() => {
      const key = answer.int16();
      answer.int16(); // oldest version
      answer.int16(); // newest version
      return key;
    });
    // Zeros would be an answer else.
    if (!keys.includes(API_VERSIONS)) throw new RangeError("not even this request is taken");
    return new Set(keys);
  },
};
