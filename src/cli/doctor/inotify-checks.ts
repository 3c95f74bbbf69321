import { plural, showCount } from '../amounts.ts';
import { bad, ok, warn, type Check } from './check.ts';
import type { InotifyHolder, InotifyUse } from './inotify-use.ts';

/** From this share of a limit on it is worth a warning. */
const SCARCE_SHARE = 0.8;
/** What a machine for development is well served with. */
const WATCHES_WANTED = 524_288;
const INSTANCES_WANTED = 1_024;
const HOLDERS_SHOWN = 3;
const SYSCTL_FILE = '/etc/sysctl.d/60-codi.conf';

type Figure = 'watches' | 'instances';
const SETTINGS = {
  watches: { name: 'fs.inotify.max_user_watches', noun: 'file watches', wanted: WATCHES_WANTED },
  instances: {
    name: 'fs.inotify.max_user_instances',
    noun: 'watch queues (inotify instances)',
    wanted: INSTANCES_WANTED,
  },
} as const;

/** `missing`: directories that are polled already because no watch was left for them. */
export function inotifyChecks(use: InotifyUse | undefined, missing: number): Check[] {
  if (!use) return [];
  const { watchesLimit, instancesLimit, holders } = use;
  const checks: Check[] = [];
  if (watchesLimit !== undefined)
    checks.push(limitCheck('watches', watchesLimit, holders, missing));
  if (instancesLimit !== undefined)
    checks.push(limitCheck('instances', instancesLimit, holders, 0));
  return checks;
}

function limitCheck(
  figure: Figure,
  limit: number,
  holders: readonly InotifyHolder[],
  missing: number,
): Check {
  const { noun } = SETTINGS[figure];
  const name = `inotify-${figure}`;
  const used = holders.reduce((sum, holder) => sum + holder[figure], 0);
  const detail = `${showCount(used)} of ${showCount(limit)} ${noun} in use${mostOf(figure, holders)}`;
  const hint = raiseLines(figure, limit, used + missing);
  if (missing > 0)
    return bad(name, `${plural(missing, 'folder')} polled for want of watches; ${detail}`, hint);
  if (used >= limit) return bad(name, detail, hint);
  return used >= limit * SCARCE_SHARE ? warn(name, detail, hint) : ok(name, detail);
}

function mostOf(figure: Figure, holders: readonly InotifyHolder[]): string {
  const most = [...holders].sort((one, other) => other[figure] - one[figure]);
  const shown = most
    .slice(0, HOLDERS_SHOWN)
    .map((holder) => `${holder.name} (pid ${holder.pid}) ${showCount(holder[figure])}`);
  return shown.length > 0 ? `; most: ${shown.join(', ')}` : '';
}

/** For now, and for the next start of the system. */
function raiseLines(figure: Figure, limit: number, wantedCount: number): string {
  const { name, wanted } = SETTINGS[figure];
  const value = Math.max(wanted, limit * 2, 2 ** Math.ceil(Math.log2(wantedCount * 2 + 1)));
  return [
    `sudo sysctl ${name}=${value}`,
    `echo '${name} = ${value}' | sudo tee -a ${SYSCTL_FILE}`,
  ].join('\n');
}
