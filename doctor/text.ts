/** What was found, for people. */
import { styleText } from "node:util";
import { HERE, onNetworkCalled } from "./explain.ts";
import type { AddressReport, DoctorReport } from "./report.ts";

/** Paints a piece of text; without a terminal it leaves it as it is. */
export type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Colours where the stream is a terminal and nobody forbids them. */
export function paintFor(stream: NodeJS.WriteStream, variables = process.env): Paint {
  const isWanted = stream.isTTY && !variables["NO_COLOR"] && variables["TERM"] !== "dumb";
  return (format, text) => (isWanted ? styleText(format, text, { validateStream: false }) : text);
}

/** Renders a report: a line for each address, then what is wrong. */
export function renderText(report: DoctorReport, paint: Paint): string {
  const { addresses, findings, usable, securityProtocol, clusterId } = report;
  const rows = addresses.map((address) => cellsOf(address));
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const table = addresses.map((address, index) => {
    const cells = rows[index]?.map((cell, column) => cell.padEnd(widths[column] ?? 0)) ?? [];
    const isDoubtful = findings.some((finding) => finding.address === address.address);
    const mark = address.usable ? (isDoubtful ? "!" : "✔") : "✘";
    const colour = address.usable ? (isDoubtful ? "yellow" : "green") : "red";
    return `${paint(colour, mark)} ${cells.join("  ").trimEnd()}`;
  });
  const sentences = findings.map(({ severity, message }) => {
    const word = severity === "error" ? "error" : "warning";
    return `${paint(severity === "error" ? "red" : "yellow", word)}: ${plain(message)}`;
  });
  const cluster = clusterId === null ? "" : `, cluster ${plain(clusterId)}`;
  const place = placeOf(report);
  return [
    paint("bold", `Kafka at ${report.bootstrap.join(",")}, from ${place}`),
    `client speaks ${securityProtocol}${cluster}`,
    ...table,
    ...(sentences.length === 0 ? [] : ["", ...sentences]),
    "",
    `usable from ${place}: ${paint(usable ? "green" : "red", usable ? "yes" : "no")}`,
  ].join("\n");
}

/** What others say is shown, and does nothing to the terminal. */
function plain(said: string): string {
  return said.replace(/\p{Cc}/gu, "?");
}

function placeOf({ from }: DoctorReport): string {
  return from === "host" ? HERE.words : onNetworkCalled(from.replace(/^network:/, "")).words;
}

function cellsOf(report: AddressReport): string[] {
  const { address, bootstrap, advertisedBy, securityProtocol, saslMechanisms, milliseconds } =
    report;
  const brokers = advertisedBy.length === 1 ? "broker" : "brokers";
  const who = [
    ...(bootstrap ? ["given"] : []),
    ...(advertisedBy.length === 0 ? [] : [`${brokers} ${advertisedBy.join(", ")}`]),
  ].join(", ");
  const mechanisms = saslMechanisms.length === 0 ? "" : ` (${saslMechanisms.join(", ")})`;
  return [
    plain(address),
    who,
    securityProtocol === null ? "-" : `${securityProtocol}${mechanisms}`,
    milliseconds === null ? "" : `${Math.round(milliseconds)} ms`,
  ];
}
