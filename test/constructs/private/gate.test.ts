import { readFileSync, writeFileSync } from "node:fs";
import { constants, getPriority } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { gateProgram } from "../../../constructs/readiness-gate.ts";
import { leaveOnPath, putOnPath } from "../scratch.ts";

/** What Terraform runs, but for the question. */
const [, ...GATE] = gateProgram();

/**
 * A docker command that answers from files of its folder: `<container>.<n>.json` is what the n-th and later
 * looks at a container see, `<container>.log` its log; with `<container>.ready` its healthcheck succeeds.
 */
const DOCKER = `
case $1 in
inspect)
  turn=$(( $(cat "$here/$4.turn" 2>/dev/null || echo 0) + 1 ))
  echo $turn >"$here/$4.turn"
  while [ $turn -gt 0 ] && [ ! -e "$here/$4.$turn.json" ]; do turn=$((turn - 1)); done
  [ $turn -gt 0 ] || { echo "Error: No such container: $4" >&2; exit 1; }
  cat "$here/$4.$turn.json"
  ;;
exec)
  shift
  echo "$*" >>"$here/probes"
  [ -e "$here/$1.ready" ] || { echo "connection refused" >&2; exit 1; }
  ;;
logs) tail -n "$3" "$here/$4.log" ;;
esac`;

interface Look {
  readonly status?: string;
  readonly health?: string;
  readonly exitCode?: number;
  readonly restarts?: number;
  readonly test?: readonly string[];
}

function inspected(look: Look): string {
  const { status = "running", health, exitCode = 0, restarts = 0, test = ["CMD", "probe"] } = look;
  return JSON.stringify([
    {
      State: {
        Status: status,
        Running: status === "running" || status === "restarting",
        Restarting: status === "restarting",
        ExitCode: exitCode,
        ...(health === undefined ? {} : { Health: { Status: health } }),
      },
      RestartCount: restarts,
      Config: { Healthcheck: { Test: test } },
    },
  ]);
}

/** Puts a docker command on the path whose containers look so, one look after another; before the first there is none. */
function docker(containers: Readonly<Record<string, readonly (Look | undefined)[]>>): string {
  const folder = putOnPath({ docker: DOCKER });
  for (const [container, looks] of Object.entries(containers)) {
    looks.forEach((look, i) => {
      if (look !== undefined) {
        writeFileSync(join(folder, `${container}.${i + 1}.json`), inspected(look));
      }
    });
    const lines = Array.from({ length: 40 }, (_, i) => `${container}, line ${i + 1}`);
    writeFileSync(join(folder, `${container}.log`), `${lines.join("\n")}\n`);
  }
  return folder;
}

async function gate(
  containers: readonly string[],
  timeoutSeconds = 60,
  needs?: Readonly<Record<string, readonly string[]>>,
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [...GATE, JSON.stringify({ containers, needs, timeoutSeconds })],
    { reject: false },
  );
  return {
    exitCode,
    // Who is ready first says so first.
    stdout: stdout.split("\n").sort().join("\n"),
    stderr: stderr.replaceAll(/after \d+ s/g, "after N s"),
  };
}

/** The 30 last of a log's 40 lines. */
function endOfLog(container: string): string {
  return Array.from({ length: 30 }, (_, i) => `${container}, line ${i + 11}`).join("\n");
}

it("opens at once when all is healthy", async () => {
  docker({ one: [{ health: "healthy" }], two: [{ health: "healthy" }] });
  expect(await gate(["one", "two"], 0)).toEqual({
    exitCode: 0,
    stdout: "one is ready\ntwo is ready",
    stderr: "",
  });
});

it.each([
  { test: ["CMD", "ready", "one"], asked: /^one ready one$/ },
  {
    test: ["CMD", "bash", "-c", "</dev/tcp/one/1"],
    asked: /^one bash -c .* bash 0 <\/dev\/tcp\/one\/1$/,
  },
  { test: ["CMD-SHELL", "ready || exit 1"], asked: /^one \/bin\/sh -c ready \|\| exit 1$/ },
])("asks the healthcheck's own question, $test, between the engine's looks", async (row) => {
  const folder = docker({ one: [{ health: "starting", test: row.test }] });
  writeFileSync(join(folder, "one.ready"), "");
  expect(await gate(["one"], 0)).toMatchObject({ exitCode: 0, stdout: "one is ready" });
  expect(readFileSync(join(folder, "probes"), "utf8").trimEnd()).toMatch(row.asked);
});

it("has a container ask itself until it is ready, and tell the last answer where it is not", async () => {
  const asking = `cd "$here"; shift 2; exec "$@"`;
  const script = 'echo asked >>asked; echo "time $(wc -l <asked)"; [ $(wc -l <asked) -ge 3 ]';
  const test = ["CMD", "bash", "-c", script];
  const look = `case $1 in inspect) echo '${inspected({ health: "starting", test })}' ;; logs) ;; exec) ${asking} ;; esac`;
  const folder = putOnPath({ docker: look });
  expect(await gate(["one"], 0)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("one is not ready after N s (starting: time 1)") as string,
  });
  expect(await gate(["one"])).toMatchObject({ exitCode: 0, stdout: "one is ready" });
  expect(readFileSync(join(folder, "asked"), "utf8")).toBe("asked\nasked\nasked\n");
});

