import type { Command } from 'commander';
import { SETTINGS } from '../../config/catalogue.ts';
import type { Setting } from '../../config/catalogue.ts';
import { loadConfig } from '../../config/load.ts';
import type { ConfigResult } from '../../config/load.ts';
import { describeOrigin } from '../../config/origin.ts';
import { resolveConfigPath } from '../../config/paths.ts';
import { describeProblem } from '../../config/problem.ts';
import { CodiError, EXIT } from '../../protocol/errors.ts';
import type { CliContext } from '../context.ts';
import { flagSettings, machineOf, readConfigFile } from '../endpoint.ts';
import type { Invocation } from '../invocation.ts';
import { padRight } from '../text-width.ts';
import { safeText } from '../safe-text.ts';

/** `codi config check|show` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  codi config check
  codi config show
  codi config show monitor.settle --json`,
  );
  const check = command.command('check').description('say what is wrong with the configuration');
  check.action(() => context.run(check, checkConfig));
  const show = command.command('show').description('show every setting and where it comes from');
  show
    .argument('[name]', 'a setting or a section, such as monitor or monitor.settle')
    .action((name: string | undefined) =>
      context.run(show, (invocation) => showConfig(name, invocation)),
    );
}

async function load(invocation: Invocation): Promise<ConfigResult> {
  const { io, globals } = invocation;
  const file = await readConfigFile(machineOf(io), globals.config);
  return loadConfig({ file, env: io.env, flags: flagSettings(globals) });
}

async function checkConfig(invocation: Invocation): Promise<number> {
  const { io, globals, out, style } = invocation;
  const result = await load(invocation);
  const problems = result.ok ? [] : result.errors;
  const { path } = resolveConfigPath(machineOf(io), globals.config);
  if (globals.json) {
    await out.json({ ok: result.ok, path, errors: problems, warnings: result.warnings });
  } else {
    for (const problem of problems) {
      await out.line(`${style.red('error:')} ${safeText(describeProblem(problem))}`);
    }
    for (const { message } of result.warnings) {
      await out.line(`${style.yellow('warning:')} ${safeText(message)}`);
    }
    if (result.ok && !globals.quiet) await out.line('the configuration is good');
  }
  return result.ok ? EXIT.done : EXIT.config;
}

async function showConfig(name: string | undefined, invocation: Invocation): Promise<void> {
  const result = await load(invocation);
  if (!result.ok) {
    const [first] = result.errors;
    throw new CodiError('CODI_CONFIG', { reason: first ? describeProblem(first) : 'unknown' });
  }
  const chosen = SETTINGS.filter(
    (setting) => name === undefined || setting.name === name || setting.section === name,
  );
  if (chosen.length === 0) throw new CodiError('CODI_NOT_FOUND', { what: `setting ${name}` });
  const { out, globals, style } = invocation;
  const rows = chosen.map((setting) => rowOf(setting, result));
  if (globals.json) {
    for (const row of rows) await out.json(row);
    return;
  }
  const width = Math.max(...rows.map((row) => row.name.length));
  const values = rows.map((row) => shown(row.written));
  const valueWidth = Math.min(32, Math.max(...values.map((value) => value.length)));
  for (const [index, row] of rows.entries()) {
    const value = padRight(safeText(values[index] ?? ''), valueWidth);
    await out.line(`${padRight(row.name, width)}  ${value}  ${style.dim(safeText(row.origin))}`);
  }
}

function rowOf(setting: Setting, { config, origins }: Extract<ConfigResult, { ok: true }>) {
  const origin = origins[setting.name] ?? { source: 'default' as const, written: undefined };
  const group = config[setting.group] as Readonly<Record<string, unknown>>;
  return {
    name: setting.name,
    value: group[setting.property] ?? null,
    written: origin.written ?? setting.derived ?? null,
    origin: describeOrigin(origin, setting.name),
  };
}

function shown(written: unknown): string {
  return typeof written === 'string' ? written : JSON.stringify(written);
}
