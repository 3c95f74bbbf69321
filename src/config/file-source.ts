import { parse, TomlError } from 'smol-toml';

import { SETTINGS, SETTINGS_BY_NAME } from './catalogue.ts';
import { nearestName } from './nearest-name.ts';
import type { ConfigProblem } from './problem.ts';
import { FREE_SECTION, SECTIONS } from './schema.ts';
import { findTomlLine } from './toml-lines.ts';

export interface ConfigFile {
  /** For messages, and the folder that relative paths in the file are relative to. */
  readonly path: string;
  readonly text: string;
}

export interface FileValues {
  /** By full name of the setting, unchecked. */
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly line?: number }>;
  readonly freeSection: Readonly<Record<string, unknown>>;
  readonly problems: readonly ConfigProblem[];
}

const SECTION_NAMES = Object.values(SECTIONS).map((section) => section.tomlName as string);

/** Splits a TOML file into settings; everything that is not a setting is a problem. */
export function readFileValues(file: ConfigFile): FileValues {
  const values = new Map<string, { value: unknown; line?: number }>();
  const problems: ConfigProblem[] = [];
  let freeSection: Readonly<Record<string, unknown>> = {};

  for (const [section, content] of Object.entries(parseToml(file, problems))) {
    const place = placeIn(file, section);
    if (!SECTION_NAMES.includes(section)) {
      problems.push(unknownSection(section, place));
    } else if (!isTable(content)) {
      problems.push({
        key: section,
        place,
        message: `${section} is a section, not a value`,
        example: `[${section}]`,
      });
    } else if (section === FREE_SECTION) {
      freeSection = content;
    } else {
      for (const [key, value] of Object.entries(content)) {
        const name = `${section}.${key}`;
        const line = findTomlLine(file.text, section, key);
        if (SETTINGS_BY_NAME.has(name)) {
          values.set(name, line === undefined ? { value } : { value, line });
        } else {
          problems.push(unknownKey(section, key, placeIn(file, section, key)));
        }
      }
    }
  }
  return { values, freeSection, problems };
}

/** `config.toml line 12`, or the path alone when the line cannot be told. */
export function placeIn(file: ConfigFile, section: string, key?: string): string {
  const line = findTomlLine(file.text, section, key);
  return line === undefined ? file.path : `${file.path} line ${line}`;
}

function parseToml(file: ConfigFile, problems: ConfigProblem[]): Record<string, unknown> {
  try {
    return parse(file.text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = 'not TOML'] = error.message
      .replace(/^Invalid TOML document: /, '')
      .split('\n', 1);
    problems.push({
      key: file.path,
      place: `${file.path} line ${error.line} column ${error.column}`,
      message: `this is not TOML (${reason})`,
      example: 'log_level = "info"',
    });
    return {};
  }
}

function unknownSection(section: string, place: string): ConfigProblem {
  const base = { key: section, place };
  const owners = SETTINGS.filter((setting) => setting.key === section);
  const [owner] = owners;
  if (owner !== undefined) {
    return {
      ...base,
      message: `${section} stands outside of its section`,
      suggestion: owner.name,
      example: `[${owner.section}] ${owner.key} = ${owner.example}`,
    };
  }
  const suggestion = nearestName(section, SECTION_NAMES);
  return {
    ...base,
    message: `there is no section ${section}`,
    ...(suggestion === undefined
      ? { expected: `one of ${SECTION_NAMES.join(', ')}` }
      : { suggestion: `[${suggestion}]` }),
  };
}

function unknownKey(section: string, key: string, place: string): ConfigProblem {
  const name = `${section}.${key}`;
  const siblings = SETTINGS.filter((setting) => setting.section === section);
  const sibling = nearestName(
    key,
    siblings.map((setting) => setting.key),
  );
  const elsewhere = SETTINGS.find((setting) => setting.key === key)?.name;
  const suggestion =
    sibling === undefined
      ? (elsewhere ?? nearestName(name, SETTINGS_BY_NAME.keys()))
      : `${section}.${sibling}`;
  return {
    key: name,
    place,
    message: `there is no setting ${name}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}
