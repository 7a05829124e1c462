import { compactArray, compactString, int32, NO_TAGS, type Question } from "./protocol.ts";

/** Kafka's number for the question; only brokers and controllers of KRaft take it. */
export const DESCRIBE_QUORUM = 55;

/** What the controllers say of themselves. */
interface Quorum {
  /** The first error code; 0 is none. */
  readonly code: number;
  /** The controller that leads, -1 where none does; undefined beside an error. */
  readonly leaderId: number | undefined;
}

/** Which controller leads: brokers pass the question on to it, so the answer is its own. */
export const describeQuorum: Question<Quorum> = {
  key: DESCRIBE_QUORUM,
  version: 0,
  flexible: true,
  body: Buffer.concat([
    compactArray([
      Buffer.concat([
        compactString("__cluster_metadata"),
        compactArray([Buffer.concat([int32(0), NO_TAGS])]),
        NO_TAGS,
      ]),
    ]),
    NO_TAGS,
  ]),
  read(answer) {
    const code = answer.int16();
    // One topic with one partition, of which the begin is enough.
    let partition = { code: 0, leaderId: undefined as number | undefined };
    if (code === 0 && answer.compactLength() > 0) {
      answer.compactString();
      if (answer.compactLength() > 0) {
        answer.int32(); // partition
        partition = { code: answer.int16(), leaderId: answer.int32() };
      }
    }
    return code === 0 ? partition : { code, leaderId: undefined };
  },
};
