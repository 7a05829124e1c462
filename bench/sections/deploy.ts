import { command, interruption, type Finished } from "../command.ts";
import { phasesOf, sharesOf, type Mark, type Phase, type Shares } from "../phases.ts";
import { PLATFORMS, type Platform } from "../platforms.ts";
import { ready } from "../readiness.ts";
import { Rig, type Prepared } from "../rig.ts";
import type {
  Comparison,
  Measurement,
  Section,
  SectionOptions,
  SectionResult,
} from "../section.ts";
import { medians } from "../statistics.ts";

type SideName = "compose" | "kit" | "cdktf";

/** One way to bring a platform up. */
interface Side {
  readonly name: SideName;
  readonly title: string;
  up(platform: Platform): Promise<Finished>;
  down(platform: Platform): Promise<void>;
  /** Where its time went, as far as that can be told. */
  phases(platform: Platform, finished: Finished): Phase[];
}

/** One time that a platform was brought up, in seconds. */
interface Sample {
  readonly ready: number;
  readonly returned: number;
  readonly shares: Shares;
}

/** How far from Compose each may be, by platform. */
const AIMS: Readonly<
  Record<Platform["name"], Readonly<Partial<Record<SideName, number | undefined>>>>
> = {
  broker: { kit: 1.25, cdktf: 1.8 },
  platform: { kit: 1.1 },
  // Measured for what it tells, without an aim.
  cluster: { kit: undefined },
};

/** What plain cdktf says when it begins something. */
const CDKTF: readonly Mark[] = [
  { name: "synth", begins: /Synthesizing/ },
  { name: "init", begins: /Initializing the backend/ },
  { name: "plan", begins: /has been successfully initialized/ },
  { name: "apply", begins: /: Creating\.\.\./ },
  { name: "readiness", begins: /gate[^:]*: Creating\.\.\./ },
  { name: "outputs", begins: /Apply complete!/ },
];

/** How long it takes from the command to the first record, beside Compose. */
export const deploySection: Section = {
  name: "deploy",
  title: "From the command to the first record",
  about:
    "The same images and settings brought up by this kit and by Docker Compose, by turns, each time from nothing: until a client on the host has created a topic, written a record and read it back, and every other service answers what its healthcheck asks.",
  run: (options) => Rig.use((rig) => measure(rig, options)),
};

async function measure(rig: Rig, { pairs, tell }: SectionOptions): Promise<SectionResult> {
  const samples = new Map<string, Sample[]>();
  for (const platform of PLATFORMS) {
    const sides = sidesOf(rig, platform);
    tell(`${platform.name}: once each way, not measured`);
    const prepared = await rig.prepare(platform);
    for (const side of sides.filter(({ name }) => name !== "kit")) {
      await sampleOf(rig, prepared, side);
    }
    for (let pair = 0; pair < pairs; pair++) {
      for (const side of pair % 2 === 0 ? sides : sides.toReversed()) {
        const sample = await sampleOf(rig, prepared, side);
        const key = `${platform.name}/${side.name}`;
        samples.set(key, [...(samples.get(key) ?? []), sample]);
        tell(
          `${platform.name}, ${pair + 1} of ${pairs}, ${side.title}: ready after ${sample.ready.toFixed(2)} s, back after ${sample.returned.toFixed(2)} s`,
        );
      }
    }
  }
  const all = PLATFORMS.flatMap((platform) =>
    sidesOf(rig, platform).map((side) => ({
      platform,
      side,
      taken: samples.get(`${platform.name}/${side.name}`) ?? [],
    })),
  );
  return {
    measurements: all.flatMap(({ platform, side, taken }): Measurement[] => [
      {
        key: `${platform.name}/${side.name}`,
        title: `${platform.title}: ${side.title}`,
        unit: "s",
        values: taken.map((sample) => sample.ready),
      },
      {
        key: `${platform.name}/${side.name}/returned`,
        title: `${platform.title}: ${side.title}, until it returns`,
        unit: "s",
        values: taken.map((sample) => sample.returned),
      },
    ]),
    comparisons: all
      .filter(({ side }) => side.name !== "compose")
      .map(({ platform, side }): Comparison => {
        const aim = AIMS[platform.name][side.name];
        return {
          title: `${platform.title}, ${side.title} against Compose`,
          baseline: `${platform.name}/compose`,
          ours: `${platform.name}/${side.name}`,
          ...(aim === undefined ? {} : { aim }),
        };
      }),
    breakdowns: all.flatMap(({ platform, side, taken }) =>
      medians(
        `${platform.title}: ${side.title}`,
        taken.map(({ shares }) => shares),
      ),
    ),
    notes: [
      "Ready is what a client sees, which polls from the moment the command is given; it may come before or after the command returns.",
      "Compose returns as soon as the containers are started; the kit's deploys return when everything is ready and reached.",
      "Images, modules and an initialised Terraform are there before; containers, networks and volumes are not. The Compose file is rendered from the program that Terraform gets; Compose starts all containers at once.",
      "The breakdowns are of the whole command, until it returns.",
    ],
  };
}

function sidesOf(rig: Rig, { name }: Platform): Side[] {
  const sides: Side[] = [
    {
      name: "compose",
      title: "docker-compose up -d",
      up: (platform) => rig.composeUp(platform),
      down: (platform) => rig.composeDown(platform),
      phases: () => [],
    },
    {
      name: "kit",
      title: "npm run deploy",
      up: (platform) => rig.deploy(platform),
      down: (platform) => rig.destroy(platform),
      phases: (platform) => rig.phases(platform),
    },
    {
      name: "cdktf",
      title: "npx cdktf deploy",
      up: (platform) => rig.cdktf(platform),
      down: (platform) => rig.destroy(platform),
      phases: (_, { lines, endedAt }) => phasesOf(lines, CDKTF, endedAt),
    },
  ];
  return sides.filter((side) => side.name === "compose" || side.name in AIMS[name]);
}

async function sampleOf(rig: Rig, prepared: Prepared, side: Side): Promise<Sample> {
  const { platform, readiness } = prepared;
  await rig.assertGone(prepared);
  // What a removal left to be written would be written while the next one is measured.
  await command(["sync"]);
  const givenUp = new AbortController();
  const signal = AbortSignal.any([interruption, givenUp.signal]);
  try {
    const from = Date.now();
    const readyAt = ready(readiness, signal);
    // Looked at below, once the command has ended.
    readyAt.catch(() => {});
    const finished = await side.up(platform);
    const { endedAt } = finished;
    return {
      returned: (endedAt - from) / 1000,
      ready: ((await readyAt) - from) / 1000,
      shares: sharesOf(side.phases(platform, finished), from, endedAt),
    };
  } finally {
    givenUp.abort(new Error("the command failed"));
    await side.down(platform);
  }
}
