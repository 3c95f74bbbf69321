import { joinBytePath, type BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord, RecordSession } from '../../protocol/file-event.ts';
import { packEvents, unpackEvents, type FileEvents } from '../../protocol/packed-events.ts';

/** Which session worked where, and when. */
export interface WorkingSessions {
  /** Nobody works anywhere: then there is nothing to ask. */
  readonly isEmpty: boolean;
  sessionOf(moment: { path: BytePath; timeMs: number }): RecordSession | undefined;
}

/** The events of a root, each with the session at work at its path when it was changed, where that is known. */
export function withSessions(
  events: FileEvents,
  root: BytePath,
  sessions: WorkingSessions,
): FileEvents {
  if (sessions.isEmpty) return events;
  let isAny = false;
  const records = unpackEvents(events).map((event) => {
    const path = event.path === '' ? root : joinBytePath(root, event.path);
    const session = sessions.sessionOf({ path, timeMs: changedMs(event) });
    isAny ||= session !== undefined;
    return session ? { ...event, session } : event;
  });
  return isAny ? packEvents(records) : events;
}

/**
 * When the path was changed: an event is as late as it was seen, which after a restart may be hours; what is left there
 * has the time of its last change.
 */
function changedMs({ seconds, nanos, stat }: FileEventRecord): number {
  const seenMs = seconds * 1_000 + nanos / 1_000_000;
  return stat ? Math.min(seenMs, Number(stat.ctimeNs / 1_000n) / 1_000) : seenMs;
}
