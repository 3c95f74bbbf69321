/** The keys of the full-screen view, as `?` lists them; also in its documentation. */
export const TOP_KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['up down page home end', 'choose an actor, or scroll'],
  ['enter, esc', 'look into the chosen actor, and back'],
  ['m b w', 'sort by messages, busy, mailbox (what waits)'],
  ['r h e n', 'sort by restarts, heap, errors, name'],
  ['i', 'sort the other way round'],
  ['t', 'rates of the last seconds, or totals since the start'],
  ['/', 'only actors whose path contains a text; esc for all'],
  ['space', 'hold the picture, or go on'],
  ['c', 'crashes; enter shows the report'],
  ['k R s u', 'in an actor: kill, restart, suspend, resume (asks)'],
  ['?', 'this list'],
  ['q, ctrl-c', 'quit'],
];
