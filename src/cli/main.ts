import type { Argv } from 'yargs';
import { packageVersion } from '../data/package-root.js';
import type { ExitStatus } from '../errors/codes.js';
import { asKbuildError, KbuildError } from '../errors/kbuild-error.js';
import type { Command, CommandContext } from './command.js';
import { commands, type CommandTree } from './commands/index.js';
import { beginGithubOutput } from './github/output.js';
import { githubWanted } from './github/wanted.js';
import { printError } from './print-error.js';

/**
 * Runs the command line.
 * @param args the arguments, without the interpreter and the script
 * @returns the exit status
 */
export async function runCli(args: string[]): Promise<ExitStatus> {
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-v')) {
    console.log(packageVersion()); // without loading anything
    return 0;
  }
  const json = args.includes('--json');
  const { isRead, annotates } = githubWanted(args);
  const endGithubOutput = isRead ? beginGithubOutput({ json, annotates }) : undefined;
  const abort = new AbortController();
  const onSignal = () => {
    // A second one does not wait for anything: the next run clears what this one leaves.
    if (abort.signal.aborted) process.kill(process.pid, 'SIGKILL');
    else abort.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  let outputError: NodeJS.ErrnoException | undefined;
  const onOutputError = (error: NodeJS.ErrnoException) => {
    // `kbuild-ts … | head` reads no more: that is no error.
    if (error.code !== 'EPIPE') outputError = error;
  };
  process.stdout.on('error', onOutputError);
  try {
    const status = await dispatch(args, { signal: abort.signal });
    if (outputError !== undefined) throw outputError;
    return status;
  } catch (error) {
    const failure = asKbuildError(error);
    printError(failure, json && outputError === undefined);
    return failure.exitStatus;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    process.stdout.off('error', onOutputError);
    endGithubOutput?.();
  }
}

async function dispatch(args: string[], context: CommandContext): Promise<ExitStatus> {
  const { default: yargs } = await import('yargs');
  checkNoEnd(args);
  checkEpoch(process.env);
  const parser = yargs()
    .scriptName('kbuild-ts')
    .usage(
      '$0 <command>\n\nBuilds, checks and ships Linux kernel modules for every kernel and architecture.',
    )
    .version(packageVersion())
    .help()
    .alias('h', 'help')
    .parserConfiguration({ 'greedy-arrays': false })
    .strict()
    .recommendCommands()
    .demandCommand(1, 'Name a command.')
    .wrap(process.stdout.isTTY ? Math.min(100, process.stdout.columns) : 100)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // yargs throws a YError of its own for an option without its value.
      if (error !== undefined && error.name !== 'YError') throw error;
      const said = message ?? error?.message ?? 'wrong usage';
      throw usageError(said.startsWith('Not enough non-option arguments') ? tooFew : said);
    });
  register(parser, commands, context);
  try {
    await parser.parseAsync(args);
    return 0; // help and version print by themselves and choose nothing
  } catch (error) {
    if (error instanceof Chosen) return error.run();
    throw error;
  }
}

/** yargs would take what follows for nothing at all: no project, no file. */
function checkNoEnd(args: readonly string[]): void {
  if (!args.includes('--')) return;
  throw usageError("'--' is not known: a name that begins with - is written ./-name");
}

/** Builds and packages take their time from it: what is no time would be one thing here, another there. */
function checkEpoch({ SOURCE_DATE_EPOCH: epoch = '' }: NodeJS.ProcessEnv): void {
  if (epoch === '' || /^\d{1,11}$/.test(epoch)) return;
  throw new KbuildError(
    'USAGE',
    `SOURCE_DATE_EPOCH is ${JSON.stringify(epoch)}: not a number of seconds since 1970`,
    'Write for example SOURCE_DATE_EPOCH=$(git log -1 --format=%ct), or unset it.',
  );
}

const tooFew = 'an argument is missing: its place is in <angle brackets> in --help';

/**
 * Thrown out of yargs as soon as it knows the command: it would go on and lay out that command's
 * help, which takes longer than all that it has done before.
 */
class Chosen extends Error {
  constructor(readonly run: () => Promise<ExitStatus>) {
    super('a command was chosen');
  }
}

function register(parser: Argv, tree: CommandTree, context: CommandContext): void {
  for (const [name, entry] of Object.entries(tree)) {
    if ('usage' in entry) registerCommand(parser, entry, context);
    else {
      const { summary, commands: children } = entry;
      parser.command(`${name} <command>`, summary, (sub) => {
        register(sub, children, context);
        return sub.demandCommand(1, `Name one of: ${Object.keys(children).join(', ')}.`);
      });
    }
  }
}

function registerCommand(parser: Argv, command: Command, context: CommandContext): void {
  parser.command(
    command.usage,
    command.summary,
    (sub) => {
      const shaped = (command.positionals?.(sub) ?? sub).options(command.options);
      for (const [line, meaning] of command.examples ?? []) shaped.example(`$0 ${line}`, meaning);
      return shaped;
    },
    (argv) => {
      checkGivenOnce(argv, command);
      throw new Chosen(() => command.run(argv, context));
    },
  );
}

/** yargs makes a list of an option that is given twice, whatever its type. */
function checkGivenOnce(argv: Record<string, unknown>, { options }: Command): void {
  const twice = Object.entries(options).find(
    ([name, option]) => Array.isArray(argv[name]) && option.array !== true,
  );
  if (twice === undefined) return;
  throw usageError(`${twice[0].length === 1 ? '-' : '--'}${twice[0]} is given twice`);
}

function usageError(message: string): KbuildError {
  return new KbuildError(
    'USAGE',
    message,
    "'kbuild-ts --help' and 'kbuild-ts <command> --help' show what there is.",
  );
}
