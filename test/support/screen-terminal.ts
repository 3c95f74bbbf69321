import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import headless from '@xterm/headless';
import { expect } from 'vitest';

export const CLI_ENTRY = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));

/** util-linux' `script` gives a pseudo terminal; other systems have another one of that name. */
export const HAS_PTY =
  process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

export interface ScreenOptions {
  env?: Record<string, string>;
  columns?: number;
  rows?: number;
}

/** A command in a real pseudo terminal, and an emulator that draws what it writes. */
export class ScreenTerminal {
  readonly #script: ChildProcess;
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly ended: Promise<void>;
  /** All that was written, as bytes came. */
  written = '';

  constructor(argv: readonly string[], options: ScreenOptions = {}) {
    const { columns = 80, rows = 24 } = options;
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
    const words = [process.execPath, CLI_ENTRY, ...argv].map((word) => `'${word}'`).join(' ');
    // The inner shell becomes the command: the number it printed is the command's.
    const line = [
      `stty cols ${columns} rows ${rows}`,
      `sh -c 'echo pid=$$=; exec "$@"' sh ${words}`,
      'echo "exit=$?="',
      'stty -a | tr "\\n" " "',
    ].join('; ');
    const { CI: _, NO_COLOR: _color, ...env } = process.env;
    this.#script = spawn('script', ['-qfec', line, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...env, TERM: 'xterm-256color', ...options.env },
    });
    this.#script.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.written += text;
      this.#terminal.write(text);
    });
    this.ended = new Promise((resolve) => this.#script.once('close', () => resolve()));
  }

  /** The lines of the screen without what is blank at their ends. */
  lines(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, row) =>
      (active.getLine(active.viewportY + row)?.translateToString(true) ?? '').trimEnd(),
    );
  }

  async shows(pattern: RegExp, timeoutMs = 20_000): Promise<void> {
    await expect.poll(() => this.lines().join('\n'), { timeout: timeoutMs }).toMatch(pattern);
  }

  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  press(keys: string): void {
    this.#script.stdin!.write(keys);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(Number(/pid=(\d+)=/.exec(this.written)?.[1]), name);
  }

  get exitCode(): number {
    return Number(/exit=(\d+)=/.exec(this.written)?.[1]);
  }

  /** Whether lines are edited and echoed again, as before. */
  get isCooked(): boolean {
    const [, settings = ''] = this.written.split(/exit=\d+=/);
    return / icanon/.test(settings) && / echo /.test(settings);
  }

  close(): void {
    this.#script.kill('SIGKILL');
    this.#terminal.dispose();
  }
}
