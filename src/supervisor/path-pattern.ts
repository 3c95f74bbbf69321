/** Matches whole texts. */
export interface PathPattern {
  test(text: string): boolean;
}

type Token = { kind: 'text'; char: string } | { kind: 'star' } | { kind: 'globstar' };

/**
 * `*` is anything but a slash, `**` anything. All places that the text may have reached are followed at once: a
 * regular expression would try one after the other, and a pattern of many stars would take for ever.
 */
export function pathPattern(glob: string): PathPattern {
  const tokens = tokensOf(glob);
  return {
    test: (text) => {
      let places = reachable(tokens, [0]);
      for (const char of text) {
        places = reachable(tokens, stepsOf(tokens, places, char));
        if (places.length === 0) return false;
      }
      return places.at(-1) === tokens.length;
    },
  };
}

function tokensOf(glob: string): Token[] {
  const parts = glob.match(/\*+|[^*]/gsu) ?? [];
  return parts.map((part): Token => {
    if (part === '*') return { kind: 'star' };
    return part.startsWith('*') ? { kind: 'globstar' } : { kind: 'text', char: part };
  });
}

/** Places behind a character, ascending. */
function stepsOf(tokens: readonly Token[], places: readonly number[], char: string): number[] {
  const next: number[] = [];
  for (const place of places) {
    const token = tokens[place];
    if (token === undefined) continue;
    if (token.kind === 'text') {
      if (token.char === char) push(next, place + 1);
    } else if (token.kind === 'globstar' || char !== '/') push(next, place);
  }
  return next;
}

/** With those that need no character: a star may be nothing. */
function reachable(tokens: readonly Token[], places: readonly number[]): number[] {
  const all: number[] = [];
  for (const place of places) {
    push(all, place);
    for (let star = place; tokens[star] !== undefined && tokens[star]!.kind !== 'text'; star += 1)
      push(all, star + 1);
  }
  return all;
}

/** Places come in ascending order, some twice. */
function push(places: number[], place: number): void {
  const last = places.at(-1);
  if (last === undefined || last < place) places.push(place);
}
