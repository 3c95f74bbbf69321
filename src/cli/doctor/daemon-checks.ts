import type { BodyOf, WatchRow } from '../../protocol/messages.ts';
import type { MonitorClient } from '../../client/monitor-client.ts';
import { isCodiError } from '../../protocol/errors.ts';
import { plural } from '../amounts.ts';
import type { Invocation } from '../invocation.ts';
import { packageVersion } from '../../config/package-files.ts';
import { bad, ok, warn, type Check } from './check.ts';

const ASK_TIMEOUT_MS = 5_000;
const GAPS_SHOWN = 10;

/** What a daemon says of itself; nothing of the watched paths when there is none. */
export interface DaemonFindings {
  readonly checks: Check[];
  readonly watches: readonly WatchRow[];
}

export async function askDaemon(invocation: Invocation): Promise<DaemonFindings> {
  try {
    return await invocation.withClient(
      async (client) => {
        const health = await client.request('Health', {});
        const { watches } = await client.request('ListWatches', {});
        const checks = [healthCheck(health), ...versionChecks(health), ...watches.map(rootCheck)];
        return { checks: [...checks, ...(await gapChecks(client))], watches };
      },
      { attempts: 1, requestTimeoutMs: ASK_TIMEOUT_MS },
    );
  } catch (error) {
    if (!isCodiError(error)) throw error;
    const isAbsent = error.code === 'CODI_UNREACHABLE';
    const hint = isAbsent ? 'start it with `codi daemon start` or `codi up`' : error.hint;
    return { checks: [bad('daemon', error.message, hint)], watches: [] };
  }
}

function healthCheck({ state, reasons, pid, version }: BodyOf<'Status'>): Check {
  if (state !== 'degraded') return ok('daemon', `healthy, pid ${pid}, codi ${version}`);
  const why = (reasons ?? []).join('; ');
  return bad('daemon', `degraded: ${why}`, 'look at `codi tree` and `codi daemon logs`');
}

function versionChecks({ version }: BodyOf<'Status'>): Check[] {
  const own = packageVersion();
  if (!version || version === own) return [];
  const detail = `the daemon is codi ${version}, this command is codi ${own}`;
  return [warn('version', detail, 'restart it: `codi daemon stop && codi daemon start`')];
}

function rootCheck(row: WatchRow): Check {
  const name = `root ${row.path}`;
  const { state, mode, reason, polled_directories: polled } = row;
  const why = reason ? `: ${reason}` : '';
  if (state === 'failed') return bad(name, `cannot be watched${why}`, 'see `codi watch ls`');
  if (state === 'gone')
    return bad(name, `is gone${why}`, `bring it back, or \`codi watch rm '${row.path}'\``);
  if (mode === 'poll' && state === 'watching') return warn(name, `is polled${why}`, POLL_HINT);
  if (polled) return warn(name, `${plural(polled, 'folder')} of it polled${why}`, POLL_HINT);
  return ok(name, `${state}, ${mode} (${row.hint_source})${why}`);
}

/** Whatever an open gap hides is found when it closes; a daemon before gaps knows of none. */
async function gapChecks(client: MonitorClient): Promise<Check[]> {
  const answer = await client
    .request('QueryGaps', { filter: { open: true }, limit: GAPS_SHOWN })
    .catch((error: unknown) => {
      if (isCodiError(error)) return undefined;
      throw error;
    });
  if (!answer) return [];
  if (answer.gaps.length === 0) return [ok('gaps', 'no gap is open')];
  return answer.gaps.map(({ root, reason, opened, detail }) => {
    const what = `${root}: ${reason}${detail ? ` (${detail})` : ''}, open since ${opened}`;
    return warn('gaps', what, 'see `codi watch gaps`');
  });
}

const POLL_HINT = 'changes are found by looking every few seconds; see docs/watching.md';
