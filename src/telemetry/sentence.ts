/** Fills `{field}` in a declared sentence. A sentence that ends in a filled text keeps one period. */
export function fillSentence(sentence: string, fields: Readonly<Record<string, unknown>>): string {
  return sentence
    .replace(/\{(\w+)\}/g, (_, field: string) => show(fields[field]))
    .replace(/\.\.$/, '.');
}

function show(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? String(value) : value.toFixed(2);
    case 'string':
      return value;
    case 'undefined':
      return 'unknown';
    default:
      return JSON.stringify(value) ?? 'unknown';
  }
}
