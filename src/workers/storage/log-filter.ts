import { LEVELS } from '../../protocol/kinds.ts';
import type { BodyOf } from '../../protocol/messages.ts';
import { addMetadata } from './metadata-filter.ts';
import { Conditions } from './sql-conditions.ts';

export type LogFilter = BodyOf<'QueryLogs'>['filter'];

/**
 * LIKE folds ASCII letters only and stops at NUL. It compares at every place of the message anew, so that a long
 * pattern could take a tenth of a second for one message.
 */
const LIKE_SAFE = /^[\x01-\x7f]{1,16}$/; // eslint-disable-line no-control-regex

/** From this severity on entries have an index of their own. */
const SEVERE = LEVELS.indexOf('Warn');

/** Where a query reads, in order of time: an index, and the condition that belongs to it. */
export function logSource(filter: LogFilter): { sql: string; values: unknown[] } {
  const { session_id: sessionId } = filter;
  if (sessionId != null) {
    return { sql: 'logs INDEXED BY logs_session WHERE session_id = ? AND', values: [sessionId] };
  }
  const least = levelCodes(filter)[0];
  const isSevere = least !== undefined && least >= SEVERE;
  return isSevere
    ? { sql: `logs INDEXED BY logs_severe WHERE level >= ${SEVERE} AND`, values: [] }
    : { sql: 'logs INDEXED BY logs_time WHERE', values: [] };
}

/** The conditions that no index answers. */
export function residualConditions(filter: LogFilter): Conditions {
  const conditions = new Conditions();
  const { component, component_prefix: prefix, text } = filter;
  const levels = levelCodes(filter);
  if (levels.length < LEVELS.length) addLevels(conditions, levels);
  if (component != null) conditions.add('component = ?', component);
  if (prefix) conditions.add('substr(component, 1, length(?)) = ?', prefix, prefix);
  if (filter.through_id != null) conditions.add('+id <= ?', filter.through_id);
  if (text) addText(conditions, text);
  if (filter.metadata != null) addMetadata(conditions, filter.metadata, false);
  if (filter.typed_metadata != null) addMetadata(conditions, filter.typed_metadata, true);
  return conditions;
}

/** `level` is the least severe one, `levels` are the ones themselves. */
function levelCodes({ level, levels }: LogFilter): number[] {
  const least = level == null ? 0 : LEVELS.indexOf(level);
  return LEVELS.flatMap((name, code) =>
    code >= least && (levels == null || levels.includes(name)) ? [code] : [],
  );
}

function addLevels(conditions: Conditions, codes: readonly number[]): void {
  const [least] = codes;
  if (least === undefined) conditions.add('level < 0');
  // All from one level on is the usual question.
  else if (codes.length === LEVELS.length - least) conditions.add('level >= ?', least);
  else conditions.add(`level IN (${codes.map(() => '?').join(', ')})`, ...codes);
}

function addText(conditions: Conditions, text: string): void {
  if (LIKE_SAFE.test(text)) {
    conditions.add("message LIKE ? ESCAPE '\\'", `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`);
  } else {
    conditions.add('contains_folded(message, ?)', text.toLowerCase());
  }
}
