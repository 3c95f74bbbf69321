import type { Command } from 'commander';
import { GLOBAL_VALUE_FLAGS } from './global-options.ts';

/** The command that the words lead to, its names below the program, and what is left of the words. */
export function commandIn(
  program: Command,
  words: readonly string[],
): { command: Command; path: string[]; rest: string[] } {
  let command = program;
  const path: string[] = [];
  const rest: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word.startsWith('-') || isFlagValue(words, index)) continue;
    const child = command.commands.find((known) => known.name() === word);
    if (child && rest.length === 0) {
      command = child;
      path.push(word);
    } else rest.push(word);
  }
  return { command, path, rest };
}

export function isFlagValue(words: readonly string[], index: number): boolean {
  return GLOBAL_VALUE_FLAGS.has(words[index - 1] ?? '');
}
