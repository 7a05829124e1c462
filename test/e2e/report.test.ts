import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { launch, type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlatformOutputs } from "../../smoke-tests/outputs.ts";
import { matrixOf, VANTAGES, type Matrix } from "../../smoke-tests/report/matrix.ts";
import { page as render } from "../../smoke-tests/report/page.ts";
import { edgeOf } from "../../smoke-tests/report/picture.ts";
import {
  cellsOf,
  CLUSTER,
  FINDING,
  green,
  PARTLY,
  red,
  result,
  RUN,
  WHOLE,
} from "../smoke-tests/report/platforms.ts";

/** The report's page in a real browser. */

const COLOURS = {
  light: { passed: "rgb(26, 127, 55)", failed: "rgb(207, 34, 46)", none: "rgb(92, 101, 112)" },
  dark: { passed: "rgb(63, 185, 80)", failed: "rgb(255, 106, 97)", none: "rgb(139, 148, 158)" },
} as const;

/** As small as a phone, as wide as a desk. */
const WIDTHS = { narrow: 400, wide: 1200 } as const;

const LONG = "a-name-that-somebody-has-given-without-any-thought-of-pictures";

/** Everything longer than anybody expects, and all of it red. */
function unruly(): Matrix {
  const hosts = [1, 2, 3].map((id) => `${LONG}-${id}.example.org:${19092 + id}`);
  const outputs: PlatformOutputs = {
    ...WHOLE,
    environment: LONG,
    docker: { host: "tcp://192.0.2.1:2376", network: `${LONG}-network` },
    kafka: {
      ...WHOLE.kafka,
      brokers: [1, 2, 3].map((id) => ({ id, container: `${LONG}-${id}` })),
      listeners: {
        [LONG.toUpperCase()]: {
          vantage: "external",
          bootstrapServers: hosts.join(","),
          security: "PLAINTEXT",
        },
        W: { vantage: "host", bootstrapServers: "W".repeat(200), security: "PLAINTEXT" },
      },
    },
    services: { connect: { url: `http://${LONG}.${LONG}.example.org:8083/${LONG}/${LONG}` } },
  };
  const results = cellsOf(outputs).map((cell) =>
    result({ ...cell, client: LONG }, LONG, "failed", `${LONG}${LONG}\n${FINDING}`, LONG),
  );
  const images = [{ container: LONG, image: `registry.example.org/${LONG}/${LONG}:1` }];
  return matrixOf(outputs, results, { ...RUN, errors: [LONG.repeat(4)], images });
}

const MATRICES = {
  green: green(),
  red: red(),
  partly: green(PARTLY),
  cluster: green(CLUSTER),
  unruly: unruly(),
} as const;

const LOOKS = (["light", "dark"] as const).flatMap((scheme) =>
  (["wide", "narrow"] as const).flatMap((format) =>
    (Object.keys(MATRICES) as (keyof typeof MATRICES)[]).map((name) => ({ name, format, scheme })),
  ),
);

/** Seen in the page, in a browser's own words. */
interface Sight {
  readonly title: string;
  readonly nodes: readonly Shape[];
  readonly edges: readonly Shape[];
  /** Texts of the picture that cover each other, or leave what they are in. */
  readonly clashes: readonly string[];
  /** Elements that are wider than what they are in. */
  readonly spills: readonly string[];
  /** Texts that can hardly be told from what is behind them. */
  readonly faint: readonly string[];
  readonly findings: readonly string[];
}

interface Shape {
  readonly name: string;
  readonly verdict: string;
  readonly colour: string;
  readonly seen: boolean;
}

