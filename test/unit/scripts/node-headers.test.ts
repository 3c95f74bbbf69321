import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { headerVariables } from '../../../scripts/setup/node-headers.mjs';

const prefix = mkdtempSync(join(tmpdir(), 'codi-headers-'));
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

test('headers beside Node are used, so compiling needs no download', () => {
  const node = join(prefix, 'bin', 'node');
  expect(headerVariables({}, node)).toEqual({});
  mkdirSync(join(prefix, 'include', 'node'), { recursive: true });
  writeFileSync(join(prefix, 'include', 'node', 'node.h'), '');
  expect(headerVariables({}, node)).toEqual({ npm_config_nodedir: prefix });
});

test("the user's own setting stands", () => {
  expect(headerVariables({ npm_config_nodedir: '/opt/node' }, process.execPath)).toEqual({});
});
