import { describe, expect, test } from "vitest";
import {
  isMissingNode,
  parseChildren,
  parseNode,
  shellComplaint,
} from "../../smoke-tests/clients/zookeeper-shell.ts";

/** What the shell of ZooKeeper 3.6 and 3.8 prints before any answer. */
const NOISE =
  "Connecting to localhost:2181\n\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n";

describe("the shell's answer", () => {
  test("is found behind its talk of the connection", () => {
    expect(parseNode(`${NOISE}{"version":"1","id":"LDQkDO8oTqWRgn-kRbneBA"}\n`)).toEqual({
      version: "1",
      id: "LDQkDO8oTqWRgn-kRbneBA",
    });
    expect(parseChildren(`${NOISE}[1, 2, 10]\n`)).toEqual(["1", "2", "10"]);
    expect(parseChildren(`${NOISE}[]\n`)).toEqual([]);
  });

  test("is found with the talk in the middle of it", () => {
    const event = "\nWatchedEvent state:SyncConnected type:None path:null\n";
    const [before, after] = ["Connecting to localhost:2181\n[admin", ", brokers, zookeeper]\n"];
    for (const output of [
      `${before}\nWATCHER::\n${event}${after}`,
      `${before}\nWATCHER::\n, brokers${event}, zookeeper]\n`,
    ]) {
      expect(parseChildren(output)).toEqual(["admin", "brokers", "zookeeper"]);
    }
  });

  test("is found with more lines around it", () => {
    const log =
      "[2026-11-23 01:45:33,406] INFO Client environment (org.apache.zookeeper.ZooKeeper)";
    expect(parseNode(`${log}\n${NOISE}{"id":"x"}\r\n{no JSON}\n${log}\n`)).toEqual({ id: "x" });
    expect(parseChildren(`${log}\n${NOISE}[1]\n${log}\n`)).toEqual(["1"]);
  });

  test.for([NOISE, "", "null\n"])("is none in %j", (output) => {
    expect(parseNode(output)).toBeUndefined();
    expect(parseChildren(output)).toBeUndefined();
  });
});

describe("the shell's complaint", () => {
  test("of a missing node is an answer", () => {
    expect(isMissingNode("Node does not exist: /kafka/brokers/ids\n[…] ERROR Exiting JVM")).toBe(
      true,
    );
    expect(isMissingNode("KeeperErrorCode = ConnectionLoss for /brokers/ids")).toBe(false);
  });

  test("is the line that tells why", () => {
    const said = [
      '"docker exec …" on unix:///var/run/docker.sock failed: [2026-11-23 01:45:34,166] WARN Session 0x0 for server localhost/127.0.0.1:2182',
      "java.net.ConnectException: Connection refused",
      "\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)",
    ];
    const last = "KeeperErrorCode = ConnectionLoss for /x";
    expect(shellComplaint([...said, last].join("\n"))).toBe(last);
    expect(shellComplaint(said.join("\n"))).toBe("java.net.ConnectException: Connection refused");
    expect(shellComplaint("no such container: zk")).toBe("no such container: zk");
  });
});
