import { PLATFORMS } from "../platforms.ts";
import { sharesOf } from "../phases.ts";
import { Rig } from "../rig.ts";
import type { Section, SectionOptions, SectionResult } from "../section.ts";
import type { Finished } from "../command.ts";
import { medians } from "../statistics.ts";

/** How long it takes to find that there is nothing to do. */
export const noopSection: Section = {
  name: "noop",
  title: "A deploy with nothing to do",
  about:
    "All of dev that local images give is deployed and ready; then each command finds that there is nothing to change, by turns with a bare terraform plan in the folder of the same program.",
  run: (options) => Rig.use((rig) => measure(rig, options)),
};

async function measure(rig: Rig, { pairs, tell }: SectionOptions): Promise<SectionResult> {
  const platform = PLATFORMS.find(({ name }) => name === "platform");
  if (platform === undefined) throw new Error("no platform to look at");
  const terraform = process.env["TERRAFORM_BINARY_NAME"] ?? "terraform";
  const plan = [terraform, "plan", "-detailed-exitcode", "-input=false", "-no-color"];
  const sides: { key: string; title: string; run: () => Promise<Finished> }[] = [
    {
      key: "plan",
      title: "terraform plan",
      // Its exit status is 0 only where there is nothing to do.
      run: () => rig.run(plan, { cwd: rig.stackFolder(platform) }),
    },
    { key: "kit", title: "npm run deploy", run: () => rig.deploy(platform) },
    { key: "cdktf", title: "npx cdktf deploy", run: () => rig.cdktf(platform) },
  ];
  try {
    tell("deploying what there is to be nothing to do about");
    await rig.deploy(platform);
    // What each of them keeps of its first time.
    for (const { run } of sides) await run();
    const seconds = new Map<string, number[]>(sides.map(({ key }) => [key, []]));
    const shares = [];
    for (let pair = 0; pair < pairs; pair++) {
      for (const { key, title, run } of pair % 2 === 0 ? sides : sides.toReversed()) {
        const { startedAt, endedAt } = await run();
        const took = (endedAt - startedAt) / 1000;
        seconds.get(key)?.push(took);
        if (key === "kit") shares.push(sharesOf(rig.phases(platform), startedAt, endedAt));
        tell(`${pair + 1} of ${pairs}, ${title}: ${took.toFixed(2)} s`);
      }
    }
    return {
      measurements: sides.map(({ key, title }) => ({
        key: `noop/${key}`,
        title,
        unit: "s",
        values: seconds.get(key) ?? [],
      })),
      comparisons: [
        {
          title: "npm run deploy against terraform plan",
          baseline: "noop/plan",
          ours: "noop/kit",
          aim: 1.5,
        },
        {
          title: "npx cdktf deploy against terraform plan",
          baseline: "noop/plan",
          ours: "noop/cdktf",
        },
      ],
      breakdowns: medians("npm run deploy", shares),
      notes: [
        "The plan is of the same state and engine, and refreshes it; its folder is initialised.",
      ],
    };
  } finally {
    await rig.destroy(platform);
  }
}
