import { CommandError } from "../errors.ts";
import { step } from "../progress.ts";
import { ask, lastLines } from "../shell.ts";

const INSTEAD = "or decide for images built here with IMAGES=local";

/** What a registry that was reached says, and the way out. */
const REFUSALS: readonly { readonly said: RegExp; readonly wayOut: string }[] = [
  {
    said: /toomanyrequests|too many requests/i,
    wayOut: "wait until it gives again, log in with an account that may pull more (docker login)",
  },
  {
    said: /no matching manifest|no match for platform/i,
    wayOut: "ask for a version that is made for this machine's architecture",
  },
  {
    // A registry that says no more than this hides whether the image is there.
    said: /no basic auth credentials|unauthorized|access denied|access to the resource is denied|authorization failed/i,
    wayOut: "check its name, log in with an account that may pull it (docker login)",
  },
  {
    said: /manifest unknown|manifest for \S+ not found|repository \S+ not found|failed to resolve reference \S+ \S+: not found/i,
    wayOut: "check the version that the environment's file asks for",
  },
];

/** What helps where the engine does not get through to a registry. */
const HINTS: readonly { readonly said: RegExp; readonly hint: string }[] = [
  {
    said: /x509/i,
    hint: "the engine does not trust that certificate; add its authority to the certificates of the engine's machine and restart the engine",
  },
  {
    said: /proxy/i,
    hint: "the engine goes by a proxy setting of its own, which docker info shows",
  },
];

/**
 * Pulls an image unless the engine has it.
 *
 * @returns why the registry could not be reached; undefined when the image is there
 * @throws CommandError when the registry was reached and refused or broke off, or the disk is full
 */
export async function pull(reference: string): Promise<string | undefined> {
  if ((await ask("docker", ["image", "inspect", reference])).ok) return undefined;
  const layers = new Layers();
  const answer = await step(`pulling ${reference}`, (tell) =>
    ask("docker", ["pull", reference], {
      stdout: function* (line: unknown) {
        layers.follow(String(line));
        tell(layers.toString());
        yield line;
      },
    }),
  );
  if (answer.ok) return undefined;
  const why = lastLines(answer.stderr, 1).replace(/^Error response from daemon: /, "");
  if (/no space left/i.test(why)) {
    throw new CommandError(
      `the engine's disk is full: ${why}; free space there (docker system df shows what takes it) and start again`,
    );
  }
  const refusal = REFUSALS.find(({ said }) => said.test(why));
  if (refusal !== undefined) {
    throw new CommandError(
      `the registry does not give ${reference}: ${why}; ${refusal.wayOut}, ${INSTEAD}`,
    );
  }
  // Who has begun to give an image was reached, whatever happened then.
  if (layers.begun) {
    throw new CommandError(`pulling ${reference} broke off: ${why}; start again, ${INSTEAD}`);
  }
  const hint = HINTS.find(({ said }) => said.test(why))?.hint;
  return `${why}${hint === undefined ? "" : ` (${hint})`}${await mirrorsToo()}`;
}

/** An engine with mirrors asks them first, and tells only what the registry itself said at last. */
async function mirrorsToo(): Promise<string> {
  const format = "{{range .RegistryConfig.Mirrors}}{{.}} {{end}}";
  const { ok, stdout } = await ask("docker", ["info", "--format", format]);
  const mirrors = stdout.trim().split(/\s+/).join(", ");
  return ok && mirrors !== "" ? `; nor does the engine's mirror ${mirrors} give it` : "";
}

/** How far a pull is, from what `docker pull` prints where no terminal is. */
export class Layers {
  private readonly states = new Map<string, string>();
  private named = false;

  /** Takes in a line of its output. */
  follow(line: string): void {
    if (line.includes(": Pulling from ")) this.named = true;
    const [, layer, state] = /^([0-9a-f]{12}): (.+)$/.exec(line) ?? [];
    if (layer !== undefined && state !== undefined) this.states.set(layer, state);
  }

  /** Whether the registry has named the image's parts. */
  get begun(): boolean {
    return this.named || this.states.size > 0;
  }

  /** Such as `3 of 7 layers downloaded, 1 unpacked`; empty before anything is known. */
  toString(): string {
    if (this.states.size === 0) return "";
    const unpacked = this.count("Pull complete", "Already exists");
    const downloaded = unpacked + this.count("Download complete", "Extracting");
    return `${downloaded} of ${this.states.size} layers downloaded, ${unpacked} unpacked`;
  }

  private count(...wanted: string[]): number {
    return [...this.states.values()].filter((state) => wanted.includes(state)).length;
  }
}
