import { realpathSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { eventLogSpec } from '../actors/watching/event-log.actor.ts';
import { jsonLine, seqOfLine, textLine } from '../actors/watching/event-lines.ts';
import type { EventLog } from '../actors/watching/event-log-ports.ts';
import type { EventLogTarget } from '../config/event-log-plan.ts';
import { RotatingLines } from '../platform/rotating-lines.ts';
import { StreamedLines } from '../platform/streamed-lines.ts';
import { bytePathFromUtf8, type BytePath } from '../protocol/byte-path.ts';
import type { ChildSpec } from '../supervisor/index.ts';
import type { Shared } from './shared.ts';

/** Writes file events to the logs that are asked for; without any there is no such actor. */
export function eventLogActors(shared: Shared): ChildSpec[] {
  const { options, reader, facts } = shared;
  const targets = options.eventLogs ?? [];
  if (targets.length === 0) return [];
  const order = { order: 'oldest', include_archived: true } as const;
  return [
    eventLogSpec({
      logs: targets.map((target) => eventLog(shared, target)),
      readEvents: async (afterSeq, limit) => {
        const page = await reader.run('queryEvents', {
          ...{ filter: { after_seq: afterSeq }, limit },
          ...order,
        });
        return page.rows;
      },
      feed: facts,
      telemetry: options.telemetry,
    }),
  ];
}

function eventLog({ options }: Shared, { format, path }: EventLogTarget): EventLog {
  const { rotateBytes, rotateMs, keepCount } = options.config.eventsLog;
  const { clock } = options.environment;
  const isFile = path !== '-' && isFileOrMissing(path);
  const settings = { path, rotateBytes, rotateMs, keepCount, seqOf: seqOfLine };
  return {
    sink: isFile
      ? new RotatingLines({ ...settings, nowMs: () => clock.nowMs() })
      : new StreamedLines(path),
    lineOf: format === 'json' ? jsonLine : textLine,
    isFile,
  };
}

function isFileOrMissing(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
}

/** The logs in a watched root, relative to it: what is written there must not be an event. */
export function ownLogs(targets: readonly EventLogTarget[], root: BytePath): BytePath[] {
  const prefix = root === '/' ? root : `${root}/`;
  return targets
    .filter(({ path }) => path !== '-')
    .map(({ path }) => bytePathFromUtf8(realPath(path)))
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length) as BytePath);
}

/** With the real path of its folder; the log itself may be missing. */
function realPath(path: string): string {
  try {
    return posix.join(realpathSync(posix.dirname(path)), posix.basename(path));
  } catch {
    return path;
  }
}
