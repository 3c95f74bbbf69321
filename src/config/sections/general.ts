import { z } from 'zod';

import { choice, duration, optionalPath, optionalText } from '../setting.ts';

/** Who works here, and how much is said. */
export const general = z.object({
  workspace: optionalPath('workspace', {
    description:
      'Folder that is watched when none is named on the command line. Its content is never read as configuration.',
    derived: 'the folder the daemon is started in',
    example: '~/shop',
  }),
  logLevel: choice('log_level', {
    description: "Least severe level of the daemon's own log lines.",
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    default: 'info',
  }),
  sessionTimeoutMs: duration('session_timeout', {
    description:
      'A session that gave no sign of life for so long is ended: no entry, no heartbeat, no open connection, no living process. A bare number is seconds.',
    default: '24h',
    min: '1s',
    max: '365d',
    takesSeconds: true,
  }),
  userId: optionalText('user_id', {
    description: 'User written into every record that names none itself.',
    derived: 'none',
    example: 'ana',
    shortNames: ['CODI_USER_ID', 'USER_ID'],
  }),
  tenantId: optionalText('tenant_id', {
    description: 'Tenant written into every record that names none itself.',
    derived: 'none',
    example: 'acme',
    shortNames: ['CODI_TENANT_ID', 'TENANT_ID'],
  }),
  sessionId: optionalText('session_id', {
    description: 'Session written into every record that names none itself.',
    derived: 'none',
    example: 'release-42',
    shortNames: ['CODI_SESSION_ID', 'SESSION_ID'],
  }),
});
