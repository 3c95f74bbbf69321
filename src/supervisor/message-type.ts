const LIMIT_CHARS = 64;

/** What a message is called in records: its `type`, or the kind of value it is. Never throws. */
export function messageType(message: unknown): string {
  if (typeof message !== 'object' || message === null) return typeof message;
  try {
    const { type } = message as { type?: unknown };
    if (typeof type !== 'string') return 'object';
    return type.length <= LIMIT_CHARS ? type : type.slice(0, LIMIT_CHARS);
  } catch {
    return 'object';
  }
}
