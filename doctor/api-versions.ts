import type { Question } from "./protocol.ts";

/** The numbers of the requests that the other side takes here; asked before any authentication. */
export const apiVersions: Question<ReadonlySet<number>> = {
  key: 18,
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
    return new Set(keys);
  },
};
