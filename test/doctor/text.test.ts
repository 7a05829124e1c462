import { expect, test } from "vitest";
import type { DoctorReport } from "../../doctor/report.ts";
import { paintFor, renderText } from "../../doctor/text.ts";

const report: DoctorReport = {
  format: 1,
  from: "host",
  bootstrap: ["a:1", "b:1"],
  securityProtocol: "PLAINTEXT",
  usable: false,
  clusterId: "the-cluster",
  addresses: [
    {
      address: "a:1",
      bootstrap: true,
      advertisedBy: [],
      usable: true,
      securityProtocol: "PLAINTEXT",
      saslMechanisms: [],
      milliseconds: 3.4,
    },
    {
      address: "localhost:9092",
      bootstrap: false,
      advertisedBy: [1, 2],
      usable: true,
      securityProtocol: "PLAINTEXT",
      saslMechanisms: [],
      milliseconds: 12,
    },
    {
      address: "c:1",
      bootstrap: false,
      advertisedBy: [3],
      usable: false,
      securityProtocol: "SASL_SSL",
      saslMechanisms: ["PLAIN"],
      milliseconds: null,
    },
  ],
  findings: [
    {
      fault: "sasl-expected",
      severity: "error",
      address: "c:1",
      brokerId: 3,
      message: "what is wrong",
    },
    {
      fault: "localhost",
      severity: "warning",
      address: "localhost:9092",
      brokerId: 1,
      message: "what is doubtful",
    },
  ],
  milliseconds: 100,
};
const plain = (_: unknown, text: string): string => text;

test("a line for each address, then the sentences, then the verdict", () => {
  expect(renderText(report, plain)).toBe(
    `Kafka at a:1,b:1, from this host
client speaks PLAINTEXT, cluster the-cluster
✔ a:1             given         PLAINTEXT         3 ms
! localhost:9092  brokers 1, 2  PLAINTEXT         12 ms
✘ c:1             broker 3      SASL_SSL (PLAIN)

error: what is wrong
warning: what is doubtful

usable from this host: no`,
  );
});

test("all is well on a network", () => {
  const [first] = report.addresses;
  const well: DoctorReport = {
    ...report,
    from: "network:n",
    clusterId: null,
    usable: true,
    addresses: first === undefined ? [] : [first],
    findings: [],
  };
  expect(renderText(well, plain)).toBe(
    `Kafka at a:1,b:1, from a container on network "n"
client speaks PLAINTEXT
✔ a:1  given  PLAINTEXT  3 ms

usable from a container on network "n": yes`,
  );
});

test("is painted on a terminal only, and where nobody forbids it", () => {
  const terminal = { isTTY: true } as NodeJS.WriteStream;
  const pipe = { isTTY: false } as NodeJS.WriteStream;
  expect(paintFor(terminal, {})("red", "x")).toBe("\u001b[31mx\u001b[39m");
  expect(paintFor(pipe, {})("red", "x")).toBe("x");
  expect(paintFor(terminal, { NO_COLOR: "1" })("red", "x")).toBe("x");
  expect(paintFor(terminal, { TERM: "dumb" })("red", "x")).toBe("x");
});

test("what others say does nothing to the terminal", () => {
  const [first] = report.addresses;
  const [finding] = report.findings;
  const hostile = "\u001b]0;name\u0007\r\u009b31m";
  const text = renderText(
    {
      ...report,
      clusterId: hostile,
      addresses: first === undefined ? [] : [{ ...first, address: `${hostile}:9092` }],
      findings: finding === undefined ? [] : [{ ...finding, message: hostile }],
    },
    plain,
  );
  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(text).toContain("?]0;name???31m:9092");
});
