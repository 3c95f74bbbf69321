/** How long a field may be, in bytes of UTF-8. */
export const FIELD_LIMITS = {
  component: 256,
  sessionId: 256,
  message: 256 * 1024,
  /** Of its JSON text. */
  metadata: 256 * 1024,
  identity: 256,
  /** Name of a signal. */
  signal: 32,
  path: 4096,
  pattern: 1024,
  token: 4096,
  /** One that holds two of the longest paths. */
  cursor: 16 * 1024,
  /** What a filter searches messages for. */
  searchText: 64 * 1024,
  fullText: 1024,
  /** A key of a metadata filter, which may be a path of keys. */
  metadataKey: 1024,
} as const;

/** How many things a message may name. */
export const COUNT_LIMITS = {
  page: 10_000,
  patterns: 256,
  paths: 1024,
  metadataConditions: 32,
  marks: 64,
} as const;

/** What may be in one message before it is decoded at all. */
export interface ScanLimits {
  /** Arrays and maps around a value. */
  readonly depth: number;
  /** Values of every kind, keys among them. */
  readonly nodes: number;
}

export const SCAN_LIMITS: ScanLimits = { depth: 32, nodes: 10_000 };

/** For messages that carry rows or entries: the frame limit bounds them, this bounds their cost. */
export const LIST_SCAN_LIMITS: ScanLimits = { depth: 32, nodes: 250_000 };
