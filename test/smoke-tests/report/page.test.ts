import { describe, expect, it } from "vitest";
import { matrixOf } from "../../../smoke-tests/report/matrix.ts";
import { page } from "../../../smoke-tests/report/page.ts";
import { cellsOf, FINDING, green, PARTLY, red, result, RUN } from "./platforms.ts";

/** How it looks is judged in a browser, see test/e2e/report.test.ts. */

describe("the page", () => {
  it("says in its title what came out, and how often", () => {
    expect(page(green())).toContain("<title>seed: green, 28 proven, 0 failed, 0 not tried</title>");
    expect(page(red())).toContain("<title>seed: red, 21 proven, 1 failed, 4 not tried</title>");
  });

  it("tells when it was tried, which version, cluster, network and images", () => {
    const text = page(green(PARTLY));
    for (const fact of [
      "2026-11-23 04:41:24 UTC",
      "4.1.1, KRaft",
      "6djrLCLtWiY5cOEktacaGA",
      "dev-network",
      "kafka-platform-kit/kafka:4.1.1",
    ]) {
      expect(text).toContain(fact);
    }
  });

  it("loads nothing from anywhere and runs no script", () => {
    const text = page(red());
    expect(text).not.toMatch(/<(script|link|img|iframe|object|embed|base)\b|@import|url\(/i);
    expect(text).not.toMatch(/\s(src|href|srcset|on\w+)=/i);
    expect(text).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
  });

  it("shows a finding word for word", () => {
    expect(page(red())).toContain(FINDING.replaceAll('"', "&quot;"));
  });

  it("escapes whatever a platform says of itself", () => {
    const evil = `<img src=x onerror=alert(1)>"'&`;
    const outputs = {
      ...PARTLY,
      environment: evil,
      docker: { host: evil, network: evil },
      kafka: {
        ...PARTLY.kafka,
        clusterId: evil,
        version: evil,
        listeners: {
          [evil]: { vantage: "host", bootstrapServers: evil, security: "PLAINTEXT" } as const,
        },
      },
    };
    const results = cellsOf(outputs).map((cell) => result(cell, evil, "failed", evil, evil));
    const text = page(
      matrixOf(outputs, [...results, result(undefined, evil, "skipped", evil)], {
        ...RUN,
        errors: [evil],
        images: [{ container: evil, image: evil }],
      }),
    );
    expect(text).toContain("&lt;img");
    expect(text).not.toContain("<img");
    expect(text).not.toContain(`"'&<`);
  });
});