/** Runs in the page, whose types these tests do not have. */
const LOOK = String.raw`(() => {
  const shown = [...document.querySelectorAll("svg.picture")].filter((svg) => svg.getBoundingClientRect().width > 0);
  if (shown.length !== 1) throw new Error(shown.length + " pictures are shown");
  const [svg] = shown;
  const box = (element) => element.getBoundingClientRect();
  const shape = (key, of) => (element) => {
    const target = of(element);
    const { width, height } = box(target);
    const style = getComputedStyle(target);
    return {
      name: element.dataset[key],
      verdict: element.dataset.verdict,
      colour: style.stroke,
      seen: (width > 20 || height > 20) && style.visibility === "visible" && style.display !== "none" && Number(style.opacity) === 1,
    };
  };
  const within = (inner, outer) =>
    inner.left >= outer.left - 0.5 && inner.right <= outer.right + 0.5 && inner.top >= outer.top - 0.5 && inner.bottom <= outer.bottom + 0.5;
  const meet = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  const texts = [...svg.querySelectorAll("text")];
  const clashes = texts.flatMap((text, i) => {
    const own = box(text);
    const node = text.closest("[data-node]")?.querySelector("rect") ?? svg;
    const trouble = own.width < 2 ? [text.textContent + " has no width"] : [];
    if (!within(own, box(node))) trouble.push(text.textContent + " leaves its box");
    for (const other of texts.slice(i + 1)) {
      if (meet(own, box(other))) trouble.push(text.textContent + " covers " + other.textContent);
    }
    for (const mark of svg.querySelectorAll(".sign circle, .edge")) {
      if (text.closest(".who") === null && meet(own, box(mark))) {
        trouble.push(text.textContent + " is crossed by " + mark.getAttribute("class"));
      }
    }
    return trouble;
  });
  const rects = [...svg.querySelectorAll("[data-node] > rect")];
  rects.forEach((rect, i) => {
    if (!within(box(rect), box(svg))) clashes.push(rect.parentNode.dataset.node + " leaves the picture");
    for (const other of rects.slice(i + 1)) {
      if (meet(box(rect), box(other))) clashes.push(rect.parentNode.dataset.node + " covers " + other.parentNode.dataset.node);
    }
  });
  const spills = [...document.querySelectorAll("body, body *:not(svg, svg *)")]
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
    .concat(document.documentElement.scrollWidth > innerWidth ? [document.documentElement] : [])
    .map((element) => element.tagName + " " + element.textContent.slice(0, 40));
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opaque = (colour) => colour.startsWith("rgb") && (channels(colour)[3] ?? 1) === 1;
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      if (at.matches?.("[data-node]")) {
        const fill = getComputedStyle(at.querySelector("rect")).fill;
        if (opaque(fill)) return fill;
      }
      if (at.matches?.("svg.wide") && element.tagName === "text") return getComputedStyle(at.querySelector(".frame")).fill;
      const { backgroundColor } = getComputedStyle(at);
      if (opaque(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [...document.querySelectorAll("body *")]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "") && element.tagName !== "title" && box(element).width > 0)
    .flatMap((element) => {
      const colour = element.tagName === "text" ? getComputedStyle(element).fill : getComputedStyle(element).color;
      const [light, dark] = [luminance(colour), luminance(behind(element))].sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05);
      return contrast < 4.5 ? [contrast.toFixed(2) + " " + element.textContent.trim().slice(0, 40)] : [];
    });
  return {
    title: document.title,
    nodes: [...svg.querySelectorAll("[data-node]")].map(shape("node", (element) => element.querySelector("rect"))),
    edges: [...svg.querySelectorAll("[data-edge]")].map(shape("edge", (element) => element)),
    clashes,
    spills,
    faint: [...new Set(faint)],
    findings: [...document.querySelectorAll(".findings .finding")].map((element) => element.innerText),
  };
})()`;

/** How many colours a picture has, and which part of it is not the commonest. */
const COUNT_COLOURS = String.raw`async (data) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + data)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  return { colours: counts.size, drawn: 1 - Math.max(...counts.values()) / pixels.length };
}`;

let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), "report-"));

