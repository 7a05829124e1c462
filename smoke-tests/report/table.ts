import type { Vantage } from "../outputs.ts";
import { plain } from "./markup.ts";
import { headline, type Matrix, type Way } from "./matrix.ts";

/** Who connects from a vantage, in a word or two. */
const FROM: Readonly<Record<Vantage, string>> = {
  host: "the host",
  network: "containers",
  external: "elsewhere",
};

const SIGNS = { passed: "✔", failed: "✘", "not tried": "–", "not deployed": "–" } as const;

/** The matrix for a terminal: a row a way in, then what was not tried of those that were. */
export function table(matrix: Matrix): string {
  const rows = [
    ["", "what", "from", "address", "with", "result"],
    ...matrix.targets.flatMap(({ title, ways }) =>
      ways.length === 0
        ? [[SIGNS["not deployed"], title, "", "", "", matrix.absence]]
        : ways.flatMap(rowsOf),
    ),
    ...matrix.others.flatMap(rowsOf),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const said = [...matrix.targets.flatMap(({ ways }) => ways), ...matrix.others].flatMap(remarksOn);
  const errors = matrix.errors.map((error) => `outside of all tests: ${error}`);
  const below = [...errors, ...said];
  return plain(
    [headline(matrix), "", ...lines, ...(below.length === 0 ? [] : ["", ...below])].join("\n"),
  );
}

/** What of a way in failed, and what was not tried of one that is green. */
function remarksOn({ title, vantage, verdict, proofs }: Way): string[] {
  const of = `${title}${vantage === undefined ? "" : ` from ${FROM[vantage]}`}`;
  return proofs.flatMap((proof) => {
    if (proof.verdict === "failed") {
      const [finding = ""] = (proof.reason ?? "").split("\n", 1);
      return [`failed of ${of}: ${proof.title}: ${finding}`];
    }
    return proof.verdict === "not tried" && verdict === "passed"
      ? [`not tried of ${of}: ${proof.title}${because(proof.reason)}`]
      : [];
  });
}

function rowsOf({ title, vantage, addresses, client, verdict, proofs, reason }: Way): string[][] {
  const [address = "", ...more] = addresses;
  return [
    [
      SIGNS[verdict],
      title,
      vantage === undefined ? "" : FROM[vantage],
      address,
      client ?? "",
      verdict === "not tried" && proofs.length <= 1
        ? `not tried${because(reason ?? proofs[0]?.reason)}`
        : tally(proofs),
    ],
    ...more.map((other) => ["", "", "", other, "", ""]),
  ];
}

/** `5 proven, 1 failed`: what there is of each, and which failed. */
export function tally(proofs: Way["proofs"]): string {
  const count = (verdict: string): number =>
    proofs.filter((proof) => proof.verdict === verdict).length;
  return [
    [count("passed"), "proven"],
    [count("failed"), "failed"],
    [count("not tried"), "not tried"],
  ]
    .filter(([number]) => number !== 0)
    .map(([number, what]) => `${number} ${what}`)
    .join(", ");
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : ` (${reason})`;
}
