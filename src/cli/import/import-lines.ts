import { plural, showBytes, showCount, showDuration } from '../amounts.ts';
import { safeText } from '../safe-text.ts';
import type { RecordKind } from './classify.ts';
import { recordsIn } from './import-tally.ts';
import type { ImportTally } from './import-tally.ts';
import type { Unreadable, UnreadableReason } from './read-event.ts';

const KIND_NAMES: readonly [RecordKind, string, string][] = [
  ['log', 'log entry', 'log entries'],
  ['message', 'message', 'messages'],
  ['state', 'state change', 'state changes'],
  ['file_event', 'file event', 'file events'],
  ['other', 'other object', 'other objects'],
];

const REASONS: Readonly<Record<UnreadableReason, string>> = {
  'not-json': 'not JSON',
  torn: 'torn, and its rest never came',
  ambiguous: 'torn, and more than one rest would fit',
  'too-long': 'a line over the limit',
  fragment: 'a piece of a record',
  'too-large': 'too large for the ledger',
};

const SHOWN_CHARACTERS = 60;

/** What became of one log, for people. */
export function tallyLines(tally: ImportTally, { isDryRun }: { isDryRun: boolean }): string[] {
  const kinds = KIND_NAMES.filter(([kind]) => tally.kinds[kind] > 0).map(([kind, one, many]) =>
    plural(tally.kinds[kind], one, many),
  );
  const head = `${safeText(tally.file)}: ${plural(recordsIn(tally), 'record')}`;
  const listed = kinds.length > 0 ? `: ${kinds.join(', ')}` : '';
  const facts = [
    isDryRun ? 'nothing written' : `${showCount(tally.imported)} imported`,
    ...some(tally.known, 'in the ledger already'),
    ...(tally.duplicates === 0 ? [] : [`${plural(tally.duplicates, 'duplicate')} left out`]),
    ...some(tally.mended, 'put together from torn lines'),
    ...some(tally.without_time, 'without a time'),
    ...some(tally.refused, 'refused by the daemon'),
  ];
  const shorter = '  the log is shorter than what was imported of it before';
  return [
    `${head} in ${showBytes(tally.bytes)}, ${showDuration(tally.duration_ms)}${listed}`,
    `  ${facts.join(', ')}`,
    ...(tally.is_shorter ? [shorter] : []),
    ...unreadableLines(tally),
  ];
}

/** One place that could not be read. */
export function unreadableLine(file: string, event: Unreadable): string {
  const { reason, line, lastLine, size, text } = event;
  const lines = lastLine === line ? `${line}` : `${line}-${lastLine}`;
  const shown = safeText(text.slice(0, SHOWN_CHARACTERS));
  const more = text.length > SHOWN_CHARACTERS ? '…' : '';
  return `${safeText(file)}:${lines}: ${REASONS[reason]}, ${showBytes(size)}: ${shown}${more}`;
}

function unreadableLines({ unreadable, unreadable_by_reason: reasons }: ImportTally): string[] {
  if (unreadable === 0) return [];
  const parts = Object.entries(reasons).map(
    ([reason, count]) => `${showCount(count)} ${REASONS[reason as UnreadableReason]}`,
  );
  return [`  ${plural(unreadable, 'place')} could not be read: ${parts.join('; ')}`];
}

function some(count: number, what: string): string[] {
  return count === 0 ? [] : [`${showCount(count)} ${what}`];
}
