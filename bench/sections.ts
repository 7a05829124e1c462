import type { Section } from "./section.ts";
import { deploySection } from "./sections/deploy.ts";
import { imagesSection } from "./sections/images.ts";
import { memorySection } from "./sections/memory.ts";
import { noopSection } from "./sections/noop.ts";
import { synthSection } from "./sections/synth.ts";

/** All sections, in the order in which they are run. */
export const sections: readonly Section[] = [
  deploySection,
  noopSection,
  synthSection,
  imagesSection,
  memorySection,
];
