import { html, Markup } from "./markup.ts";
import { BASE_STYLES } from "./styles.ts";

/**
 * One page that needs nothing else: no script, no font, no picture from elsewhere.
 *
 * @param styles beside those that all pages have
 */
export function htmlDocument(title: string, styles: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${new Markup(BASE_STYLES)}${new Markup(styles)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}

/** One line of a list of facts. */
export function fact(name: string, value: string | Markup): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** A moment in time, as people read it. */
export function moment(at: Date): Markup {
  const time = at.toISOString();
  return html`<time datetime="${time}">${time.replace(/T/, " ").replace(/\.\d+Z$/, " UTC")}</time>`;
}
