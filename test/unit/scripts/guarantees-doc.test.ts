import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = new URL('../../../docs/guarantees.md', import.meta.url);
const text = readFileSync(page, 'utf8');
const rows = text.split('\n').filter((line) => line.startsWith('| ') && line.includes('../test/'));

test('every promise names a test that is there', () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) {
    const paths = [...row.matchAll(/\]\((\.\.\/test\/[^)]+)\)/g)].map(([, path]) => path!);
    expect(paths.length, row).toBeGreaterThan(0);
    for (const path of paths) expect(existsSync(new URL(path, page)), path).toBe(true);
  }
});

test('no row of a table of promises is without one', () => {
  const tables = text
    .split(/^## Not promised/m)[0]!
    .matchAll(/^\| Promise .*\n\|[- |]+\n((?:\|.*\n)+)/gm);
  for (const [, body] of tables)
    for (const row of body!.trim().split('\n')) expect(row).toContain('../test/');
});
