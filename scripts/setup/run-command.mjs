import { spawn } from 'node:child_process';
import { basename } from 'node:path';

/**
 * @typedef {{ code: number, output: string }} CommandResult
 * @typedef {{ cwd: string, timeoutMs?: number, env?: Record<string, string | undefined>,
 *   onStart?: (pid: number) => void }} CommandOptions
 */

const OUTPUT_LIMIT = 1024 * 1024;

/**
 * Runs a program without a shell and keeps the end of its output. Never rejects: a program that is
 * not there is code 127.
 * @param {string} command
 * @param {string[]} args
 * @param {CommandOptions} options
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_LIMIT);
    };
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    if (child.pid !== undefined) options.onStart?.(child.pid);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output: error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? (signal === null ? 1 : 128), output });
    });
  });
}

/**
 * The npm that runs us, else the one on the PATH.
 * @returns {{ command: string, args: string[] }}
 */
export function npmCommand() {
  const running = process.env['npm_execpath'];
  if (running !== undefined && basename(running) === 'npm-cli.js') {
    return { command: process.execPath, args: [running] };
  }
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
}

/**
 * @param {string[]} args
 * @param {CommandOptions} options
 */
export function runNpm(args, options) {
  const npm = npmCommand();
  return runCommand(npm.command, [...npm.args, ...args], options);
}

/** The last lines of an output. @param {string} output @param {number} count */
export function lastLines(output, count) {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}