beforeAll(async () => {
  const { stdout: executablePath } = await execa("sh", ["-c", "command -v chromium"]);
  browser = await launch({
    executablePath,
    // What it writes into somebody's home would be left there.
    env: { ...process.env, HOME: folder },
    userDataDir: join(folder, "profile"),
    // Its sandbox refuses root; the page is ours and runs no script.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** What a browser says and asks for while the page is opened. */
async function open(
  matrix: Matrix,
  format: keyof typeof WIDTHS,
  scheme: keyof typeof COLOURS,
): Promise<{ page: Page; said: string[]; asked: string[] }> {
  const file = join(folder, "page.html");
  writeFileSync(file, render(matrix));
  const page = await browser.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  await page.setViewport({ width: WIDTHS[format], height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(pathToFileURL(file).href);
  return { page, said, asked };
}

describe.each(LOOKS)("the page: $name, $format, $scheme", ({ name, format, scheme }) => {
  const matrix = MATRICES[name];
  const tone = (verdict: string): string =>
    COLOURS[scheme][verdict === "passed" || verdict === "failed" ? verdict : "none"];

  it("shows who reaches what, each in its colour, and nothing covers anything", async () => {
    const { page, said, asked } = await open(matrix, format, scheme);
    const sight = (await page.evaluate(LOOK)) as Sight;
    await page.close();

    expect({ said, asked }).toEqual({ said: [], asked: [expect.stringMatching(/^file:/)] });
    expect(sight.title).toMatch(
      new RegExp(`^${matrix.environment}: ${matrix.outcome}, \\d+ proven`),
    );

    const edges = matrix.targets.flatMap(({ ways }) =>
      ways.map((way) => ({
        name: edgeOf(way),
        verdict: way.verdict,
        colour: tone(way.verdict),
        seen: true,
      })),
    );
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    expect([...sight.edges].sort(byName)).toEqual([...edges].sort(byName));

    expect(sight.nodes.map((node) => node.name)).toEqual([
      ...VANTAGES,
      ...matrix.targets.map(({ target }) => target),
    ]);
    for (const node of sight.nodes) {
      expect(node).toMatchObject({ seen: true, colour: tone(node.verdict) });
    }
    const { clashes, spills, faint } = sight;
    expect({ clashes, spills, faint }).toEqual({ clashes: [], spills: [], faint: [] });
  });

  it("is not blank", async () => {
    const { page } = await open(matrix, format, scheme);
    const data = await page.screenshot({ encoding: "base64" });
    await page.close();
    const counter = await browser.newPage();
    const { colours, drawn } = (await counter.evaluate(`(${COUNT_COLOURS})("${data}")`)) as {
      colours: number;
      drawn: number;
    };
    await counter.close();
    expect(colours).toBeGreaterThan(20);
    expect(drawn).toBeGreaterThan(0.05);
  });
});

it("shows each finding word for word, and none when all is well", async () => {
  const findings: string[][] = [];
  for (const matrix of [red(), green()]) {
    const { page } = await open(matrix, "narrow", "light");
    findings.push([...((await page.evaluate(LOOK)) as Sight).findings]);
    await page.close();
  }
  expect(findings).toEqual([[FINDING], []]);
});

it("shows what is not deployed in grey, and says so", async () => {
  const { page } = await open(green(PARTLY), "wide", "light");
  const { nodes } = (await page.evaluate(LOOK)) as Sight;
  const text = (await page.evaluate("document.body.innerText")) as string;
  await page.close();
  const grey = nodes.filter(({ verdict }) => verdict === "not deployed");
  expect(grey.map(({ name }) => name)).toEqual([
    "external",
    "zooKeeper",
    "schemaRegistry",
    "ksqlDb",
    "ksqlDbCli",
    "restProxy",
  ]);
  expect(text).toContain(
    "Not deployed: ZooKeeper, Schema Registry, ksqlDB, ksqlDB CLI, REST Proxy",
  );
});
