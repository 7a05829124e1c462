import { bench } from "./bench.ts";
import { sections } from "./sections.ts";

process.exitCode = await bench(process.argv.slice(2), sections);
