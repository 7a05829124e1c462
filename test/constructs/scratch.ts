import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { onTestFinished, vi } from "vitest";

/** A temporary folder, removed when the test has ended. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kafka-platform-kit-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Makes a temporary folder the one that is worked in until the test has ended. */
export function workInScratchFolder(): string {
  const folder = scratchFolder();
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
  });
  return folder;
}

/** Writes a program in the language of `sh`; `$here` is its own folder. */
function writeProgram(folder: string, name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\nhere=\${0%/*}\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Writes programs and puts them before all others on the path until the test has ended. */
export function putOnPath(programs: Readonly<Record<string, string>>): string {
  const folder = scratchFolder();
  for (const [name, script] of Object.entries(programs)) writeProgram(folder, name, script);
  setVariable("PATH", `${folder}${delimiter}${process.env["PATH"] ?? ""}`);
  return folder;
}

/** Leaves nothing on the path but a shell and these programs until the test has ended. */
export function leaveOnPath(programs: Readonly<Record<string, string>> = {}): string {
  const folder = scratchFolder();
  symlinkSync("/bin/sh", join(folder, "sh"));
  for (const [name, script] of Object.entries(programs)) writeProgram(folder, name, script);
  setVariable("PATH", folder);
  return folder;
}

/** Sets or removes a variable until the test has ended. */
export function setVariable(name: string, value: string | undefined): void {
  vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}
