import type { Command } from 'commander';
import { describeProblem } from '../../config/problem.ts';
import { EXIT, isCodiError } from '../../protocol/errors.ts';
import type { CliContext } from '../context.ts';
import { bad, ok, warn, type Check } from '../doctor/check.ts';
import { askDaemon } from '../doctor/daemon-checks.ts';
import { inotifyChecks } from '../doctor/inotify-checks.ts';
import { readInotifyUse } from '../doctor/inotify-use.ts';
import { placeChecks } from '../doctor/place-checks.ts';
import { programChecks } from '../doctor/program-checks.ts';
import { flagSettings, machineOf, readConfigFile } from '../endpoint.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { padRight } from '../text-width.ts';

const PROC = '/proc';

/** `codi doctor` */
export function define(command: Command, context: CliContext): void {
  command
    .addHelpText(
      'after',
      `
Looks at the configuration, the data directory, the sockets, the limits of the system, the
daemon and what it watches, and says what to do. Works with and without a daemon.

Exit codes: 0 nothing is wrong (there may be warnings), 6 something is.

Examples:
  codi doctor
  codi doctor --json | jq -r '.checks[] | select(.state != "ok") | .hint'`,
    )
    .action(() => context.run(command, doctor));
}

async function doctor(invocation: Invocation): Promise<number> {
  const { out, globals } = invocation;
  const checks = await allChecks(invocation);
  if (globals.json) await out.json({ checks });
  else await out.lines(shownChecks(checks, invocation));
  return checks.some(({ state }) => state === 'bad') ? EXIT.degraded : EXIT.done;
}

async function allChecks(invocation: Invocation): Promise<Check[]> {
  const { io } = invocation;
  const config = await configChecks(invocation);
  const program = programChecks(io.nodeVersion);
  // With a configuration that cannot be read nobody knows where the daemon is.
  if (config.some(({ state }) => state === 'bad'))
    return [...config, ...program, ...inotifyChecks(await readInotifyUse(PROC, io.uid), 0)];
  const places = await placeChecks(await invocation.endpoint(), io.uid);
  const { checks, watches } = await askDaemon(invocation);
  const missing = watches.reduce((sum, row) => sum + (row.polled_directories ?? 0), 0);
  const inotify = inotifyChecks(await readInotifyUse(PROC, io.uid), missing);
  return [...config, ...program, ...places, ...inotify, ...checks];
}

async function configChecks({ io, globals }: Invocation): Promise<Check[]> {
  const name = 'config';
  try {
    const file = await readConfigFile(machineOf(io), globals.config);
    const { loadConfig } = await import('../../config/load.ts');
    const result = loadConfig({ file, env: io.env, flags: flagSettings(globals) });
    const hint = 'see `codi config check`';
    const problems = result.ok ? [] : result.errors;
    const checks = [
      ...problems.map((problem) => bad(name, describeProblem(problem), hint)),
      ...result.warnings.map(({ message }) => warn(name, message, hint)),
    ];
    return checks.length > 0 ? checks : [ok(name, file ? `${file.path} is good` : 'no file')];
  } catch (error) {
    if (!isCodiError(error)) throw error;
    return [bad(name, error.message, error.hint)];
  }
}

/** Names first, what is well dimmed, what to do below what is not. */
function shownChecks(checks: readonly Check[], { style, globals }: Invocation): string[] {
  const paint = { ok: style.green, warn: style.yellow, bad: style.red };
  const width = Math.max(...checks.map(({ name }) => safeText(name).length));
  const lines: string[] = [];
  for (const { name, state, detail, hint } of checks) {
    if (globals.quiet && state === 'ok') continue;
    const mark = paint[state](padRight(state, 4));
    lines.push(`${mark}  ${padRight(safeText(name), width)}  ${safeText(detail)}`);
    for (const line of hint?.split('\n') ?? [])
      lines.push(`${' '.repeat(6)}${style.dim(safeText(line))}`);
  }
  return lines;
}
