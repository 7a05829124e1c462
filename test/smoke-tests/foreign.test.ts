import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { foreignPlatform, ForeignPlatformError, outputsOf } from "../../smoke-tests/foreign.ts";

/** What the cluster says of itself is tried with a real one, see test/e2e/foreign.test.ts. */

describe("what was given of a platform", () => {
  it.each([
    { given: "localhost:9092", read: "localhost:9092" },
    { given: " a.example.org:1 ,b:65535", read: "a.example.org:1,b:65535" },
    { given: "a:1,a:1", read: "a:1" },
    { given: "[::1]:9092", read: "[::1]:9092" },
  ])("is taken: $given", ({ given, read }) => {
    expect(foreignPlatform(given, {}).bootstrapServers).toBe(read);
  });

  it.each([
    { given: "", complaint: /^--bootstrap "" is not an address; write host:port/ },
    { given: "a:1,", complaint: /^--bootstrap "" is not an address/ },
    { given: "a", complaint: /^--bootstrap "a" is not an address/ },
    { given: "PLAINTEXT://a:1", complaint: /^--bootstrap "PLAINTEXT:\/\/a:1" is not an address/ },
    { given: "a:65536", complaint: /^--bootstrap "a:65536": 65536 is no port; write 1 to 65535$/ },
  ])("is refused: brokers at $given", ({ given, complaint }) => {
    expect(() => foreignPlatform(given, {})).toThrowError(ForeignPlatformError);
    expect(() => foreignPlatform(given, {})).toThrowError(complaint);
  });

  it.each(["http://localhost:8083", "http://a/apis/ccompat/v7/"])(
    "is taken: a service at %s",
    (url) => {
      expect(foreignPlatform("a:1", { connect: url }).urls).toEqual({ connect: url });
    },
  );

  it.each([
    { url: "localhost:8083", complaint: "is no http address; write http://host:port" },
    { url: "", complaint: "is no http address; write http://host:port" },
    { url: "https://a", complaint: "is https" },
    { url: "http://a?b=c", complaint: "has more than a path" },
  ])("is refused: a service at $url", ({ url, complaint }) => {
    const check = (): unknown => foreignPlatform("a:1", { connect: url });
    expect(check).toThrowError(`--connect "${url}" ${complaint}`);
  });

  it("is refused without telling a password", () => {
    const check = (): unknown => foreignPlatform("a:1", { restProxy: "http://me:secret@a" });
    expect(check).toThrowError('--rest-proxy "http://…@a" has a user in it');
  });
});

describe("an address that leads to no broker", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  it("is named with what is there instead", async () => {
    server = createServer((_, answer) => answer.end("hello"));
    await new Promise<void>((done) => server?.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const bootstrapServers = `127.0.0.1:${port},127.0.0.1:1`;
    await expect(outputsOf(foreignPlatform(bootstrapServers, {}))).rejects.toThrowError(
      new RegExp(
        `^127\\.0\\.0\\.1:${port} answers in HTTP, .*\\n127\\.0\\.0\\.1:1 refuses connections`,
      ),
    );
  });
});
