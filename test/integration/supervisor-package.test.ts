import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const installed = (name: string) => join(ROOT, 'node_modules', name);
/** All that somebody who uses the runtime alone needs beside the package. */
const NEEDED = ['xstate', '@types/node', 'undici-types'];

let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'codi-package-'));
  const modules = join(home, 'node_modules');
  mkdirSync(join(modules, '@types'), { recursive: true });
  for (const name of NEEDED) symlinkSync(installed(name), join(modules, name), 'dir');
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', home];
  const { stdout } = await run('npm', pack, { cwd: ROOT });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run('tar', ['-xzf', filename], { cwd: home });
  symlinkSync(join(home, 'package'), join(modules, 'codi-monitor'), 'dir');
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("The example in the runtime's README compiles and runs against the packed package.", async () => {
  const readme = readFileSync(join(ROOT, 'src/supervisor/README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  writeFileSync(join(home, 'example.ts'), example ?? '');
  const flags = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const compile = [installed('typescript/bin/tsc'), ...flags, 'example.ts'];
  await run(process.execPath, compile, { cwd: home });
  const { stdout } = await run(process.execPath, ['example.js'], { cwd: home });
  const [greeting, ...report] = stdout.trim().split('\n');
  expect(greeting).toBe("got { type: 'hello' }");
  expect(report.join('\n')).toMatch(/^\{ unstopped: \[\], durationMs: [\d.e-]+ \}$/);
}, 120_000);
