// Goal: every rule of the architecture is really enforced. Method: a small tree with one violation per
// file is linted with the repository's own configuration.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');

const FILES: Record<string, string> = {
  'src/supervisor/bad.ts':
    "import { CodiError } from '../protocol/errors.ts';\nexport const a = CodiError;\n",
  'src/supervisor/policy.ts': "import { setup } from 'xstate';\nexport const a = setup;\n",
  'src/supervisor/statechart.ts': "export { setup } from 'xstate';\n",
  'src/protocol/bad.ts':
    "import type { Config } from '../config/schema.ts';\nexport type A = Config;\n",
  'src/config/bad.ts': 'export const home = process.env;\n',
  'src/config/good.ts':
    "import { CodiError } from '../protocol/errors.ts';\nexport const a = CodiError;\n",
  'src/actors/bus/other-actor.ts':
    "import { a } from '../http/http.actor.ts';\nexport const b = a;\n",
  'src/actors/bus/worker-code.ts':
    "import { a } from '../../workers/storage/block.ts';\nexport const b = a;\n",
  'src/actors/bus/messages.ts':
    "import type { A } from '../../workers/storage/ledger.messages.ts';\nexport type B = A;\n",
  'src/actors/bus/listener.ts':
    "import type { EventEmitter } from 'node:events';\nexport function f(e: EventEmitter): void {\n  e.on('x', () => {});\n}\n",
  'src/actors/bus/wrapped.ts':
    "export function f(e: { on(n: string, g: unknown): void }, scope: { wrap(g: unknown): unknown }): void {\n  e.on('x', scope.wrap(() => {}));\n}\n",
  'src/actors/bus/timer.ts': 'export function f(): void {\n  queueMicrotask(() => {});\n}\n',
  'src/actors/bus/clock.ts': 'export const a = (): number => Date.now();\n',
  'src/actors/bus/files.ts':
    "import { readFileSync } from 'node:fs';\nexport const a = readFileSync;\n",
  'src/actors/bus/sql.ts': "export const a = 'SELECT 1 FROM logs';\n",
  'src/workers/storage/sql.ts': "export const a = 'SELECT 1 FROM logs';\n",
  'src/workers/watch-host/database.ts':
    "import Database from 'better-sqlite3';\nexport const a = Database;\n",
  'src/workers/watch-host/watch-host.process.ts': 'export const a = process.pid;\n',
  'src/cli/barrel.ts': "export * from './table.ts';\n",
  'src/cli/actor.ts': "import { a } from '../actors/bus/clock.ts';\nexport const b = a;\n",
  'src/main.ts': "import { a } from './actors/bus/clock.ts';\nexport const b = [a, process.pid];\n",
  'test/unit/source.test.ts':
    "import { a } from '../../src/actors/bus/clock.ts';\nexport const b = a;\n",
};

let folder: string;
let found: Map<string, string[]>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'codi lint '));
  cpSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  cpSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  cpSync(join(ROOT, 'scripts/lint'), join(folder, 'scripts/lint'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  found = lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rules of ours that complain, by file. */
function lint(): Map<string, string[]> {
  const rules = new Map<string, string[]>();
  for (const line of runLint().split('\n')) {
    const [, path, rule] = /^(.+?):\d+:\d+: .*\/codi\((.+)\)\]$/.exec(line) ?? [];
    if (path === undefined || rule === undefined) continue;
    rules.set(path, [...new Set([...(rules.get(path) ?? []), rule])]);
  }
  return rules;
}

function runLint(): string {
  const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  try {
    return execFileSync(process.execPath, [oxlint, '-f', 'unix', 'src', 'test'], {
      cwd: folder,
      encoding: 'utf8',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test.each([
  ['The supervisor may not import the protocol.', 'src/supervisor/bad.ts', 'layers'],
  ['xstate is imported by the statechart alone.', 'src/supervisor/policy.ts', 'layers'],
  ['The protocol may not import types of the configuration.', 'src/protocol/bad.ts', 'layers'],
  ['Only entry points touch process.', 'src/config/bad.ts', 'process-in-entries'],
  ['An actor may not import another actor.', 'src/actors/bus/other-actor.ts', 'layers'],
  ['An actor may not import the code of a worker.', 'src/actors/bus/worker-code.ts', 'layers'],
  ['An actor wraps its listeners.', 'src/actors/bus/listener.ts', 'wrapped-callbacks'],
  ['An actor queues no microtasks.', 'src/actors/bus/timer.ts', 'wrapped-callbacks'],
  ['An actor asks no ambient clock.', 'src/actors/bus/clock.ts', 'ports-in-actors'],
  ['An actor opens no files.', 'src/actors/bus/files.ts', 'ports-in-actors'],
  ['SQL stands only in the storage.', 'src/actors/bus/sql.ts', 'sql-in-storage'],
  ['Only the storage opens databases.', 'src/workers/watch-host/database.ts', 'layers'],
  ['There are no barrels.', 'src/cli/barrel.ts', 'no-barrels'],
  ['The CLI may not import actors.', 'src/cli/actor.ts', 'layers'],
  ['Tests import the compiled code.', 'test/unit/source.test.ts', 'compiled-code-in-tests'],
])('%s', (_, path, rule) => {
  expect(found.get(path)).toEqual([rule]);
});

test.each([
  'src/supervisor/statechart.ts',
  'src/config/good.ts',
  'src/actors/bus/messages.ts',
  'src/actors/bus/wrapped.ts',
  'src/workers/storage/sql.ts',
  'src/workers/watch-host/watch-host.process.ts',
  'src/main.ts',
])('%s breaks no rule of the architecture.', (path) => {
  expect(found.get(path)).toBeUndefined();
});
