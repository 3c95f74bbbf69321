import type { Command } from 'commander';
import { CodiError, ERRORS } from '../../protocol/errors.ts';
import type { ErrorRow } from '../../protocol/errors.ts';
import type { CliContext } from '../context.ts';
import { HELP_TOPICS } from '../help-topics.ts';
import type { Invocation } from '../invocation.ts';
import { nearest } from '../nearest.ts';
import { buildProgram } from '../program.ts';

/** `codi help [topic…]` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('[topic...]', 'a command, a topic (codi help topics) or an error code')
    .addHelpText(
      'after',
      `\nExamples:\n  codi help watch add\n  codi help times\n  codi help CODI_UNREACHABLE`,
    )
    .action((words: string[]) =>
      context.run(command, (invocation) => help(words, context, invocation)),
    );
}

async function help(words: string[], context: CliContext, invocation: Invocation): Promise<void> {
  const [first] = words;
  const code = first?.toUpperCase();
  if (code?.startsWith('CODI_')) return explainCode(code, invocation);
  const topic = words.join('-').toLowerCase();
  const text = Object.hasOwn(HELP_TOPICS, topic) ? HELP_TOPICS[topic] : undefined;
  if (text !== undefined) return invocation.out.line(text);
  let command: Command = await buildProgram(context, [first]);
  for (const word of words) {
    const child = command.commands.find((known) => known.name() === word);
    if (!child) throw unknownTopic(words.join(' '), command);
    command = child;
  }
  command.outputHelp();
}

async function explainCode(code: string, invocation: Invocation): Promise<void> {
  if (!Object.hasOwn(ERRORS, code)) {
    const like = nearest(code, Object.keys(ERRORS));
    const hint = like === undefined ? 'docs/errors.md lists all' : `did you mean ${like}?`;
    throw new CodiError('CODI_NOT_FOUND', { what: `error code ${code}` }, { hint });
  }
  const row: ErrorRow = ERRORS[code as keyof typeof ERRORS];
  const { number, message, hint, retryable, exit } = row;
  if (invocation.globals.json) {
    return invocation.out.json({ code, number, message, hint, retryable, exit_code: exit });
  }
  await invocation.out.lines([
    `${code} (${number})`,
    `  what   ${message}`,
    ...(hint === '' ? [] : [`  do     ${hint}`]),
    `  again  ${retryable ? 'the same request may succeed later' : 'trying again will not help'}`,
    `  exit   ${exit}`,
  ]);
}

function unknownTopic(topic: string, command: Command): CodiError {
  const known = [...command.commands.map((child) => child.name()), ...Object.keys(HELP_TOPICS)];
  const like = nearest(topic, known);
  const hint = like === undefined ? 'see `codi help topics`' : `did you mean ${like}?`;
  return new CodiError('CODI_NOT_FOUND', { what: `command or topic ${topic}` }, { hint });
}
