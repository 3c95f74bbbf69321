import type { z } from 'zod';
import { ANSWERS } from './answers.ts';
import type { MessageKind } from './kinds.ts';
import { REQUESTS } from './requests.ts';
import type { Timestamp } from './timestamp.ts';

export type {
  ActRow,
  DuplicateRow,
  EventRow,
  ExportRow,
  FileRow,
  GapRow,
  LogRow,
  SessionRow,
  WatchRow,
} from './answer-rows.ts';

/** The one table of message kinds: what each carries, in the order of the compact form. */
export const MESSAGES = { ...REQUESTS, ...ANSWERS } as const satisfies Record<
  MessageKind,
  z.ZodObject
>;

export type BodyOf<Kind extends MessageKind> = z.output<(typeof MESSAGES)[Kind]>;

/** On the wire externally tagged: `{"LogEntry": {…}}`. */
export type Payload = { [Kind in MessageKind]: { kind: Kind; body: BodyOf<Kind> } }[MessageKind];

export interface Message {
  /** UUID, lower case with hyphens. */
  readonly id: string;
  readonly timestamp: Timestamp;
  readonly payload: Payload;
}

/** Where id and time of a message come from when its sender left them out. */
export interface MessagePorts {
  newId(): string;
  now(): Timestamp;
}