it("waits for what is not ready yet, through restarts", async () => {
  docker({
    one: [{ health: "healthy" }],
    two: [
      { status: "restarting", exitCode: 1, restarts: 1 },
      { health: "starting", restarts: 2 },
      { health: "healthy", restarts: 2 },
    ],
  });
  expect(await gate(["one", "two"])).toEqual({
    exitCode: 0,
    stdout: "one is ready\ntwo is ready",
    stderr: "",
  });
});

it("does not hold restarts from before against a container", async () => {
  docker({
    one: [
      { health: "starting", restarts: 40 },
      { health: "healthy", restarts: 41 },
    ],
  });
  expect(await gate(["one"])).toMatchObject({ exitCode: 0, stderr: "" });
});

it("does not hold restarts against a container that it could not look at before", async () => {
  docker({
    one: [
      undefined,
      { health: "starting", restarts: 9 },
      { health: "starting", restarts: 13 },
      { health: "healthy", restarts: 13 },
    ],
  });
  expect(await gate(["one"])).toEqual({ exitCode: 0, stdout: "one is ready", stderr: "" });
});

it("holds no restarts against a container while one that it needs is not ready", async () => {
  docker({
    broker: [{ health: "starting" }, { health: "starting" }, { health: "healthy" }],
    registry: [
      { status: "restarting", exitCode: 1, restarts: 0 },
      { status: "restarting", exitCode: 1, restarts: 9 },
      { health: "starting", restarts: 10 },
      { health: "starting", restarts: 11 },
      { health: "healthy", restarts: 11 },
    ],
  });
  expect(await gate(["broker", "registry"], 60, { registry: ["broker"] })).toEqual({
    exitCode: 0,
    stdout: "broker is ready\nregistry is ready",
    stderr: "",
  });
});

it("gives up a crash loop once all that the container needs is ready", async () => {
  docker({
    broker: [{ health: "healthy" }],
    registry: [
      { status: "restarting", exitCode: 1, restarts: 3 },
      { status: "restarting", exitCode: 1, restarts: 11 },
      { status: "restarting", exitCode: 1, restarts: 19 },
    ],
  });
  const { exitCode, stderr } = await gate(["broker", "registry"], 60, { registry: ["broker"] });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("registry keeps crashing");
});

it("gives up a crash loop before the time is out, with the end of its log", async () => {
  docker({
    calm: [{ health: "starting" }],
    loop: [
      { status: "restarting", exitCode: 137, restarts: 2 },
      { status: "restarting", exitCode: 137, restarts: 9 },
      { status: "restarting", exitCode: 137, restarts: 10 },
    ],
  });
  expect(await gate(["calm", "loop"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `
loop keeps crashing after N s (restarting, exit code 137, 10 restarts)
the end of its log:
${endOfLog("loop")}`,
  });
});

it("gives up when the time is out, naming all that is not ready, with the end of their logs", async () => {
  docker({
    one: [{ health: "healthy" }],
    two: [{ health: "unhealthy" }],
    three: [{ status: "exited", exitCode: 3 }],
  });
  expect(await gate(["one", "two", "three"], 0)).toEqual({
    exitCode: 1,
    stdout: "one is ready",
    stderr: `
two is not ready after N s (unhealthy: connection refused)
the end of its log:
${endOfLog("two")}

three is not ready after N s (exited, exit code 3, 0 restarts)
the end of its log:
${endOfLog("three")}`,
  });
});

it("fails naming a container that is not there", async () => {
  docker({});
  const { exitCode, stderr } = await gate(["gone"], 0);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("gone is not ready after N s (Error: No such container: gone)");
});

it("gives up at once on a container without a healthcheck, and only on that one", async () => {
  docker({ calm: [{ health: "starting" }], bare: [{}] });
  expect(await gate(["calm", "bare"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `
bare is not ready after N s (it has no healthcheck to wait for)
the end of its log:
${endOfLog("bare")}`,
  });
});

it("gives up at once where there is no docker command", async () => {
  leaveOnPath();
  expect(await gate(["one"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: `
one is not ready after N s (docker: spawn docker ENOENT)
the end of its log:
docker: spawn docker ENOENT`,
  });
});

it.each([0, 15])("lets others go first, and who began it with nice %i keeps that", async (nice) => {
  const modest = GATE.slice(0, GATE.findIndex((arg) => arg.endsWith("modest.mjs")) + 1);
  const { stdout } = await execa("nice", [
    ...["-n", String(nice), process.execPath, ...modest],
    ...["--print", "os.getPriority()"],
  ]);
  const given = Math.min(19, getPriority() + nice);
  expect(Number(stdout)).toBe(Math.max(given, constants.priority.PRIORITY_BELOW_NORMAL));
});
