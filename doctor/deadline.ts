import { setTimeout as sleep } from "node:timers/promises";

/**
 * Bounds a piece of work in time, so that what hangs fails with what it was about.
 *
 * @param doing what is being done, such as `writing 100 records`; it begins the message
 * @throws Error `<doing> was not done in <seconds> s`, or what the work itself throws
 */
export async function within<T>(seconds: number, doing: string, work: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const deadline = sleep(seconds * 1000, undefined, { signal: settled.signal }).then(() => {
    throw new Error(`${doing} was not done in ${seconds} s`);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    settled.abort();
    deadline.catch(() => {});
  }
}

/**
 * Asks again and again until the answer is the wanted one.
 *
 * @param goal what is waited for, such as `topic "t" to be gone`
 * @param ask returns `undefined` when the goal is reached, else what stands in the way
 * @throws Error that names the goal, the deadline and the last answer
 */
export async function eventually(
  seconds: number,
  goal: string,
  ask: () => Promise<string | undefined>,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const obstacle = await ask().catch((error: unknown) => messageOf(error));
    if (obstacle === undefined) return;
    if (Date.now() >= end) {
      throw new Error(`waited ${seconds} s for ${goal}; the last answer was: ${obstacle}`);
    }
    await sleep(200);
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
