import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '#codi/config/load.js';
import { runInProcess, type CliSurroundings } from '../../support/cli-harness.ts';

let home: string;
let shop: string;
let file: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'codi-init-')));
  shop = join(home, 'the "shop"');
  file = join(home, '.config', 'codi', 'config.toml');
  mkdirSync(shop);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function init(line: string[], around: CliSurroundings = {}) {
  const socketPath = join(home, 'none.sock');
  return runInProcess(['init', ...line], { homeDir: home, cwd: shop, socketPath, ...around });
}

function agents(): void {
  const claude = join(home, '.claude', 'projects', '-shop');
  mkdirSync(claude, { recursive: true });
  writeFileSync(join(claude, 'a.jsonl'), 'x'.repeat(2_000));
  writeFileSync(join(claude, 'a.meta.json'), 'no transcript');
  mkdirSync(join(home, '.codex', 'sessions'), { recursive: true });
}

const written = () => {
  const result = loadConfig({
    file: { path: file, text: readFileSync(file, 'utf8') },
    env: {},
    flags: {},
  });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
};

test('A configuration for the folder is written where codi looks for it, and can be read.', async () => {
  agents();
  const { exitCode, out, notes } = await init([]);
  expect(exitCode, notes).toBe(0);
  expect(written()).toMatchObject({ general: { workspace: shop }, exports: { transcripts: [] } });
  expect(out).toContain(`wrote ${file}`);
  expect(out).toContain('codi daemon start');
  expect(notes).toMatch(/transcripts of Claude Code, .*\(1 file, 2.0 kB\): --transcripts claude/);
  expect(readdirSync(shop)).toEqual([]);
  expect((await init([])).out).toContain('says so already');
});

test('Where the configuration is a link, what it leads to is replaced.', async () => {
  mkdirSync(join(home, '.config', 'codi'), { recursive: true });
  const kept = join(home, 'dotfiles.toml');
  writeFileSync(kept, '# mine\n');
  symlinkSync(kept, file);
  expect((await init(['--force'])).exitCode).toBe(0);
  expect(readlinkSync(file)).toBe(kept);
  expect(written().general.workspace).toBe(shop);
  expect(readFileSync(`${file}.before`, 'utf8')).toBe('# mine\n');
});

test('What is there is not replaced, unless that is said, and then it is kept.', async () => {
  mkdirSync(join(home, '.config', 'codi'), { recursive: true });
  writeFileSync(file, '# mine\n');
  const refused = await init([]);
  expect(refused.exitCode).toBe(3);
  expect(refused.notes).toContain('CODI_CONFIG_EXISTS');
  expect(readFileSync(file, 'utf8')).toBe('# mine\n');
  // Said before or when asked.
  expect((await init([], { isAnswering: true, columns: 80, stdin: 'n\n' })).exitCode).toBe(3);
  expect((await init([], { isAnswering: true, columns: 80, stdin: 'y\n' })).exitCode).toBe(0);
  expect(readFileSync(`${file}.before`, 'utf8')).toBe('# mine\n');
  expect((await init(['--force', '--transcripts', 'claude,~/notes,./here'])).exitCode).toBe(0);
  expect(written().exports.transcripts).toEqual(['claude', '~/notes', join(shop, 'here')]);
  expect(readdirSync(join(home, '.config', 'codi')).sort()).toEqual([
    'config.toml',
    'config.toml.before',
  ]);
});

test('On a terminal each agent that is found is asked about; --yes takes all of them.', async () => {
  agents();
  const asked = await init([], { isAnswering: true, columns: 80, stdin: 'y\nno\n' });
  expect(asked.notes).toContain('Capture the transcripts of Claude Code');
  expect(asked.notes).toContain('Capture the transcripts of Codex');
  expect(written().exports.transcripts).toEqual(['claude']);
  const env = { CODEX_HOME: join(home, '.codex') };
  const all = await init(['--yes', '--force', '--json', '--data-dir', 'data'], { env });
  expect(all.json()).toMatchObject([
    {
      path: file,
      workspace: shop,
      transcripts: ['claude', 'codex'],
      found: [
        { agent: 'claude', files: 1, bytes: 2_000 },
        { agent: 'codex', files: 0 },
      ],
      result: 'replaced',
    },
  ]);
  expect(written().storage.dataDir).toBe(join(shop, 'data'));
  expect(readFileSync(file, 'utf8')).toContain('CODEX_HOME');
});

test('A look writes nothing; a wrong folder and a wrong agent are said.', async () => {
  const { out } = await init(['--dry-run']);
  expect(out).toContain('[general]');
  expect(existsSync(file)).toBe(false);
  expect((await init(['missing'])).exitCode).toBe(5);
  const wrong = await init(['--transcripts', 'claud']);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.notes).toContain('known are claude, codex, gemini');
  const other = join(home, 'other.toml');
  expect((await init(['--config', other])).exitCode).toBe(0);
  expect(readdirSync(home).sort()).toEqual(['other.toml', 'the "shop"']);
});
