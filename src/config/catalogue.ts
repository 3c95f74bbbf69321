import type { z } from 'zod';

import { KEY_VARIABLE, NEW_KEY_VARIABLE } from './encryption-key.ts';
import { configSchema, SECTIONS } from './schema.ts';
import { settingMeta } from './setting.ts';
import type { SettingMeta } from './setting.ts';

/** One setting with all that is known about it. */
export interface Setting extends SettingMeta {
  /** Full name in the file: `monitor.settle`. */
  readonly name: string;
  /** TOML section. */
  readonly section: string;
  /** Section and property in the program: `monitor`, `settleMs`. */
  readonly group: keyof typeof SECTIONS;
  readonly property: string;
  /** CODI_<SECTION>_<KEY>. */
  readonly longName: string;
  readonly schema: z.ZodType;
}

/** Every setting, in the order of the file. */
export const SETTINGS: readonly Setting[] = Object.freeze(collect());

/** By full name. */
export const SETTINGS_BY_NAME: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.map((setting) => [setting.name, setting]),
);

/** By environment variable, long and short. */
export const SETTINGS_BY_VARIABLE: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.flatMap((setting) =>
    [...setting.shortNames, setting.longName].map((variable) => [variable, setting] as const),
  ),
);

/** Variables that are ours but no setting: where the file is, and keys, which are shown nowhere. */
export const OTHER_VARIABLES: readonly string[] = ['CODI_CONFIG', KEY_VARIABLE, NEW_KEY_VARIABLE];

function collect(): Setting[] {
  const found: Setting[] = [];
  for (const group of Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]) {
    const section = configSchema.shape[group];
    if (!('shape' in section)) continue;
    const properties: [string, z.ZodType][] = Object.entries(section.shape);
    for (const [property, schema] of properties) {
      const meta = settingMeta.get(schema);
      if (meta === undefined) throw new Error(`The setting ${group}.${property} has no metadata.`);
      const tomlName = SECTIONS[group].tomlName;
      const name = `${tomlName}.${meta.key}`;
      const longName = `CODI_${tomlName}_${meta.key}`.toUpperCase();
      found.push({ ...meta, name, section: tomlName, group, property, longName, schema });
    }
  }
  return found;
}
