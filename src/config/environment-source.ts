import { OTHER_VARIABLES, SETTINGS, SETTINGS_BY_VARIABLE } from './catalogue.ts';
import type { Setting } from './catalogue.ts';
import { nearestName } from './nearest-name.ts';
import type { ConfigWarning } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentValues {
  /** By full name of the setting. */
  readonly values: ReadonlyMap<string, { readonly text: string; readonly variable: string }>;
  readonly warnings: readonly ConfigWarning[];
}

/** Finds our variables. An empty variable counts as not set, as container files write it. */
export function readEnvironment(environment: Environment): EnvironmentValues {
  const values = new Map<string, { text: string; variable: string }>();
  const warnings: ConfigWarning[] = [];
  for (const setting of SETTINGS) readSetting(setting, environment, values, warnings);
  for (const variable of Object.keys(environment).toSorted()) {
    if (!variable.startsWith('CODI_') || SETTINGS_BY_VARIABLE.has(variable)) continue;
    if (OTHER_VARIABLES.includes(variable)) continue;
    const meant = nearestName(variable, [...SETTINGS_BY_VARIABLE.keys(), ...OTHER_VARIABLES]);
    warnings.push({
      kind: 'unknownVariable',
      key: variable,
      message:
        meant === undefined
          ? `${variable} is not a variable codi knows`
          : `${variable} is not a variable codi knows; did you mean ${meant}?`,
    });
  }
  return { values, warnings };
}

function readSetting(
  setting: Setting,
  environment: Environment,
  values: Map<string, { text: string; variable: string }>,
  warnings: ConfigWarning[],
): void {
  for (const variable of new Set([setting.longName, ...setting.shortNames])) {
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const earlier = values.get(setting.name);
    if (earlier === undefined) {
      values.set(setting.name, { text, variable });
    } else if (earlier.text !== text) {
      warnings.push({
        kind: 'shadowed',
        key: variable,
        message: `${variable} is ignored because ${earlier.variable} is set too`,
      });
    }
  }
}
