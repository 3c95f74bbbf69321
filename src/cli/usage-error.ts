import type { CommanderError } from 'commander';
import { CodiError } from '../protocol/errors.ts';

/** A wrong invocation: exit code 2. */
export function usageError(reason: string, hint?: string): CodiError {
  return new CodiError('CODI_USAGE', { reason }, hint === undefined ? {} : { hint });
}

/**
 * An error of commander as ours: its suggestion becomes the line that says what to do. `path`: the command that was
 * found, such as `export restore`.
 */
export function usageErrorFromCommander(error: CommanderError, path: readonly string[]): CodiError {
  const command = ['codi', ...path].join(' ');
  if (error.code === 'commander.help') {
    return usageError(`${command} needs a subcommand`, `see \`${command} --help\``);
  }
  const [first = '', ...rest] = error.message.trim().split('\n');
  const reason = first.replace(/^error: /, '');
  const suggestion = rest
    .join(' ')
    .trim()
    .replace(/^\(|\)$/g, '');
  const help = `see \`${command} --help\``;
  return usageError(reason, suggestion === '' ? help : `${lowerFirst(suggestion)} ${help}`);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
