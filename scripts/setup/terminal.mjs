// What the scripts say. Progress goes to stderr, so that a pipe behind `./codi --json` stays clean.

/** An expected failure: one line for a person, no stack. */
export class SetupError extends Error {
  /** @param {string} message @param {string} [detail] further lines, for instance the end of a log */
  constructor(message, detail) {
    super(message);
    this.detail = detail;
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs a step that takes long and tells so: its name at once, a line with the time every 10 s.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const startedAtMs = performance.now();
  const seconds = () => ((performance.now() - startedAtMs) / 1000).toFixed(0);
  say(`codi: ${name} ...`);
  const timer = setInterval(() => say(`codi: ${name} ... ${seconds()} s`), 10_000);
  try {
    const result = await work();
    say(`codi: ${name}, done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** @param {unknown} error */
export function reportFailure(error) {
  if (error instanceof SetupError) {
    if (error.detail !== undefined && error.detail !== '') say(error.detail);
    say(`error: ${error.message}`);
  } else {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}
