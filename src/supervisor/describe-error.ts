const LIMIT_CHARS = 2_000;

/** One line for people from any thrown value. Never throws, whatever getters or proxies it holds. */
export function describeError(error: unknown): string {
  try {
    return clip(describe(error));
  } catch {
    return 'an error that cannot be described';
  }
}

function describe(error: unknown): string {
  if (error instanceof Error) {
    const { name, message } = error;
    const code: unknown = (error as { code?: unknown }).code;
    const text = `${name}${message === '' ? '' : `: ${message}`}`;
    return typeof code === 'string' && !text.includes(code) ? `${text} (${code})` : text;
  }
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null) return JSON.stringify(error) ?? 'an object';
  return String(error);
}

function clip(text: string): string {
  return text.length <= LIMIT_CHARS ? text : `${text.slice(0, LIMIT_CHARS)}…`;
}
