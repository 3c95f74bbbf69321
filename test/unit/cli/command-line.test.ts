import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '#codi/cli/command-table.js';
import { ERRORS } from '#codi/protocol/errors.js';
import { runInProcess } from '../../support/cli-harness.ts';

const visible = COMMANDS.filter((row) => !row.isHidden).map((row) => row.name);

describe('the command line', () => {
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'codi-cli-'));
  });

  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('shows help when nothing is asked and for every command, with examples', async () => {
    const help = await runInProcess([]);
    expect(help.exitCode).toBe(0);
    for (const name of visible) {
      expect(help.out).toContain(`  ${name} `);
      const run = await runInProcess([name, '--help']);
      expect(run.exitCode, name).toBe(0);
      expect(run.out, name).toMatch(/Example/);
    }
  });

  it.each([
    [['statsu'], 'did you mean status?'],
    [['query', '--jsno'], 'did you mean --json?'],
    [['watch', 'ad', 'x'], 'did you mean add?'],
    [['--data-dir', '', 'status'], "'--data-dir <dir>' argument '' is invalid"],
    [['status', '--socket='], "'--socket <path>' argument '' is invalid"],
    [['log'], 'codi log --help'],
    [['watch'], 'needs a subcommand'],
    [['tail', '-n', 'many'], 'whole number'],
    [['events', '--event', 'craete'], 'did you mean create?'],
    [['query', '--since', 'soon'], 'examples: 5m'],
    [['log', 'x', '--meta', 'user'], '--meta user=42'],
    [['query', '--follow', '--order', 'newest'], '--follow'],
  ])('answers %j with exit code 2 and help', async (line, expected) => {
    const run = await runInProcess(line, { socketPath: join(dir, 'none.sock') });
    expect(run.exitCode).toBe(2);
    expect(run.notes).toContain(expected);
    expect(run.notes.trim().split('\n').length).toBeLessThanOrEqual(3);
  });

  it('takes global flags before and after the command', async () => {
    const none = join(dir, 'none.sock');
    for (const line of [
      ['--json', '--socket', none, 'status'],
      ['status', '--socket', none, '--json'],
    ]) {
      const run = await runInProcess(line);
      expect(run.exitCode).toBe(69);
      expect(JSON.parse(run.notes).error.code).toBe('CODI_UNREACHABLE');
    }
  });

  it('colours errors on a terminal only, and not with NO_COLOR or --no-color', async () => {
    const socketPath = join(dir, 'none.sock');
    const red = '\u001b[31m';
    expect((await runInProcess(['status'], { socketPath, columns: 80 })).notes).toContain(red);
    expect((await runInProcess(['status'], { socketPath })).notes).not.toContain(red);
    const env = { NO_COLOR: '1' };
    expect((await runInProcess(['status'], { socketPath, columns: 80, env })).notes).not.toContain(
      red,
    );
    const plain = await runInProcess(['status', '--no-color'], { socketPath, columns: 80 });
    expect(plain.notes).not.toContain(red);
  });

  it('explains every error code and every topic', async () => {
    for (const code of Object.keys(ERRORS)) {
      const run = await runInProcess(['help', code]);
      expect(run.out).toContain(`${code} (`);
    }
    for (const topic of ['times', 'json', 'exit-codes', 'sockets', 'topics']) {
      expect((await runInProcess(['help', topic])).exitCode).toBe(0);
    }
    expect((await runInProcess(['help', 'watch', 'add'])).out).toContain('--pattern <glob>');
    const wrong = await runInProcess(['help', 'CODI_UNREACHABEL']);
    expect(wrong).toMatchObject({ exitCode: 5 });
    expect(wrong.notes).toContain('did you mean CODI_UNREACHABLE?');
  });

  it('finds the socket of another data directory without one being named', async () => {
    const env = { XDG_RUNTIME_DIR: dir };
    const run = await runInProcess(['status', '--data-dir', join(dir, 'data')], { env });
    expect(run.notes).toMatch(new RegExp(`tried ${dir}/codi/[0-9a-f]{12}/monitor.sock`));
  });

  it('reads socket and identity from the configuration file, and refuses a wrong one', async () => {
    const file = join(dir, 'config.toml');
    await writeFile(file, `[monitor]\nunix_socket_path = "${dir}/named.sock"\n`);
    const run = await runInProcess(['status', '--config', file]);
    expect(run.notes).toContain(`tried ${dir}/named.sock`);
    await writeFile(file, '[monitor]\nunix_socket_pth = "x"\n');
    const wrong = await runInProcess(['status', '--config', file]);
    expect(wrong.exitCode).toBe(78);
    expect(wrong.notes).toContain('monitor.unix_socket_path');
    expect((await runInProcess(['status', '--config', join(dir, 'gone.toml')])).exitCode).toBe(78);
  });

  it('config check and config show say what counts and where it comes from', async () => {
    const file = join(dir, 'config.toml');
    await writeFile(file, '[monitor]\nsettle = "200ms"\n');
    const check = await runInProcess(['config', 'check', '--config', file]);
    expect(check).toMatchObject({ exitCode: 0, out: 'the configuration is good\n' });
    const show = await runInProcess(['config', 'show', 'monitor.settle', '--config', file]);
    expect(show.out).toContain('monitor.settle  200ms');
    expect(show.out).toContain(`${file} line 2`);
    const json = await runInProcess([
      'config',
      'show',
      'monitor.settle',
      '--json',
      '--config',
      file,
    ]);
    expect(json.json()[0]).toMatchObject({ name: 'monitor.settle', value: 200 });
    await writeFile(file, '[monitor]\nsettle = "soon"\n');
    expect((await runInProcess(['config', 'check', '--config', file])).exitCode).toBe(78);
  });

  it('prints completion scripts and the candidates they ask for', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      expect((await runInProcess(['completion', shell])).out).toContain('__complete');
    }
    const socketPath = join(dir, 'none.sock');
    const candidates = async (...words: string[]) =>
      (await runInProcess(['__complete', '--', ...words], { socketPath })).out.trim().split('\n');
    expect(await candidates('sta')).toEqual(['status']);
    expect(await candidates('watch', '')).toEqual(['add', 'ls', 'gaps', 'rm']);
    expect(await candidates('query', '--lev')).toEqual(['--level']);
    expect(await candidates('log', '--level', 'w')).toEqual(['warn']);
    expect(await candidates('up', '')).toEqual([':files']);
    expect(await candidates('export', 'restore', '12', '')).toEqual([':files']);
  });

  it('writes docs/cli.md with every command in it', async () => {
    const { out } = await runInProcess(['__reference']);
    for (const name of visible) expect(out).toContain(`## codi ${name}\n`);
    expect(out).toContain("codi watch add ../other --pattern '*.txt'");
    expect(out).not.toContain('__complete');
  });
});
