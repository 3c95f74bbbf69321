import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { CodiError } from '../../protocol/errors.ts';

/**
 * Removes the socket file that a dead daemon of this user left. One on which somebody answers, one of somebody else, or
 * a file that is no socket, stays and is an error.
 */
export async function removeStaleSocket(socketPath: string, uid?: number): Promise<void> {
  const stat = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket())
    throw new CodiError('CODI_PATH_INVALID', { path: socketPath, reason: 'it is no socket' });
  if (uid !== undefined && stat.uid !== uid)
    throw new CodiError('CODI_NOT_PERMITTED', {
      reason: `the socket ${socketPath} belongs to user ${stat.uid}`,
    });
  if (await isAnswering(socketPath))
    throw new CodiError('CODI_SOCKET_IN_USE', { path: socketPath });
  unlinkSync(socketPath);
}

function isAnswering(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // Only a refusal proves that nobody listens; a full backlog, say, does not.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}
