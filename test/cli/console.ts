import { onTestFinished, vi } from "vitest";

/** What was printed since the console is listened to. */
export interface Console {
  readonly out: string[];
  readonly err: string[];
}

/** Keeps what is printed instead of showing it, until the test has ended. */
export function listenToConsole(): Console {
  const heard: Console = { out: [], err: [] };
  const out = vi.spyOn(console, "log").mockImplementation((text: unknown) => {
    heard.out.push(String(text));
  });
  const err = vi.spyOn(console, "error").mockImplementation((text: unknown) => {
    heard.err.push(String(text));
  });
  onTestFinished(() => {
    out.mockRestore();
    err.mockRestore();
  });
  return heard;
}
