import type { EventRow, LogRow } from '../protocol/messages.ts';
import { showByteChange, showBytes } from './amounts.ts';
import { showClock } from './clock-text.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';
import { padLeft, padRight, shortenEnd, shortenMiddle, textWidth } from './text-width.ts';

/** How rows become lines. */
export interface LineLayout {
  style: Style;
  /** Undefined on a pipe: nothing is shortened there. */
  columns: number | undefined;
  nowMs(): number;
  /** What stands before a path: the name of its root when there are several. */
  rootPrefix(root: string): string;
  /** Size before this event, when it is known. */
  sizeBefore(row: EventRow): number | undefined;
  /** Events say their checksums, cut short. */
  showsContent?: boolean;
}

const WORD_WIDTH = 8;
const PATH_WIDTH = 33;
const SIZE_WIDTH = 8;
const CHANGE_WIDTH = 12;
const COMPONENT_WIDTH = 10;
const COMPONENT_MAX_WIDTH = 20;
const SESSION_MAX_WIDTH = 16;
const GAP = '  ';
const SHORT_CHECKSUM = 12;

/** `14:02:11  update  src/index.ts                     3.4 kB  (+212 B)` */
export function eventLine(row: EventRow, layout: LineLayout): string {
  const { style, columns } = layout;
  const clock = showClock(row.time, layout.nowMs());
  const head = `${style.dim(clock)}${GAP}${paintEvent(row.event, style)(padRight(row.event, WORD_WIDTH))}`;
  const headWidth = textWidth(clock) + GAP.length + WORD_WIDTH;
  const prefix = layout.rootPrefix(row.root);
  const path = prefix + safeText(row.path);
  const text =
    typeof row.from === 'string' && row.event === 'move'
      ? `${prefix}${safeText(row.from)} → ${path}`
      : path + (row.kind === 'dir' ? '/' : '');
  const content = layout.showsContent ? contentOf(row) : '';
  const amount = amountOf(row, layout);
  const fullWidth = columns && Math.max(8, columns - headWidth - textWidth(content));
  if (amount === '') return head + fit(text, fullWidth) + style.dim(content);
  const pathWidth = fullWidth && Math.max(8, fullWidth - SIZE_WIDTH - CHANGE_WIDTH - GAP.length);
  const column = padRight(fit(text, pathWidth), Math.min(PATH_WIDTH, pathWidth ?? PATH_WIDTH));
  return `${head}${column}${GAP}${style.dim(amount + content)}`;
}

/** `14:02:19  warn    release   deploy done  user=42                        alice` */
export function logLine(row: LogRow, layout: LineLayout): string {
  const { style, columns } = layout;
  const clock = showClock(row.timestamp, layout.nowMs());
  const level = row.level.toLowerCase();
  const head = `${style.dim(clock)}${GAP}${paintLevel(level, style)(padRight(level, WORD_WIDTH))}`;
  const maxWidth = columns === undefined ? undefined : COMPONENT_MAX_WIDTH;
  const component = padRight(fit(safeText(row.component), maxWidth) + GAP, COMPONENT_WIDTH);
  const session = shortenEnd(safeText(row.session_id ?? ''), SESSION_MAX_WIDTH);
  const metadata = metadataText(row.metadata);
  const text = safeText(row.message) + (metadata === '' ? '' : GAP + metadata);
  if (columns === undefined) {
    return [`${head}${component}${text}`, session].filter((part) => part !== '').join(GAP);
  }
  const used = textWidth(clock) + GAP.length + WORD_WIDTH + textWidth(component);
  const sessionWidth = session === '' ? 0 : textWidth(session) + GAP.length;
  const textColumn = Math.max(8, columns - used - sessionWidth);
  const shown = shortenEnd(text, textColumn);
  if (session === '') return head + component + shown;
  return head + component + padRight(shown, textColumn) + style.dim(padLeft(session, sessionWidth));
}

/** A line of our own among the rows: `14:02:31  restart core/storage/… crashed, back in 84 ms`. */
export function noticeLine(word: string, text: string, layout: LineLayout): string {
  const clock = showClock(new Date(layout.nowMs()).toISOString(), layout.nowMs());
  const width =
    layout.columns === undefined ? undefined : layout.columns - clock.length - 2 - WORD_WIDTH;
  const shown = width === undefined ? safeText(text) : shortenEnd(safeText(text), width);
  const { dim, magenta } = layout.style;
  return `${dim(clock)}${GAP}${magenta(padRight(word, WORD_WIDTH))}${shown}`;
}

/** `user=42 tags=["a"]`: values as JSON, plain words without quotes. */
export function metadataText(metadata: unknown): string {
  if (metadata === null || metadata === undefined) return '';
  if (typeof metadata !== 'object' || Array.isArray(metadata)) return showValue(metadata);
  return Object.entries(metadata)
    .map(([key, value]) => `${safeText(key)}=${showValue(value)}`)
    .join(' ');
}

function showValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"'=]+$/.test(value)) return safeText(value);
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? inner.toString() : inner,
  );
  return safeText(text ?? '');
}

function amountOf(row: EventRow, layout: LineLayout): string {
  if (row.kind !== 'file' || typeof row.size !== 'number') return '';
  if (row.event === 'delete' || row.event === 'move') return '';
  const size = showBytes(row.size);
  const before = row.event === 'update' ? layout.sizeBefore(row) : undefined;
  if (before === undefined || before === row.size) return size;
  return `${padRight(size, SIZE_WIDTH - GAP.length)}${GAP}(${showByteChange(row.size - before)})`;
}

/** `  1a2b3c4d5e6f → 77aa01dd9e0f`: what the path held before, and what it holds now. */
function contentOf({ checksum, old_checksum: old }: EventRow): string {
  const now = checksum == null ? undefined : shortChecksum(checksum);
  if (old == null) return now === undefined ? '' : GAP + now;
  return `${GAP}${shortChecksum(old)} → ${now ?? '-'}`;
}

/** Enough of a checksum to tell contents apart. */
export function shortChecksum(checksum: string): string {
  return safeText(checksum.slice(0, SHORT_CHECKSUM));
}

function fit(text: string, width: number | undefined): string {
  return width === undefined ? text : shortenMiddle(text, width);
}

function paintEvent(event: string, style: Style): (text: string) => string {
  if (event === 'create') return style.green;
  if (event === 'delete') return style.red;
  if (event === 'move') return style.cyan;
  return event === 'update' ? style.blue : style.dim;
}

function paintLevel(level: string, style: Style): (text: string) => string {
  if (level === 'error') return style.red;
  if (level === 'warn') return style.yellow;
  return level === 'info' ? style.bold : style.dim;
}
