/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** warn: it works, and may not much longer, or not as well as it could. bad: something is wrong. */
  readonly state: 'ok' | 'warn' | 'bad';
  /** What was found, as a sentence without a period. */
  readonly detail: string;
  /** What to do about it: commands, or a sentence. */
  readonly hint?: string;
}

export function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail };
}

export function warn(name: string, detail: string, hint: string): Check {
  return { name, state: 'warn', detail, hint };
}

export function bad(name: string, detail: string, hint: string): Check {
  return { name, state: 'bad', detail, hint };
}
