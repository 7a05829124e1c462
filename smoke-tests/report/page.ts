/** The matrix as one page that needs nothing else: no script, no font, no picture from elsewhere. */
import type { Vantage } from "../outputs.ts";
import { fact, htmlDocument, moment } from "./document.ts";
import { html, type Markup } from "./markup.ts";
import { headline, type Matrix, type Proof, type Way } from "./matrix.ts";
import { picture } from "./picture.ts";
import { STYLES } from "./styles.ts";
import { tally } from "./table.ts";

const FROM: Readonly<Record<Vantage, string>> = {
  host: "programs on the host",
  network: "containers on the network",
  external: "clients elsewhere",
};

/** Renders the page. */
export function page(matrix: Matrix): string {
  const {
    outcome,
    environment,
    at,
    kafka,
    clusterId,
    network,
    absence,
    targets,
    others,
    errors,
    images,
  } = matrix;
  const ways = [...targets.flatMap((target) => target.ways), ...others];
  const faulty = ways.filter(({ verdict }) => verdict === "failed");
  const absent = targets.filter((target) => target.ways.length === 0).map(({ title }) => title);
  return htmlDocument(
    headline(matrix),
    STYLES,
    html`<header data-outcome="${outcome}">
        <p class="outcome">${outcome}</p>
        <h1>${environment}</h1>
        <p class="counts">${SUMMARY[outcome](matrix)}</p>
        <dl>
          ${fact("tried", moment(at))} ${fact("Kafka", kafka)}
          ${clusterId === undefined ? undefined : fact("cluster", html`<code>${clusterId}</code>`)}
          ${network === undefined ? undefined : fact("network", html`<code>${network}</code>`)}
        </dl>
      </header>
      <main>
        <figure>
          ${picture(matrix, "wide")} ${picture(matrix, "narrow")}
          <figcaption>
            <span data-verdict="passed">green: proven</span
            ><span data-verdict="failed">red: failed</span
            ><span data-verdict="not tried">grey: not tried, or ${absence}</span>
          </figcaption>
        </figure>
        ${
          errors.length === 0
            ? undefined
            : html`<section class="errors">
                <h2>Outside of all tests</h2>
                ${errors.map((error) => html`<pre class="finding">${error}</pre>`)}
              </section>`
        }
        ${
          faulty.length === 0
            ? undefined
            : html`<section class="findings">
                <h2>Findings</h2>
                ${faulty.map(findings)}
              </section>`
        }
        <section class="ways">
          <h2>What was tried</h2>
          <div class="list">${ways.map(wayIn)}</div>
          ${
            absent.length === 0
              ? undefined
              : html`<p class="absent" data-verdict="not deployed">
                  ${absence === "not deployed" ? "Not deployed" : "Not named"}: ${absent.join(", ")}
                </p>`
          }
        </section>
        ${
          images.length === 0
            ? undefined
            : html`<section class="images">
                <h2>Images</h2>
                <dl>
                  ${images.map(({ container, image }) => fact(container, html`<code>${image}</code>`))}
                </dl>
              </section>`
        }
      </main> `,
  );
}

const SUMMARY: Readonly<Record<Matrix["outcome"], (matrix: Matrix) => string>> = {
  green: ({ passed, notTried }) => `${passed} proven, ${notTried} not tried`,
  red: ({ passed, failed, notTried }) =>
    `${failed} failed, ${passed} proven, ${notTried} not tried`,
  "cut off": ({ passed, notTried }) =>
    `the run was cut off: ${passed} proven until then, ${notTried} not tried`,
};

function heading({ title, vantage, addresses, client }: Way): Markup {
  const place = [
    vantage === undefined ? "" : `from ${FROM[vantage]}`,
    client === undefined ? "" : `with ${client}`,
  ].filter((part) => part !== "");
  return html`<h3>${title}</h3>
    <p class="way">
      ${addresses.map((address) => html`<code>${address}</code> `)}${place.join(", ")}
    </p>`;
}

/** What failed of a way in, in the tests' own words. */
function findings(way: Way): Markup {
  const failed = way.proofs.filter(({ verdict }) => verdict === "failed");
  return html`<article data-verdict="failed">
    ${heading(way)}${failed.map(
      ({ title, reason }) =>
        html`<p class="proof">${title}</p>
          <pre class="finding">${reason ?? "no reason was given"}</pre>`,
    )}
  </article> `;
}

function wayIn(way: Way): Markup {
  const { verdict, proofs, reason } = way;
  return html`<article data-verdict="${verdict}">
    ${heading(way)}
    <p class="result">${proofs.length === 0 ? `not tried: ${reason ?? ""}` : tally(proofs)}</p>
    ${
      proofs.length === 0
        ? undefined
        : html`<ul>
            ${proofs.map(proofLine)}
          </ul>`
    }
  </article> `;
}

function proofLine({ title, verdict, reason, remarks }: Proof): Markup {
  const why =
    verdict === "not tried"
      ? html` <span class="why">not tried: ${reason ?? ""}</span>`
      : undefined;
  const failed =
    verdict === "failed" ? html` <span class="why">failed, see above</span>` : undefined;
  return html`<li data-verdict="${verdict}">
    ${title}${why}${failed}${remarks.map((remark) => html`<p class="remark">${remark}</p>`)}
  </li>`;
}
