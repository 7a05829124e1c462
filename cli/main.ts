import { parseArgs } from "node:util";
import { closest } from "fastest-levenshtein";
import { InvalidSettingError } from "../constructs/index.ts";
import { commands, type Command } from "./commands.ts";
import { CommandError, InterruptedError, UsageError } from "./errors.ts";
import { endInOrder } from "./shell.ts";

/**
 * Runs a command of the kit.
 *
 * @param args the command's name and its arguments
 * @returns the exit status: 0 done, 1 not done, 2 wrong usage, 130 interrupted
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name = "help", ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || rest.includes("--help")) {
    const asked = name === "help" || name === "--help" || rest.includes("--help");
    if (!asked) {
      console.error(
        `error: unknown command "${name}"; did you mean ${closest(name, Object.keys(commands))}?\n`,
      );
    }
    console.log(usage(command === undefined ? commands : { [name]: command }));
    return asked ? 0 : 2;
  }
  let parsed;
  try {
    parsed = parseArgs({ args: rest, options: command.options, allowPositionals: true });
  } catch (error) {
    const flags = Object.keys(command.options).map((flag) => `--${flag}`);
    const unknown = /^Unknown option '(--?[^']+)'/.exec((error as Error).message)?.[1];
    const problem =
      unknown === undefined || flags.length === 0
        ? (error as Error).message.split(". ")[0]
        : `unknown option ${unknown}; did you mean ${closest(unknown, flags)}?`;
    console.error(`error: ${problem}\n\n${usage({ [name]: command })}`);
    return 2;
  }
  const { insteadOf } = command;
  const elsewhere = insteadOf !== undefined && parsed.values[insteadOf] !== undefined;
  if (elsewhere && parsed.positionals.length > 0) {
    console.error(
      `error: both "${parsed.positionals.join(" ")}" and --${insteadOf} were given; name an environment, or what was deployed elsewhere\n\n${usage({ [name]: command })}`,
    );
    return 2;
  }
  const takesOne = command.environment !== null && !elsewhere;
  const environment = takesOne ? (parsed.positionals[0] ?? command.environment) : "";
  const surplus = parsed.positionals.slice(takesOne ? 1 : 0);
  if (surplus.length > 0 || environment === undefined) {
    const problem =
      surplus.length > 0
        ? `"${surplus.join(" ")}" is too much`
        : `name an environment${orElse(command)}`;
    console.error(`error: ${problem}\n\n${usage({ [name]: command })}`);
    return 2;
  }
  endInOrder();
  try {
    return await command.run(environment, parsed.values);
  } catch (error) {
    if (error instanceof InterruptedError) {
      console.error(error.message);
      return 130;
    }
    if (error instanceof UsageError) {
      console.error(`error: ${error.message}\n\n${usage({ [name]: command })}`);
      return 2;
    }
    if (error instanceof CommandError || error instanceof InvalidSettingError) {
      console.error(`error: ${error.message}`);
      return 1;
    }
    throw error;
  }
}

function orElse({ insteadOf, takesAddresses }: Command): string {
  if (takesAddresses === true) return ", or give the addresses of brokers (host:port,…)";
  return insteadOf === undefined
    ? ""
    : `, or give --${insteadOf} of a platform that was deployed elsewhere`;
}

function usage(shown: Readonly<Record<string, Command>>): string {
  return Object.entries(shown)
    .map(([name, { usage: arguments_, summary }]) => {
      const script = ["start", "test"].includes(name) ? `npm ${name}` : `npm run ${name}`;
      return `${script}${arguments_ === "" ? "" : ` -- ${arguments_}`}\n    ${summary}`;
    })
    .join("\n");
}
