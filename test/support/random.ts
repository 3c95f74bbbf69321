/** A small seeded generator (mulberry32): the seed in a failure's message repeats the run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** CODI_SEED, or a new one; tests print it with what they found. */
export function newSeed(): number {
  return Number(process.env['CODI_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
}
