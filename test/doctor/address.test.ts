import { describe, expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../doctor/address.ts";

describe("parseAddress", () => {
  test.for([
    ["localhost:9092", { host: "localhost", port: 9092 }],
    [" 10.0.0.1:1 ", { host: "10.0.0.1", port: 1 }],
    ["[fd00::2]:9092", { host: "fd00::2", port: 9092 }],
  ] as const)("reads %j, and formatAddress writes it", ([text, address]) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text.trim());
  });

  test.for(["", "localhost", ":9092", "localhost:", "a:b", "::1:9092", "PLAINTEXT://a:1"])(
    "rejects %j",
    (text) => {
      expect(() => parseAddress(text)).toThrow(`"${text}" is not an address; write host:port`);
    },
  );
});
