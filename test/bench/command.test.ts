import { execa } from "execa";
import { expect, it } from "vitest";
import { command } from "../../bench/command.ts";

it("tells when a command was started, when it had ended, and when it said what", async () => {
  const { startedAt, endedAt, lines } = await command(["sh", "-c", "echo one; echo two >&2"]);
  expect(lines.map(({ text }) => text).sort()).toEqual(["one", "two"]);
  for (const { at } of lines) {
    expect(at).toBeGreaterThanOrEqual(startedAt);
    expect(at).toBeLessThanOrEqual(endedAt);
  }
});

it("fails with the end of what a command said", async () => {
  await expect(command(["sh", "-c", "echo no such thing; exit 3"])).rejects.toThrow(
    '"sh -c echo no such thing; exit 3" failed (exit code 3):\nno such thing',
  );
});

it("fails where there is no such program", async () => {
  await expect(command(["no-such-program-at-all"])).rejects.toThrow("ENOENT");
});

// In a process of its own, since nothing undoes an interruption.
it("ends what runs when it is interrupted, starts only what cleans up, and says that it was", async () => {
  const program = `
    import { runSections } from ${JSON.stringify(new URL("../../bench/bench.ts", import.meta.url))};
    import { command, endInOrder } from ${JSON.stringify(new URL("../../bench/command.ts", import.meta.url))};
    endInOrder();
    const told = async (work) => console.log(await work.then(({ lines }) => lines[0].text, ({ name }) => name));
    const running = command(["sh", "-c", "echo begun; exec sleep 60"]);
    setTimeout(() => process.kill(process.pid, "SIGINT"), 300);
    await told(running);
    await told(command(["echo", "started"]));
    await told(command(["echo", "cleaned up"], { always: true }));
    const section = { name: "s", title: "S", about: "", run: () => Promise.reject(new Error("cut off")) };
    await told(runSections({ sections: [section], pairs: 1 }, [], new Date()));
  `;
  const line = ["--import", "tsx", "--input-type=module", "--eval", program];
  const { stdout, stderr } = await execa("node", line);
  expect(stderr).toContain("interrupted; ending what runs, and cleaning up");
  const interrupted = "InterruptedError";
  expect(stdout.split("\n").filter((said) => !said.startsWith("•"))).toEqual([
    ...[interrupted, interrupted, "cleaned up", interrupted],
  ]);
});
