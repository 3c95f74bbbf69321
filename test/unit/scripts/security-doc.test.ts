import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = new URL('../../../docs/security.md', import.meta.url);
const text = readFileSync(page, 'utf8');
const measures = text.split(/^## Measures$/m)[1]!.split(/^## /m)[0]!;
const rows = measures.split('\n').filter((line) => line.startsWith('| ') && !/^\| -+ /.test(line));

test('every measure names a test, or a page with tests, that is there', () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows.slice(1)) {
    const shown = row.split('|')[2]!;
    const paths = [...shown.matchAll(/\]\(([^)#]+)/g)].map(([, path]) => path!);
    expect(paths.length, row).toBeGreaterThan(0);
    for (const path of paths) expect(existsSync(new URL(path, page)), path).toBe(true);
  }
});
