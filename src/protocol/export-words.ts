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

/** What became of an original whose content is kept, and the act that says so; its subject is `export:<id>`. */
export const EXPORT_ORIGINAL_ACTS = {
  moved: 'export.original.moved',
  deleted: 'export.original.deleted',
  gone: 'export.original.gone',
  kept: 'export.original.kept',
} as const;
export type OriginalOutcome = keyof typeof EXPORT_ORIGINAL_ACTS;
export const ORIGINAL_OUTCOMES = ['moved', 'deleted', 'gone', 'kept'] as const;
