// Words of export rows. The position of a word is its number in the ledger: none is moved or given up.

/** What became of a file that was to be captured. */
export const EXPORT_STATES = [
  'captured',
  'duplicate',
  'empty',
  'refused',
  'unreadable',
  'vanished',
] as const;
export type ExportState = (typeof EXPORT_STATES)[number];
