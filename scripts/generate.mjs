// `npm run generate`: writes every generated file anew; with --check it writes nothing and fails when one
// differs. Each module in scripts/generate has a `path` and a `generate()` that returns the text. They
// read the compiled code, so it must be built.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as prettier from 'prettier';

import { ROOT } from './setup.mjs';

const isCheck = process.argv.includes('--check');
const folder = join(ROOT, 'scripts', 'generate');
const stale = [];

for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith('.mjs')) continue;
  const { path, generate } = await import(pathToFileURL(join(folder, name)).href);
  if (typeof path !== 'string') continue;
  const text = await formatted(path, await generate());
  if (readText(join(ROOT, path)) === text) continue;
  stale.push(path);
  if (!isCheck) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
}

if (stale.length === 0) process.stdout.write('all generated files are up to date\n');
else if (!isCheck) process.stdout.write(`wrote ${stale.join(', ')}\n`);
else {
  process.stdout.write(`out of date: ${stale.join(', ')}; run \`npm run generate\`\n`);
  process.exitCode = 1;
}

/** @param {string} path @param {string} text */
async function formatted(path, text) {
  const { inferredParser } = await prettier.getFileInfo(path);
  if (inferredParser === null) return text;
  const options = await prettier.resolveConfig(join(ROOT, path));
  return prettier.format(text, { ...options, parser: inferredParser });
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
