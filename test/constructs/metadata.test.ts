import { describe, expect, it } from "vitest";
import { Metadata } from "../../constructs/index.ts";

describe("Metadata", () => {
  it.each([
    { metadata: Metadata.kraft(), mode: "kraft", text: "KRaft" },
    {
      metadata: Metadata.zooKeeper({ connect: "zookeeper:2181", containers: [] }),
      mode: "zookeeper",
      text: "ZooKeeper",
    },
  ])("is $mode, written $text", ({ metadata, mode, text }) => {
    expect(metadata.mode).toBe(mode);
    expect(String(metadata)).toBe(text);
  });
});
