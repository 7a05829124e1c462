import { describe, expect, test } from "vitest";
import type { SilenceKind } from "../../doctor/dial.ts";
import { explainGiven, faultOf, sight } from "../../doctor/explain.ts";
import type { Found } from "../../doctor/look.ts";

/** The sentences of `doctor` are in judge.test.ts: these are what others say by the same means. */

test.for<[SilenceKind, string]>([
  ["unresolved", "the name in a:1 does not resolve from here"],
  ["refused", "a:1 refuses connections from here"],
  ["unreachable", "a:1 cannot be reached from here (why)"],
  ["dropped", "a:1 takes no connection from here within why"],
  [
    "silent",
    "a:1 takes the connection from here, but gives no answer to a Connect request within why",
  ],
  ["closed", "a:1 closes the connection from here instead of answering a Connect request"],
  ["tls", "a:1 speaks TLS"],
  ["foreign", "a:1 answers, but not as Connect: why"],
])("sight says what %s is", ([kind, sentence]) => {
  expect(sight("here", { kind, address: "a:1", detail: "why" }, "Connect")).toBe(sentence);
});

describe("a client that cannot be set otherwise", () => {
  test.for<[string, Found, string]>([
    [
      "TLS",
      {
        is: "broker",
        connectMilliseconds: 1,
        securityProtocol: "SSL",
        metadata: { clusterId: "c", controllerId: 1, brokers: [], topics: {} },
      },
      "a:1 speaks TLS; they speak PLAINTEXT only, so give the address of a listener that does",
    ],
    [
      "SASL",
      { is: "sasl", securityProtocol: "SASL_PLAINTEXT", mechanisms: ["PLAIN"] },
      "a:1 wants its clients to authenticate (SASL_PLAINTEXT: PLAIN); they speak PLAINTEXT only, so give the address of a listener that does",
    ],
    [
      "a controller",
      { is: "controller", securityProtocol: "PLAINTEXT" },
      "a:1 is the port of a KRaft controller, which is not for clients; give the address of a listener for clients",
    ],
  ])("is told to go elsewhere than to %s", ([, found, sentence]) => {
    const look = { address: { host: "a", port: 1 }, found, milliseconds: 1 };
    expect(explainGiven(look, "a:1", "here", "they speak PLAINTEXT only")).toBe(sentence);
    expect(faultOf(found, "PLAINTEXT")).toBeDefined();
  });
});
