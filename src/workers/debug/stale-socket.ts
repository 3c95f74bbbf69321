import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { CodiError } from '../../protocol/errors.ts';

/**
 * Removes the socket file that a dead daemon left. One on which somebody answers, or a file that is no socket, stays
 * and is an error.
 */
export async function removeStaleSocket(socketPath: string): Promise<void> {
  const stat = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket())
    throw new CodiError('CODI_PATH_INVALID', { path: socketPath, reason: 'it is no socket' });
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
