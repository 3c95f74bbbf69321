import type { ReportView } from '../protocol/debug/report-views.ts';
import { followDebug } from './debug-stream.ts';
import { untilInterrupted } from './interruption.ts';
import type { Invocation } from './invocation.ts';
import { reportLine } from './report-lines.ts';

/** Prints what supervisors did; with `isFollowing` also what they do from now on. */
export async function followReports(
  params: { limit: number; path?: string },
  isFollowing: boolean,
  invocation: Invocation,
): Promise<void> {
  const { out, globals, style, io } = invocation;
  const print = (report: ReportView) =>
    globals.json ? out.json(report) : out.line(reportLine(report, { style, nowMs: io.nowMs() }));
  if (!isFollowing) {
    const { reports } = await invocation.withDebug((debug) => debug.call('reports', params));
    for (const report of reports.toSorted((a, b) => a.seq - b.seq)) await print(report);
    if (reports.length === 0 && !globals.json) await invocation.note('nothing was reported yet');
    return;
  }
  // A debug actor that was restarted tells the last ones again; a new daemon counts from the start.
  let last: { seq: number; at: string } | undefined;
  const onEvent = async (report: ReportView) => {
    if (last && report.seq <= last.seq && report.at <= last.at) return;
    last = report;
    await print(report);
    await out.flush();
  };
  await untilInterrupted(invocation, (signal) =>
    followDebug(
      invocation,
      () => ({ verb: 'watch_reports', params, onEvent }),
      {
        onGap: (isBack) =>
          invocation.note(isBack ? 'the daemon is back' : 'the daemon went away; waiting for it'),
      },
      signal,
    ),
  );
}
