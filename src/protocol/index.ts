export { encodeAcknowledgment, acknowledgmentTemplate } from './acknowledgment.ts';
export type { Acknowledgment } from './acknowledgment.ts';
export {
  bytePathFromBuffer,
  bytePathFromUtf8,
  bytePathToBuffer,
  fsPath,
  joinBytePath,
  showBytePath,
} from './byte-path.ts';
export type { BytePath } from './byte-path.ts';
export { decodeMessage, encodeMessage, JSON_ANSWER_LIMIT_BYTES } from './codec.ts';
export type { DecodeResult } from './codec.ts';
export { decodeEntries } from './entry.ts';
export type { EntriesResult, EntryRecord, LogEntryRecord, RejectedEntry } from './entry.ts';
export {
  closesConnection,
  CodiError,
  ERRORS,
  EXIT,
  exitCodeOf,
  fromWire,
  isCodiError,
  TOMBSTONES,
} from './errors.ts';
export type { ErrorCode, ErrorDetails, ErrorRow, ExitCode, WireError } from './errors.ts';
export { encodeFrame, FRAME_LIMIT_BYTES, FrameScanner } from './frame.ts';
export type { FrameScan, WireFormat } from './frame.ts';
export { parseJsonText, stringifyJson } from './json-text.ts';
export type { JsonValue } from './json-value.ts';
export { ANSWER_KINDS, isMessageKind, isRequestKind, LEVELS, REQUEST_KINDS } from './kinds.ts';
export type { AnswerKind, Level, MessageKind, RequestKind } from './kinds.ts';
export { MESSAGES } from './messages.ts';
export type {
  BodyOf,
  ActRow,
  DuplicateRow,
  GapRow,
  EventRow,
  FileRow,
  LogRow,
  Message,
  MessagePorts,
  Payload,
  SessionRow,
  WatchRow,
} from './messages.ts';
export { peekKind } from './peek.ts';
export { formatRfc3339, parseRfc3339, timestampFromMs } from './timestamp.ts';
export type { Timestamp } from './timestamp.ts';
export { isUuid, uuidFromBytes, uuidToBytes } from './uuid.ts';
