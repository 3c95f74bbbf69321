/** What a field can hold; nothing is an empty field. */
export type CsvValue = string | number | bigint | boolean | undefined;

/** One record of RFC 4180, without its line end: a field is quoted where it must be. */
export function csvRecord(values: readonly CsvValue[]): string {
  return values.map(csvField).join(',');
}

function csvField(value: CsvValue): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
