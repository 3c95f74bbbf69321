import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { SETTINGS } from '#codi/config/catalogue.js';
import { loadConfig } from '#codi/config/load.js';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('The default file loads and changes nothing.', () => {
  const path = 'config/default.toml';
  const fromFile = loadConfig({ env: {}, file: { path, text: read(path) } });
  const bare = loadConfig({ env: {} });
  if (!fromFile.ok || !bare.ok) throw new Error('The default file does not load.');
  expect(fromFile.config).toEqual(bare.config);
});

test('Every setting stands in the default file, the schema and the docs.', () => {
  const toml = read('config/default.toml');
  const docs = read('docs/config.md');
  const schema = JSON.parse(read('config/schema.json')) as {
    properties: Record<string, { properties: Record<string, unknown> }>;
  };
  for (const { key, name, section } of SETTINGS) {
    expect(toml, name).toMatch(new RegExp(`^(# )?${key} = `, 'm'));
    expect(docs, name).toContain(`| \`${key}\``);
    expect(schema.properties[section]?.properties, name).toHaveProperty(key);
  }
});
