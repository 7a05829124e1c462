import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands.ts";
import { main } from "../../cli/main.ts";
import { leaveOnPath, workInScratchFolder } from "../constructs/scratch.ts";
import { listenToConsole } from "./console.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** What the console shows of a call, and its exit status. */
async function call(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const heard = listenToConsole();
  const status = await main(args);
  return { status, out: heard.out.join("\n"), err: heard.err.join("\n") };
}

/** A call in a process of its own, in an empty folder and without any program on the path. */
async function callAlone(
  ...args: string[]
): Promise<{ exitCode: number | undefined; stderr: string }> {
  workInScratchFolder();
  leaveOnPath();
  const script = `const { main } = await import(process.argv[1]); process.exitCode = await main(process.argv.slice(2));`;
  const { exitCode, stderr } = await execa(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", script, MAIN, ...args],
    { reject: false },
  );
  return { exitCode, stderr };
}

describe("help", () => {
  it.each([[[]], [["help"]], [["--help"]], [["help", "deploy"]]])(
    "shows every command for %j",
    async (args) => {
      const { status, out, err } = await call(...args);
      expect({ status, err }).toEqual({ status: 0, err: "" });
      for (const { summary } of Object.values(commands)) expect(out).toContain(summary);
    },
  );

  it("shows one command when it is asked about it", async () => {
    expect(await call("destroy", "dev", "--help")).toEqual({
      status: 0,
      err: "",
      out: `npm run destroy -- ${commands["destroy"]?.usage}\n    ${commands["destroy"]?.summary}`,
    });
  });

  it("writes commands as npm takes them", async () => {
    const { out } = await call("help");
    expect(out).toMatch(/^npm start -- /m);
    expect(out).toMatch(/^npm test -- /m);
    expect(out).toMatch(/^npm run status -- /m);
  });
});

describe("output that nobody reads on", () => {
  it("ends nothing, and leaves the exit status as it is", async () => {
    const command = fileURLToPath(new URL("../../cli/run.mjs", import.meta.url));
    const args = ["doctor", "127.0.0.1:1"];
    const child = spawn(process.execPath, [command, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    const complaints: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => complaints.push(text));
    const [status] = (await once(child, "close")) as [number | null];
    expect({ status, complaints }).toEqual({ status: 1, complaints: [] });
  });
});

describe("wrong usage", () => {
  it.each([
    { name: "depoly", nearest: "deploy" },
    { name: "smok", nearest: "smoke" },
    { name: "stat", nearest: "start" },
  ])("refuses the unknown command $name, naming the nearest", async ({ name, nearest }) => {
    const { status, out, err } = await call(name, "dev");
    expect(status).toBe(2);
    expect(err).toContain(`error: unknown command "${name}"; did you mean ${nearest}?`);
    for (const { summary } of Object.values(commands)) expect(out).toContain(summary);
  });

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "refuses %s, which every object has, as any other unknown command",
    async (name) => {
      const { status, err } = await call(name, "dev");
      expect(status).toBe(2);
      expect(err).toMatch(
        new RegExp(`^error: unknown command "${name}"; did you mean [a-z]+\\?\n$`),
      );
    },
  );

  it.each(["deploy", "status", "outputs", "destroy"])(
    "refuses %s without an environment",
    async (name) => {
      const { status, err } = await call(name);
      expect(status).toBe(2);
      expect(err).toBe(
        `error: name an environment\n\nnpm run ${name} -- ${commands[name]?.usage}\n    ${commands[name]?.summary}`,
      );
    },
  );

  it("refuses smoke without an environment, and tells of platforms deployed elsewhere", async () => {
    const { status, err } = await call("smoke", "--connect", "http://localhost:8083");
    expect(status).toBe(2);
    expect(err).toMatch(
      /^error: name an environment, or give --bootstrap of a platform that was deployed elsewhere\n\nnpm run smoke -- /,
    );
  });

  it("refuses an environment beside the address of a platform deployed elsewhere", async () => {
    const { status, err } = await call("smoke", "dev", "--bootstrap", "localhost:9092");
    expect(status).toBe(2);
    expect(err).toMatch(
      /^error: both "dev" and --bootstrap were given; name an environment, or what was deployed elsewhere\n/,
    );
  });

  it.each(["start", "deploy", "status", "destroy"])(
    "refuses a second environment for %s",
    async (name) => {
      const { status, err } = await call(name, "dev", "seed", "more");
      expect(status).toBe(2);
      expect(err).toMatch(/^error: "seed more" is too much\n\nnpm /);
    },
  );

  it("refuses an environment for test, which takes none", async () => {
    const { exitCode, stderr } = await callAlone("test", "dev");
    expect(stderr).toMatch(/^error: "dev" is too much\n/);
    expect(exitCode).toBe(2);
  });

  it.each([
    { args: ["deploy", "dev", "--yess"], flag: "--yess" },
    { args: ["status", "dev", "--yes"], flag: "--yes" },
    { args: ["start", "--keep-data"], flag: "--keep-data" },
    { args: ["deploy", "dev", "-y"], flag: "-y" },
  ])("refuses $flag for $args.0, which does not know it", async ({ args, flag }) => {
    const { status, err } = await call(...args);
    expect(status).toBe(2);
    expect(err).toContain(flag);
    expect(err).toContain(commands[args[0] ?? ""]?.usage);
  });

  it.each([
    { args: ["destroy", "dev", "--keepdata"], unknown: "--keepdata", nearest: "--keep-data" },
    { args: ["destroy", "dev", "--yse"], unknown: "--yse", nearest: "--yes" },
    { args: ["start", "--noinstall"], unknown: "--noinstall", nearest: "--no-install" },
    { args: ["smoke", "dev", "--juint=x"], unknown: "--juint", nearest: "--junit" },
    { args: ["deploy", "dev", "-y"], unknown: "-y", nearest: "--yes" },
  ])("names $nearest for $unknown", async ({ args, unknown, nearest }) => {
    const { status, err } = await call(...args);
    expect(status).toBe(2);
    expect(err).toBe(
      `error: unknown option ${unknown}; did you mean ${nearest}?\n\nnpm ${args[0] === "start" ? "" : "run "}${args[0]} -- ${commands[args[0] ?? ""]?.usage}\n    ${commands[args[0] ?? ""]?.summary}`,
    );
  });

  it.each(["status", "outputs"])("names no other option for %s, which has none", async (name) => {
    const { status, err } = await call(name, "dev", "--x");
    expect(status).toBe(2);
    expect(err).toBe(
      `error: Unknown option '--x'\n\nnpm run ${name} -- <environment>\n    ${commands[name]?.summary}`,
    );
  });

  it("refuses a report without a file", async () => {
    const { status, err } = await call("smoke", "dev", "--junit");
    expect(status).toBe(2);
    expect(err).toContain("--junit");
  });
});

