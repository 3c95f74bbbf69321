import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_IGNORES } from '#codi/workers/watch-host/default-ignores.js';

test('The documented list of default ignores is the real one.', () => {
  const page = readFileSync(new URL('../../../../docs/watching.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## Ignored by default'));
  const documented = [...section.matchAll(/^\| `(.+?)` *\| (.+?) *\|$/gm)].map(([, name, what]) => [
    name,
    what,
  ]);
  expect(documented).toEqual([...DEFAULT_IGNORES]);
});
