import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { largest, modulesByPackage, secondsByPackage, type CpuProfile } from "../profile.ts";
import { Rig } from "../rig.ts";
import type { Breakdown, Section, SectionOptions, SectionResult } from "../section.ts";

const HOOK = fileURLToPath(new URL("../profile-hook.mjs", import.meta.url));
/** How many packages are shown by name. */
const PACKAGES = 7;

/** A program whose start is looked at: how node is called. */
interface Program {
  readonly key: string;
  readonly title: string;
  readonly args: readonly string[];
  /** Whether it is looked at what it loads. */
  readonly profiled: boolean;
}

const PROGRAMS: readonly Program[] = [
  { key: "node", title: "node alone", args: ["--eval", ""], profiled: false },
  { key: "tsx", title: "node with tsx", args: ["--import", "tsx", "--eval", ""], profiled: false },
  {
    key: "synth",
    title: "synth: node --import tsx stacks/main.ts",
    args: ["--import", "tsx", "stacks/main.ts"],
    profiled: true,
  },
  {
    key: "commands",
    title: "start of the commands: node cli/run.mjs help",
    args: ["cli/run.mjs", "help"],
    profiled: true,
  },
];

/** How long programs take to start, and what they load for it. */
export const synthSection: Section = {
  name: "synth",
  title: "Start of the programs",
  about:
    "The synth that plain cdktf calls, of three environments, and the start that all commands have in common: how long they take, what they load, and whose code the time is spent in.",
  run: (options) => Rig.use((rig) => measure(rig, options)),
};

async function measure(rig: Rig, { pairs, tell }: SectionOptions): Promise<SectionResult> {
  const seconds = new Map<string, number[]>(PROGRAMS.map(({ key }) => [key, []]));
  for (const { args } of PROGRAMS) await rig.run(["node", ...args]);
  for (let pair = 0; pair < pairs; pair++) {
    for (const { key, args } of pair % 2 === 0 ? PROGRAMS : PROGRAMS.toReversed()) {
      const { startedAt, endedAt } = await rig.run(["node", ...args]);
      seconds.get(key)?.push((endedAt - startedAt) / 1000);
    }
  }
  const counts = [];
  const breakdowns: Breakdown[] = [];
  for (const program of PROGRAMS.filter(({ profiled }) => profiled)) {
    tell(`what ${program.key} loads`);
    const time = secondsByPackage(await profileOf(rig, program));
    const modules = modulesByPackage(await scriptsOf(rig, program));
    counts.push({
      key: `modules/${program.key}`,
      title: `modules loaded by ${program.title}`,
      unit: "modules" as const,
      values: [[...modules.values()].reduce((sum, count) => sum + count, 0)],
    });
    breakdowns.push(
      {
        title: `${program.title}: time by whose code it is`,
        unit: "s",
        parts: largest(time, PACKAGES),
      },
      {
        title: `${program.title}: modules by package`,
        unit: "modules",
        parts: largest(modules, PACKAGES),
      },
    );
  }
  return {
    measurements: [
      ...PROGRAMS.map(({ key, title }) => ({
        key: `start/${key}`,
        title,
        unit: "s" as const,
        values: seconds.get(key) ?? [],
      })),
      ...counts,
    ],
    comparisons: [
      { title: "Synth against node with tsx", baseline: "start/tsx", ours: "start/synth" },
      { title: "Commands against node with tsx", baseline: "start/tsx", ours: "start/commands" },
    ],
    breakdowns,
    notes: [
      "Time by package is from one run under node's own profiler, which slows it a little; what node does, such as reading and compiling a file, counts for the package that asked for it.",
      "The thread in which tsx translates TypeScript is not in the profile; the main one waits for it.",
    ],
  };
}

/** The profile of one run's main thread. */
async function profileOf(rig: Rig, { args }: Program): Promise<CpuProfile> {
  const folder = join(rig.folder, "profiles");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await rig.run(["node", "--cpu-prof", `--cpu-prof-dir=${folder}`, ...args]);
  // CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile; the main thread is 0.
  const file = readdirSync(folder).find((name) => /\.0\.\d+\.cpuprofile$/.test(name));
  if (file === undefined) throw new Error(`node ${args.join(" ")} left no profile`);
  return JSON.parse(readFileSync(join(folder, file), "utf8")) as CpuProfile;
}

/** URLs of all scripts that one run parsed. */
async function scriptsOf(rig: Rig, { args }: Program): Promise<string[]> {
  const file = join(rig.folder, "scripts.json");
  await rig.run(["node", "--import", HOOK, ...args], { env: { BENCH_SCRIPTS: file } });
  const urls = JSON.parse(readFileSync(file, "utf8")) as string[];
  return urls.filter((url) => url !== "" && !url.endsWith("profile-hook.mjs"));
}
