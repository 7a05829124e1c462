import { describe, expect, test } from "vitest";
import { explainQuorum, explainSilentQuorum, parseQuorum } from "../../smoke-tests/quorum.ts";

const controllers = [101, 102, 103].map((id) => ({ id, container: `c-controller-${id - 100}` }));

/** As Kafka 4.1.1 prints it. */
const WHOLE = `NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus  \t
103   \tAAAAAAAAAAAAAAAAAAAAAA\t31          \t0  \t1795421548994     \t1795421548994        \tLeader  \t
101   \tAAAAAAAAAAAAAAAAAAAAAA\t31          \t0  \t1795421548701     \t1795421548701        \tFollower\t
102   \tAAAAAAAAAAAAAAAAAAAAAA\t31          \t0  \t1795421548705     \t1795421548705        \tFollower\t
1     \tR8dhRhqZW4J5NMFevM8PBw\t31          \t0  \t1795421548696     \t1795421548696        \tObserver\t
`;

/** Before 3.9, without directories. */
const OLDER = `NodeId\tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus
101\t8\t0\t1795421548994\t1795421548994\tLeader
102\t8\t0\t1795421548701\t1795421548701\tFollower
103\t0\t8\t-1\t-1\tFollower
`;

describe("parseQuorum", () => {
  test("reads who votes, who listens, and how long ago each was heard of", () => {
    expect(parseQuorum(WHOLE)).toEqual([
      { id: 103, role: "leader", silentFor: 0 },
      { id: 101, role: "follower", silentFor: 293 },
      { id: 102, role: "follower", silentFor: 289 },
      { id: 1, role: "observer", silentFor: 298 },
    ]);
  });

  test("reads the columns of older versions, and a voter that was never heard of", () => {
    expect(parseQuorum(OLDER).map(({ id, silentFor }) => [id, silentFor])).toEqual([
      [101, 0],
      [102, 293],
      [103, undefined],
    ]);
  });

  test("refuses what is no such table", () => {
    expect(() => parseQuorum("Timed out waiting for a node\n")).toThrow(
      `kafka-metadata-quorum's answer is not understood: "Timed out waiting for a node\\n"`,
    );
  });
});

describe("explainQuorum", () => {
  test("has nothing to say of a whole quorum, nor of brokers that listen", () => {
    expect(explainQuorum(controllers, parseQuorum(WHOLE))).toEqual([]);
  });

  test("names a controller that is silent, and that its container ended", () => {
    const behind = WHOLE.replace("1795421548705 ", "1795421508705 ");
    expect(explainQuorum(controllers, parseQuorum(behind), new Map([[102, "exited"]]))).toEqual([
      'controller 102 has not asked its leader for anything for 40 s, so the quorum can bear one loss less than it should; container "c-controller-2" is exited, so start it, or see in its log why it ended',
    ]);
    expect(explainQuorum(controllers, parseQuorum(behind))[0]).toContain(
      'see in the log of container "c-controller-2" why it does not follow',
    );
  });

  test("names a controller that was never heard of", () => {
    expect(explainQuorum(controllers, parseQuorum(OLDER))[0]).toMatch(
      /^controller 103 has not asked its leader for anything since that one leads,/,
    );
  });

  test("names a controller that does not vote, and a voter that nobody knows", () => {
    const members = parseQuorum(WHOLE.replace(/^102 {3}/m, "104   "));
    expect(explainQuorum(controllers, members)).toEqual([
      'controller 102 is no voter of the quorum; controller.quorum.voters (KAFKA_CONTROLLER_QUORUM_VOTERS) of all nodes must name it, and node.id (KAFKA_NODE_ID) of container "c-controller-2" must say 102',
      'controller 104 votes, which the outputs do not know; make them anew with "npm run outputs", or see controller.quorum.voters (KAFKA_CONTROLLER_QUORUM_VOTERS)',
    ]);
  });

  test("says that nobody leads, and who is down", () => {
    const states = new Map([
      [102, "exited"],
      [103, "exited"],
    ]);
    const members = parseQuorum(WHOLE.replace("Leader  ", "Follower"));
    expect(explainQuorum(controllers, members, states)[0]).toBe(
      'no controller leads the quorum, so nothing in the cluster can change; 2 of the 3 controllers must run and reach each other; container "c-controller-2" is exited, container "c-controller-3" is exited: start them, or see in their logs why they ended',
    );
  });
});

test("a quorum that gives no answer is explained by those of it that are down", () => {
  expect(explainSilentQuorum(controllers, "no end within 40 s", new Map([[101, "exited"]]))).toBe(
    `the controllers' quorum gives no answer: no end within 40 s; 2 of the 3 controllers must run and reach each other; container "c-controller-1" is exited: start it, or see in its log why it ended`,
  );
});
