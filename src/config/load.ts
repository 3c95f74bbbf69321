import { SETTINGS, SETTINGS_BY_NAME } from './catalogue.ts';
import type { Setting } from './catalogue.ts';
import { readEnvironment } from './environment-source.ts';
import type { Environment, EnvironmentValues } from './environment-source.ts';
import { readFileValues } from './file-source.ts';
import type { ConfigFile, FileValues } from './file-source.ts';
import { nearestName } from './nearest-name.ts';
import type { Origin, Origins } from './origin.ts';
import type { ConfigProblem, ConfigWarning } from './problem.ts';
import { readFromFile, readText, readTyped } from './read-value.ts';
import type { ReadResult } from './read-value.ts';
import type { Config } from './schema.ts';
import { isLoopback, tcpPlan } from './tcp-plan.ts';

export interface ConfigSources {
  readonly file?: ConfigFile | undefined;
  readonly env: Environment;
  /** By full name of the setting; texts are read as in the environment. */
  readonly flags?: Readonly<Record<string, unknown>> | undefined;
}

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly origins: Origins;
      readonly warnings: readonly ConfigWarning[];
    }
  | {
      readonly ok: false;
      readonly errors: readonly ConfigProblem[];
      readonly warnings: readonly ConfigWarning[];
    };

/**
 * Defaults < file < environment < flags. Pure: the caller reads the file.
 * Every source is checked in full, so a mistake in the file is told even while a flag hides it.
 */
export function loadConfig(sources: ConfigSources): ConfigResult {
  const file: FileValues =
    sources.file === undefined
      ? { values: new Map(), freeSection: {}, problems: [] }
      : readFileValues(sources.file);
  const environment = readEnvironment(sources.env);
  const problems: ConfigProblem[] = [...file.problems, ...unknownFlags(sources.flags ?? {})];
  const warnings: ConfigWarning[] = [...environment.warnings];

  const groups: Record<string, Record<string, unknown>> = { serverHub: { ...file.freeSection } };
  const origins: Record<string, Origin> = {};
  for (const setting of SETTINGS) {
    const { value, origin } = settle(setting, { sources, file, environment }, problems);
    (groups[setting.group] ??= {})[setting.property] = value;
    origins[setting.name] = origin;
    warnAboutEffect(setting, origin, warnings);
  }
  if (problems.length > 0) return { ok: false, errors: problems, warnings };

  const config = groups as unknown as Config;
  const contradictions = crossCheck(config, origins);
  if (contradictions.length > 0) return { ok: false, errors: contradictions, warnings };
  return { ok: true, config: deepFreeze(config), origins: deepFreeze(origins), warnings };
}

interface Gathered {
  readonly sources: ConfigSources;
  readonly file: FileValues;
  readonly environment: EnvironmentValues;
}

/** Reads a setting from every source, weakest first; the last one that has it wins. */
function settle(
  setting: Setting,
  from: Gathered,
  problems: ConfigProblem[],
): { value: unknown; origin: Origin } {
  let value: unknown = setting.schema.parse(undefined);
  let origin: Origin = { source: 'default', written: setting.defaultValue };
  const take = (result: ReadResult, place: string, from: OriginMaker): void => {
    if (result.ok) {
      value = result.value;
      origin = from(result.written);
    } else {
      problems.push({
        key: setting.name,
        place,
        message: result.message,
        expected: setting.expected,
        example: `${setting.key} = ${setting.example}`,
      });
    }
  };

  const inFile = from.file.values.get(setting.name);
  const path = from.sources.file?.path;
  if (inFile !== undefined && path !== undefined) {
    const line = inFile.line === undefined ? {} : { line: inFile.line };
    const place = inFile.line === undefined ? path : `${path} line ${inFile.line}`;
    take(readFromFile(setting, inFile.value, path), place, (written) => {
      return { source: 'file', written, path, ...line };
    });
  }
  const inEnvironment = from.environment.values.get(setting.name);
  if (inEnvironment !== undefined) {
    const { text, variable } = inEnvironment;
    take(readText(setting, text), variable, (written) => {
      return { source: 'environment', written, variable };
    });
  }
  const flag = from.sources.flags?.[setting.name];
  if (flag !== undefined) {
    const result = typeof flag === 'string' ? readText(setting, flag) : readTyped(setting, flag);
    take(result, 'command line', (written) => ({ source: 'flag', written }));
  }
  return { value, origin };
}

type OriginMaker = (written: Exclude<Origin['written'], undefined>) => Origin;

function unknownFlags(flags: Readonly<Record<string, unknown>>): ConfigProblem[] {
  return Object.keys(flags)
    .filter((name) => !SETTINGS_BY_NAME.has(name))
    .map((name) => {
      const suggestion = nearestName(name, SETTINGS_BY_NAME.keys());
      return {
        key: name,
        place: 'command line',
        message: `there is no setting ${name}`,
        ...(suggestion === undefined ? {} : { suggestion }),
      };
    });
}

function warnAboutEffect(setting: Setting, origin: Origin, warnings: ConfigWarning[]): void {
  if (origin.source === 'default') return;
  const isIdle = setting.isPending || (setting.isFixed && origin.written !== setting.defaultValue);
  if (!isIdle) return;
  const message = `${setting.name} is accepted but has no effect in this version`;
  warnings.push({ kind: 'noEffect', key: setting.name, message });
}

/** Rules between settings. */
function crossCheck(config: Config, origins: Origins): ConfigProblem[] {
  return [...settleProblems(config, origins), ...tcpProblems(config), ...moveProblems(config)];
}

function settleProblems({ monitor }: Config, origins: Origins): ConfigProblem[] {
  if (monitor.settleMs <= monitor.settleMaxMs) return [];
  const shown = String(origins['monitor.settle']?.written);
  return [
    {
      key: 'monitor.settle',
      place: 'configuration',
      message: `monitor.settle (${shown}) is longer than monitor.settle_max`,
      expected: 'a settle time of at most settle_max',
      example: 'settle = "150ms"',
    },
  ];
}

function tcpProblems({ monitor }: Config): ConfigProblem[] {
  const plan = tcpPlan(monitor);
  if (!plan || plan.needsToken || isLoopback(plan.host)) return [];
  return [
    {
      key: 'monitor.tcp_token',
      place: 'configuration',
      message: `monitor.tcp_token = false would let everybody in who reaches ${plan.host}`,
      expected: 'a token beyond loopback',
      example: 'tcp_token = true',
    },
  ];
}

function moveProblems({ exports: { afterCapture, moveTo } }: Config): ConfigProblem[] {
  if (afterCapture !== 'move' || moveTo !== undefined) return [];
  return [
    {
      key: 'exports.move_to',
      place: 'configuration',
      message: 'exports.after_capture = "move" does not say where to',
      expected: 'a folder',
      example: 'move_to = "~/exports/captured"',
    },
  ];
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
