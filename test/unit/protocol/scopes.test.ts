import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REQUEST_KINDS } from '#codi/protocol/kinds.js';
import { SCOPE_OF, SCOPES } from '#codi/protocol/scopes.js';

test('Every kind of request has a scope, and no other kind has one.', () => {
  expect(Object.keys(SCOPE_OF).sort()).toEqual([...REQUEST_KINDS].sort());
  for (const scope of Object.values(SCOPE_OF)) expect([null, ...SCOPES]).toContain(scope);
});

test('Without a scope there is nothing but the greeting and the question whether all is well.', () => {
  const free = Object.entries(SCOPE_OF).filter(([, scope]) => scope === null);
  expect(free.map(([kind]) => kind)).toEqual(['Hello', 'Health']);
});

test('docs/protocol.md lists the same.', () => {
  const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| (none|`read`|`write`|`admin`) +\| ([A-Z][\w, ]+?) *\|$/gm)];
  const documented = rows.flatMap(([, name = '', kinds = '']) =>
    kinds.split(', ').map((kind) => [kind, name === 'none' ? null : name.replaceAll('`', '')]),
  );
  expect(Object.fromEntries(documented)).toEqual(SCOPE_OF);
});
