import { describe, expect, it } from 'vitest';
import { bytePathFromBuffer, type BytePath } from '#codi/protocol/byte-path.js';
import { ledgerFixture } from '../support/ledger-fixture.ts';
import { fileEvent, stat } from '../support/ledger-store.ts';

const { start, rows } = ledgerFixture();

describe('a root in the ledger', () => {
  it('gives a root the same id for ever and takes each batch of its events once', async () => {
    let thread = await start({ tenantId: 't' });
    const rootPath = bytePathFromBuffer(Buffer.from('/w/\xff', 'latin1'));
    const root = { rootId: 1, rootPath };
    const [, opened] = await thread.settle({ type: 'openRoot', batch: 1, rootPath });
    expect(opened).toEqual({
      type: 'rootOpened',
      batch: 1,
      rootId: 1,
      lastSequence: 0,
      isNew: true,
    });
    const one = [fileEvent('create', 'a'), fileEvent('create', 'b')];
    const two = [fileEvent('delete', 'a')];
    const received = await thread.settle(
      { type: 'fileEvents', batch: 2, ...root, sequence: 1, events: one },
      { type: 'fileEvents', batch: 3, ...root, sequence: 2, events: two },
      { type: 'fileEvents', batch: 4, ...root, sequence: 2, events: two },
      { type: 'fileEvents', batch: 5, ...root, sequence: 4, events: one },
      { type: 'openRoot', batch: 6, rootPath },
    );
    expect(received.flatMap((each) => (each.type === 'committed' ? each.batches : []))).toEqual([
      2, 3, 4,
    ]);
    expect(received.find(({ type }) => type === 'refused')).toMatchObject({
      batches: [5],
      code: 'CODI_SEQUENCE_GAP',
    });
    expect(received.find(({ type }) => type === 'rootOpened')).toMatchObject({
      rootId: 1,
      lastSequence: 2,
    });
    expect(rows('SELECT count(*) AS files FROM files')).toEqual([{ files: 1 }]);
    expect(rows('SELECT seq, tenant_id FROM file_events')).toHaveLength(3);
    await thread.stop();
    thread = await start();
    const reopened = await thread.settle({ type: 'openRoot', batch: 7, rootPath });
    expect(reopened).toMatchObject([{ rootId: 1, lastSequence: 2, isNew: false }]);
    expect(rows('SELECT count(*) AS files FROM files')).toEqual([{ files: 1 }]);
    expect(rows('SELECT count(*) AS events FROM file_events')).toEqual([{ events: 3 }]);
  });

  it('moves a directory with everything below it, whatever the names are', async () => {
    const thread = await start();
    const rootPath = '/root' as BytePath;
    const dirStat = stat({ ino: 99n, mode: 0o40755 });
    const inside = ['a%b/x', 'a%b/y_z/1', 'a%b/\xff\xfe', 'a%b/sub/\xc3\xa9'];
    const outside = ['aXb/x', 'a%b.txt', 'a%b0', 'a%'];
    const events = [
      fileEvent('create', 'a%b', { kind: 'dir', stat: dirStat }),
      ...[...inside, ...outside].map((path) => fileEvent('create', path)),
      fileEvent('move', '\xff_', { kind: 'dir', from: 'a%b' as BytePath, stat: dirStat }),
      fileEvent('move', 'back', { kind: 'dir', from: '\xff_' as BytePath, stat: dirStat }),
    ];
    const root = { rootId: 1, rootPath };
    await thread.settle(
      { type: 'openRoot', batch: 1, rootPath },
      { type: 'fileEvents', batch: 2, ...root, sequence: 1, events },
    );
    const stored = rows<{ path: string | Buffer }>('SELECT path FROM files');
    const paths = stored.map(({ path }) =>
      typeof path === 'string' ? Buffer.from(path).toString('latin1') : path.toString('latin1'),
    );
    const moved = ['back', ...inside.map((path) => path.replace('a%b/', 'back/'))];
    expect(paths.sort()).toEqual([...moved, ...outside].sort());
    const types = rows<{ t: string }>(
      "SELECT typeof(path) AS t FROM files WHERE path LIKE 'back/sub/%'",
    );
    expect(types).toEqual([{ t: 'text' }]);
  });
});
