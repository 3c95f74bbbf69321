// Everything the daemon says about itself, declared once. `emit` writes the line and moves the
// metrics; docs/metrics.md is generated from here. Metric names end in their unit; seconds and bytes.
import { ACTOR_EVENTS } from './events/actor-events.ts';
import { AUDIT_EVENTS } from './events/audit-events.ts';
import { DAEMON_EVENTS } from './events/daemon-events.ts';
import { DISK_EVENTS } from './events/disk-events.ts';
import { EXPORT_EVENTS } from './events/export-events.ts';
import { HTTP_EVENTS } from './events/http-events.ts';
import { RUNTIME_EVENTS } from './events/runtime-events.ts';
import { SERVING_EVENTS } from './events/serving-events.ts';
import { SESSION_EVENTS } from './events/session-events.ts';
import { SPOOL_EVENTS } from './events/spool-events.ts';
import { STORAGE_EVENTS } from './events/storage-events.ts';
import { SUPERVISION_EVENTS } from './events/supervision-events.ts';
import { CONTENT_EVENTS } from './events/content-events.ts';
import { HINT_EVENTS } from './events/hint-events.ts';
import { WATCHING_EVENTS } from './events/watching-events.ts';
import type { FieldsOf } from './event-definition.ts';

export const EVENTS = {
  ...DAEMON_EVENTS,
  ...ACTOR_EVENTS,
  ...SERVING_EVENTS,
  ...SESSION_EVENTS,
  ...SPOOL_EVENTS,
  ...STORAGE_EVENTS,
  ...DISK_EVENTS,
  ...AUDIT_EVENTS,
  ...WATCHING_EVENTS,
  ...HINT_EVENTS,
  ...CONTENT_EVENTS,
  ...EXPORT_EVENTS,
  ...HTTP_EVENTS,
  ...RUNTIME_EVENTS,
  ...SUPERVISION_EVENTS,
} as const;

export type EventName = keyof typeof EVENTS;

/** The fields of an event of this name. */
export type EventFields<Name extends EventName> = FieldsOf<(typeof EVENTS)[Name]['fields']>;
