// Puts each program and each thread into one file, in the place of what the compiler wrote for its entry: a module
// that is found, read and linked on its own costs a start most of its time (docs/decisions/0036).
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Its commands are loaded when they are asked for, from files of their own. */
const CLI = 'cli/entry';
const MONITOR = 'monitor';
/** Where the parts of the CLI are, below dist. */
const PARTS = 'cli-parts';
const NOTICES = 'third-party-notices.txt';

/** Packages that stay on their own: native code, a thread of their own, or needed by few and late. */
const EXTERNAL = [
  /^node:/,
  /^(@parcel\/watcher|@peculiar\/x509|better-sqlite3|better-sqlite3-multiple-ciphers|koffi|piscina)$/,
  /^(ink|pino|react|reflect-metadata)(\/|$)/,
];

/** @param {string} root */
export async function bundle(root) {
  const { rolldown } = await import('rolldown');
  const source = join(root, 'src');
  const dist = join(root, 'dist');
  rmSync(join(dist, PARTS), { recursive: true, force: true });
  /** @type {Set<string>} */
  const packages = new Set();
  await Promise.all(
    [CLI, MONITOR, ...threadEntries(source)].map(async (name) => {
      const program = await rolldown({
        input: { [name]: join(source, `${name}.ts`) },
        platform: 'node',
        external: EXTERNAL,
        onLog: (_level, log) => {
          throw new Error(`${name}: ${log.message}`);
        },
      });
      const { output } = await program.write({
        dir: dist,
        format: 'esm',
        sourcemap: true,
        entryFileNames: '[name].js',
        chunkFileNames: `${PARTS}/[name]-[hash].js`,
        codeSplitting: name === CLI,
      });
      await program.close();
      for (const file of output)
        for (const id of file.type === 'chunk' ? file.moduleIds : []) notePackage(packages, id);
    }),
  );
  writeFileSync(join(dist, NOTICES), noticesOf(packages));
}

/** Paths below src without their ending. @param {string} source */
function threadEntries(source) {
  return readdirSync(join(source, 'workers'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(worker|process)\.ts$/.test(name))
    .map((name) => join('workers', name.slice(0, -'.ts'.length)));
}

/** The folder of the package that a module is of. @param {Set<string>} packages @param {string} moduleId */
function notePackage(packages, moduleId) {
  const folder = /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(moduleId)?.[1];
  if (folder !== undefined) packages.add(folder);
}

/** The licences of what is inside of the programs, as they ask for. @param {Set<string>} packages */
function noticesOf(packages) {
  return [...packages]
    .sort()
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
      const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
      return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text.trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
