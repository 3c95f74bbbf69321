import type { Key } from 'ink';

const NAMED: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageUp'],
  ['pageDown', 'pageDown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
];

const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u007f': 'backspace',
};

/** What was pressed, in the names of `pressKey`; what came in one piece is a key per character. */
export function keysOf(input: string, key: Key): string[] {
  const special = NAMED.find(([flag]) => key[flag]);
  if (special) return [special[1]];
  if (key.ctrl || key.meta || key.tab) return [];
  return [...input].flatMap((character) => {
    const named = CONTROLS[character];
    if (named !== undefined) return [named];
    return character >= ' ' ? [character] : [];
  });
}

export function isInterrupt(input: string, key: Key): boolean {
  return key.ctrl && input === 'c';
}
