// What comes before the first TypeScript: plain JavaScript, since it makes the rest run.
import module from "node:module";

/** What Node has since 22; older ones do without. */
const { enableCompileCache } = /** @type {{ readonly enableCompileCache?: () => void }} */ (module);
const { typescript } = /** @type {{ readonly typescript?: string | false }} */ (process.features);

// Keeps what was compiled.
enableCompileCache?.();

// Every synth needs these. Under a loader they take twice as long, as each of their files goes through it.
await import("cdktf");
await import("@cdktf/provider-docker/lib/container/index.js");

if (!typescript) (await import("tsx/esm/api")).register();
