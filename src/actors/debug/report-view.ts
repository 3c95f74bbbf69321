import type { CrashView, DeadLetterView, ReportView } from '../../protocol/debug/report-views.ts';
import type { CrashRecord, DeadLetter, ReportRecord } from '../../supervisor/index.ts';
import { headerView } from './actor-view.ts';
import { errorView } from './error-view.ts';
import { isoTime, snakeCase } from './plain-names.ts';

export function crashView({ fingerprint, count, firstAt, lastAt, report }: CrashRecord): CrashView {
  const { crasher, reason, error, message, ancestors, links, monitoredBy, machine } = report;
  return {
    fingerprint,
    count,
    first_at: isoTime(firstAt),
    last_at: isoTime(lastAt),
    path: crasher.path,
    pid: crasher.pid,
    name: crasher.name,
    isolation: crasher.isolation,
    uptime_ms: Math.round(crasher.uptimeMs),
    restarts: crasher.restarts,
    messages_handled: crasher.messagesHandled,
    reason,
    ...(error && { error: errorView(error) }),
    ...(message !== undefined && { message }),
    ancestors,
    links,
    monitored_by: monitoredBy,
    neighbours: report.neighbours,
    unread: report.unread,
    recent: report.recent.map(headerView),
    ...(machine && { machine }),
  };
}

export function reportView(record: ReportRecord, seq: number): ReportView {
  const { at, kind, path, detail, errorContext, supervisor, offender } = record;
  return {
    seq,
    at: isoTime(at),
    kind,
    path,
    detail: typeof detail === 'object' && detail !== null ? snakeCase(detail) : detail,
    ...(errorContext && { error_context: errorContext }),
    ...(supervisor !== undefined && { supervisor }),
    ...(offender && {
      offender: {
        pid: offender.pid,
        id: offender.id,
        restart_type: offender.restartType,
        significant: offender.significant,
        shutdown: offender.shutdown,
        child_type: offender.childType,
      },
    }),
  };
}

export function deadLetterView(letter: DeadLetter): DeadLetterView {
  return { ...letter, at: isoTime(letter.at) };
}
