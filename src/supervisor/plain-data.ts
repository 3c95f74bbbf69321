import { describeError } from './describe-error.ts';

const DEPTH_LIMIT = 8;
const ENTRIES_LIMIT = 100;
const NODES_LIMIT = 5_000;
const CHARS_LIMIT = 1_000;

/** Values that JSON can carry. */
export type Plain =
  null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

/** A bounded copy as plain data: functions, cycles and whatever throws become short texts. Never throws. */
export function toPlain(value: unknown, limits: { depth?: number; nodes?: number } = {}): Plain {
  const budget = { left: limits.nodes ?? NODES_LIMIT };
  return copy(value, limits.depth ?? DEPTH_LIMIT, budget, new Set());
}

/** The shape of a value without anything it says: types and keys only. */
export function shapeOf(value: unknown): Plain {
  const withhold = (inner: Plain): Plain => {
    if (inner === null) return null;
    if (Array.isArray(inner)) return `[${inner.length} items]`;
    if (typeof inner === 'object') {
      return Object.fromEntries(Object.entries(inner).map(([key, held]) => [key, withhold(held)]));
    }
    return `<${typeof inner}>`;
  };
  return withhold(toPlain(value, { depth: 4 }));
}

function copy(value: unknown, depth: number, budget: { left: number }, above: Set<object>): Plain {
  budget.left -= 1;
  if (budget.left < 0) return '…';
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
  if (typeof value === 'string') {
    return value.length <= CHARS_LIMIT ? value : `${value.slice(0, CHARS_LIMIT)}…`;
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return `<${typeof value}>`;
  if (value instanceof Error) return describeError(value);
  if (above.has(value)) return '<cycle>';
  if (depth === 0) return '…';
  try {
    above.add(value);
    return copyObject(value, depth - 1, budget, above);
  } catch {
    return '<unreadable>';
  } finally {
    above.delete(value);
  }
}

function copyObject(
  value: object,
  depth: number,
  budget: { left: number },
  above: Set<object>,
): Plain {
  const inner = (held: unknown) => copy(held, depth, budget, above);
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof Date) return String(value.valueOf());
  if (Array.isArray(value)) return clipped(value.slice(0, ENTRIES_LIMIT).map(inner), value.length);
  if (value instanceof Map) {
    return Object.fromEntries(first(value).map(([key, held]) => [String(key), inner(held)]));
  }
  if (value instanceof Set) return clipped(first(value).map(inner), value.size);
  const keys = Object.keys(value).slice(0, ENTRIES_LIMIT);
  return Object.fromEntries(keys.map((key) => [key, inner((value as never)[key])]));
}

function clipped(items: Plain[], length: number): Plain {
  return length > items.length ? [...items, `… ${length - items.length} more`] : items;
}

function first<T>(items: Iterable<T>): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length >= ENTRIES_LIMIT) break;
    taken.push(item);
  }
  return taken;
}
