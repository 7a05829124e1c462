const SHOW_AFTER_MS = 2000;
const REPEAT_MS = 15_000;

/**
 * Runs one step of a command. A step of over two seconds says that it is under way, again every fifteen
 * seconds, and how long it took; a shorter one says nothing.
 *
 * @param title what is being done, such as `building the Kafka image`
 * @param work may tell how far it is, which is said as long as it is under way
 */
export async function step<T>(
  title: string,
  work: (tell: (state: string) => void) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  let shown = false;
  let state = "";
  const first = setTimeout(() => {
    shown = true;
    console.log(`• ${title} …`);
  }, SHOW_AFTER_MS);
  const again = setInterval(() => {
    console.log(`  ${title}, ${seconds()} so far${state && `: ${state}`}`);
  }, REPEAT_MS);
  try {
    const result = await work((told) => {
      state = told;
    });
    if (shown) console.log(`  done in ${seconds()}`);
    return result;
  } finally {
    clearTimeout(first);
    clearInterval(again);
  }
}

/** Says something that was done or found. */
export function say(text: string): void {
  console.log(`• ${text}`);
}