describe("a platform that was deployed elsewhere", () => {
  it.each([
    {
      title: "no port",
      args: ["--bootstrap", "localhost"],
      error:
        'error: --bootstrap "localhost" is not an address; write host:port, several separated by commas',
    },
    {
      title: "several mistakes at once",
      args: [
        ...["--bootstrap", "a:1,b:0", "--connect", "localhost:8083"],
        ...["--schema-registry", "https://c", "--ksqldb", "http://me:secret@d"],
      ],
      error: [
        'error: --bootstrap "b:0": 0 is no port; write 1 to 65535',
        '--schema-registry "https://c" is https, which the smoke tests do not speak; give an http address',
        '--connect "localhost:8083" is no http address; write http://host:port',
        '--ksqldb "http://…@d" has a user in it, which the smoke tests do not send; leave it out',
      ].join("\n"),
    },
    {
      title: "an address that nobody is at",
      args: ["--bootstrap", "localhost:1"],
      error:
        "error: localhost:1 refuses connections from this host; see that a broker runs there and listens on an address that others reach",
    },
    {
      title: "services of an environment that the kit deployed",
      args: ["dev", "--rest-proxy", "http://localhost:8082"],
      error:
        'error: --rest-proxy is for a platform that was deployed elsewhere; give --bootstrap instead of "dev", or leave it out',
    },
    {
      title: "a folder as a report's file",
      args: ["--bootstrap", "localhost:1", "--html", "."],
      error: 'error: --html "." is a folder; name a file in it',
    },
  ])("is refused with $title, before anything runs", async ({ args, error }) => {
    const { exitCode, stderr } = await callAlone("smoke", ...args);
    expect(stderr).toBe(error);
    expect(exitCode).toBe(1);
  });

  it("is refused with a report below a file", async () => {
    const args = ["--bootstrap", "localhost:1", "--html", `${process.execPath}/page.html`];
    const { exitCode, stderr } = await callAlone("smoke", ...args);
    expect(stderr).toMatch(/^error: no report can be written to \S+\/page\.html: ENOTDIR/);
    expect(exitCode).toBe(1);
  });
});

describe("a command that cannot go on", () => {
  it("says why in one line, without a stack, and exits with 1", async () => {
    const { exitCode, stderr } = await callAlone("deploy", "dve");
    expect(stderr).toMatch(/^error: unknown environment "dve"; did you mean dev\? [^\n]+$/);
    expect(exitCode).toBe(1);
  });
});
