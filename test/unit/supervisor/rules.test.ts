import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const text = readFileSync(new URL('../../../src/supervisor/RULES.md', import.meta.url), 'utf8');

interface Rule {
  id: string;
  tests: { file: string; title: string }[];
}

/** `**O1 …` begins a rule, "- `file`: title" names a test of it; what comes before the first rule is of all. */
function rules(): Rule[] {
  const found: Rule[] = [{ id: 'all', tests: [] }];
  for (const line of text.split('\n')) {
    const id = /^\*\*([A-Z]\d+) /.exec(line)?.[1];
    if (id !== undefined) found.push({ id, tests: [] });
    const named = /^- `([\w/-]+)`: (.+)$/.exec(line);
    if (named) found.at(-1)!.tests.push({ file: named[1]!, title: named[2]! });
  }
  return found;
}

function source(file: string): string {
  const path = file.includes('/') ? file : `unit/supervisor/${file}`;
  return readFileSync(new URL(`../../../test/${path}.test.ts`, import.meta.url), 'utf8');
}

describe('the index of rules', () => {
  it('numbers its rules without gaps', () => {
    const numbers = new Map<string, number>();
    for (const { id } of rules().slice(1)) {
      const next = (numbers.get(id[0]!) ?? 0) + 1;
      expect(id).toBe(`${id[0]}${next}`);
      numbers.set(id[0]!, next);
    }
    expect(Object.fromEntries(numbers)).toEqual({ O: 23, U: 11, B: 11, D: 10 });
  });

  it.each(rules())('names tests of $id that exist', ({ tests }) => {
    expect(tests).not.toEqual([]);
    const missing = tests.filter(({ file, title }) => {
      const code = source(file);
      return !["'", '"', '`'].some((quote) => code.includes(`${quote}${title}${quote}`));
    });
    expect(missing).toEqual([]);
  });

  it('is not skipped over: no test of it is switched off', () => {
    const files = new Set(rules().flatMap(({ tests }) => tests.map(({ file }) => file)));
    for (const file of files)
      expect(source(file)).not.toMatch(/\b(it|test|describe)\.(skip|todo|only)\b/);
  });
});
