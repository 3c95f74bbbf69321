import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));
const threads = readdirSync(join(DIST, 'workers'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(worker|process)\.js$/.test(name))
  .map((name) => join('workers', name));

/** Relative modules that a file wants, at its start or later. */
function ownModules(name: string): string[] {
  const text = readFileSync(join(DIST, name), 'utf8');
  return text.match(/^(?:import|export)\b[^'"`;]*['"]\.[^'"]*['"]|\bimport\(\s*['"]\./gm) ?? [];
}

/** Packages that a file loads at its start. */
function packages(name: string): string[] {
  const text = readFileSync(join(DIST, name), 'utf8');
  const found = text.matchAll(/^import\b[^'"`;]*['"]([^'".][^'"]*)['"]/gm);
  return [...found].map(([, id = '']) => id).filter((id) => !id.startsWith('node:'));
}

// Coverage is of the modules one by one, so that nothing is bundled for it.
test.skipIf(process.env['NODE_V8_COVERAGE'] !== undefined)(
  'The daemon and each of its threads and processes are one file.',
  () => {
    expect(threads.length).toBeGreaterThan(8);
    for (const name of ['monitor.js', ...threads])
      expect([name, ownModules(name)]).toEqual([name, []]);
  },
);

test.skipIf(process.env['NODE_V8_COVERAGE'] !== undefined)(
  'No package is loaded at a start that only few need.',
  () => {
    expect(packages('monitor.js').sort()).toEqual(['better-sqlite3', 'pino', 'piscina']);
    for (const name of threads)
      expect([name, packages(name).filter((id) => id !== 'better-sqlite3')]).toEqual([name, []]);
  },
);

test('A module that is not bundled wants others of its own.', () => {
  expect(ownModules(join('client', 'index.js')).length).toBeGreaterThan(0);
});
