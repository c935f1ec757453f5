import type { Argv, ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs';
import type { ExitStatus } from '../errors/codes.js';

/** What a command is given besides its arguments. */
export interface CommandContext {
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal;
}

/** One command: its shape, and what it does. Heavy code is imported in `run` alone. */
export interface Command<O extends Record<string, Options> = Record<string, Options>> {
  /** As yargs writes it: `build [dir]`. */
  usage: string;
  summary: string;
  positionals?: (argv: Argv) => Argv;
  options: O;
  examples?: [command: string, meaning: string][];
  run: (
    argv: ArgumentsCamelCase<InferredOptionTypes<O>>,
    context: CommandContext,
  ) => Promise<ExitStatus>;
}

/** Keeps the types of a command's options from their declaration to `run`. */
export function defineCommand<const O extends Record<string, Options>>(
  command: Command<O>,
): Command {
  return command as unknown as Command;
}
