import { CodiError } from '../../protocol/errors.ts';
import { stringifyJson } from '../../protocol/json-text.ts';
import type { JsonValue } from '../../protocol/json-value.ts';
import { LEVELS } from '../../protocol/kinds.ts';
import type { BodyOf } from '../../protocol/messages.ts';
import { Conditions } from './sql-conditions.ts';

export type LogFilter = BodyOf<'QueryLogs'>['filter'];

/** LIKE folds ASCII letters only, stops at NUL and has a limit on its pattern. */
const LIKE_SAFE = /^[\x01-\x7f]{1,1000}$/; // eslint-disable-line no-control-regex

/** The conditions that no index answers. */
export function residualConditions(filter: LogFilter): Conditions {
  const conditions = new Conditions();
  const { level, component, text, metadata } = filter;
  if (level != null) conditions.add('level >= ?', LEVELS.indexOf(level));
  if (component != null) conditions.add('component = ?', component);
  if (text) addText(conditions, text);
  if (metadata != null) addMetadata(conditions, metadata);
  return conditions;
}

function addText(conditions: Conditions, text: string): void {
  if (LIKE_SAFE.test(text)) {
    conditions.add("message LIKE ? ESCAPE '\\'", `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`);
  } else {
    conditions.add('contains_folded(message, ?)', text.toLowerCase());
  }
}

/** Every key must be there with this value. 42 and "42" are the same: a command line cannot say which it means. */
function addMetadata(conditions: Conditions, metadata: JsonValue): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new CodiError('CODI_MESSAGE_INVALID', { reason: 'filter.metadata must be a map' });
  for (const [key, value] of Object.entries(metadata)) {
    const text = typeof value === 'string' ? value : stringifyJson(value);
    conditions.add(
      `EXISTS (SELECT 1 FROM json_each(logs.metadata) WHERE key = ? AND
        CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null'
        ELSE CAST(value AS TEXT) END = ?)`,
      key,
      text,
    );
  }
}
