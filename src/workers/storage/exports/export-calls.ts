import { CodiError } from '../../../protocol/errors.ts';
import type { StoreCalls } from '../../../protocol/store-calls.ts';
import { storeKey } from '../cipher/store-key.ts';
import { problemOf, readContent } from './blob-reader.ts';

type ExportCalls = Pick<StoreCalls, 'openContent' | 'readContent' | 'checkContent'>;

/** Contents of exports for a command, piece by piece; read beside a daemon, whose files never change. */
export function exportCalls(dataDir: string): ExportCalls {
  const open = new Map<number, AsyncGenerator<Buffer>>();
  let lastId = 0;
  return {
    openContent: ({ checksum }) => {
      open.set(++lastId, readContent(dataDir, checksum, storeKey()));
      return lastId;
    },
    readContent: async ({ id }) => {
      const content = open.get(id);
      if (!content) throw new CodiError('CODI_NOT_FOUND', { what: `open content ${id}` });
      const piece = await content.next();
      if (piece.done !== true) return new Uint8Array(piece.value);
      open.delete(id);
      return null;
    },
    checkContent: async ({ checksum }) => (await problemOf(dataDir, checksum, storeKey())) ?? null,
  };
}
