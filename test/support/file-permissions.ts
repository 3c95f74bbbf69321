import { spawnSync } from 'node:child_process';

const isRoot = process.getuid?.() === 0;
const BOUND: [string, ...string[]] = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];

/** Whether a daemon can be started here that may not open what the permissions of a file forbid. */
export const canBeBound = !isRoot || spawnSync(BOUND[0], [BOUND[1]!, 'true']).status === 0;
export const NOT_BOUND = 'root minds no permissions, and setpriv cannot take that right away here';

/** For `startDaemon`: root as well is then bound by permissions, like everybody else. */
export const boundByPermissions = isRoot ? { under: BOUND } : {};
