import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";

import type { StandIn } from "./images.ts";

/** What a real service, or its stand-in, answered. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request, and what the real service answered. */
export interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly response: Answer;
}

const HEADERS = ["content-type", "vary", "allow", "location", "content-length"];

/** Recordings of a real service, as `test/stand-ins/<kind>/recordings/` keeps them. */
export function recordingsOf(kind: StandIn, file: string): readonly Exchange[] {
  return JSON.parse(
    readFileSync(new URL(`${kind}/recordings/${file}`, import.meta.url), "utf8"),
  ) as Exchange[];
}

/** Sends one request, over a connection of its own. */
export async function ask(
  port: number,
  { method, path, headers, body }: Exchange["request"],
  signal?: AbortSignal,
): Promise<Answer> {
  const place = { host: "127.0.0.1", port, method, path, headers, agent: false };
  const sent = httpRequest({ ...place, ...(signal === undefined ? {} : { signal }) });
  sent.setHeader("Content-Length", Buffer.byteLength(body ?? ""));
  sent.end(body);
  const [response] = await once(sent, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode,
    reason: response.statusMessage,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

/** How recordings are replayed against a stand-in. */
export interface Replay {
  readonly ask: (request: Exchange["request"]) => Promise<Answer>;
  /** Called after each exchange, for what others did to the real service then. */
  readonly after?: (name: string) => void;
  /** Rewrites a body where the real one's is not the same each time; it is compared as it is otherwise. */
  readonly shape?: (name: string, body: string) => string;
}

/** Replays exchanges in their order; what comes back are those that are answered differently. */
export async function differences(
  exchanges: readonly Exchange[],
  { ask: send, after, shape = (_, body) => body }: Replay,
): Promise<string[]> {
  const different: string[] = [];
  for (const { name, request, response } of exchanges) {
    const [got, recorded] = [await send(request), response].map((answer) => {
      const { body, ...rest } = comparable(answer);
      return JSON.stringify({ ...rest, body: shape(name, body) });
    });
    if (got !== recorded) {
      different.push(`${name}\n  recorded: ${recorded}\n  got:      ${got}`);
    }
    after?.(name);
  }
  return different;
}

/** The answer as far as recordings hold it; a header that the real one did not send counts. */
function comparable({ status, reason, headers, body }: Answer): Answer {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const held = HEADERS.filter((name) => name in lower);
  return {
    ...{ status, reason, body },
    headers: Object.fromEntries(held.map((name) => [name, lower[name] ?? ""])),
  };
}
