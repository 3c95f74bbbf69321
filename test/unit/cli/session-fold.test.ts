import { describe, expect, it } from 'vitest';
import { LineCutter } from '#codi/cli/run/line-capture.js';
import { FileFold } from '#codi/cli/session/file-fold.js';
import type { EventRow } from '#codi/protocol/messages.js';

let seq = 0;
function event(word: EventRow['event'], path: string, more: Partial<EventRow> = {}): EventRow {
  seq += 1;
  const time = new Date(seq * 1_000).toISOString();
  return { seq, time, root: '/w', path, event: word, kind: 'file', seen: 'native', ...more };
}

function effects(events: EventRow[], pathsMax = 100) {
  const fold = new FileFold(pathsMax);
  for (const one of events) fold.add(one);
  return fold.files.map(({ path, effect, changes, from }) =>
    [path, effect, changes, from].filter((part) => part !== undefined).join(' '),
  );
}

describe('what a session did to a path', () => {
  it('is one word for all its events', () => {
    expect(effects([event('create', 'a'), event('update', 'a')])).toEqual(['a created 2']);
    expect(effects([event('update', 'a'), event('attrib', 'a')])).toEqual(['a updated 2']);
    expect(effects([event('update', 'a'), event('delete', 'a')])).toEqual(['a deleted 2']);
    expect(effects([event('delete', 'a'), event('create', 'a')])).toEqual(['a updated 2']);
    expect(effects([event('create', 'a'), event('delete', 'a')])).toEqual(['a temporary 2']);
    expect(effects([event('transient', 'a')])).toEqual(['a temporary 1']);
  });

  it('goes with a path that is moved', () => {
    const moved = event('move', 'c', { from: 'b' });
    expect(effects([event('move', 'b', { from: 'a' }), moved])).toEqual(['c moved 2 a']);
    expect(effects([event('create', 'b'), moved])).toEqual(['c created 2']);
    expect(effects([moved, event('update', 'c')])).toEqual(['c moved 2 b']);
  });

  it('is only counted when there are too many paths', () => {
    const fold = new FileFold(1);
    for (const path of ['a', 'b', 'a', 'c']) fold.add(event('update', path));
    expect(fold.files.map(({ path, changes }) => `${path} ${changes}`)).toEqual(['a 2']);
    expect(fold.left).toBe(2);
  });
});

describe('lines of output', () => {
  const linesOf = (...chunks: (string | Buffer)[]) => {
    const lines: string[] = [];
    const cutter = new LineCutter((line) => lines.push(line));
    for (const chunk of chunks) cutter.push(Buffer.from(chunk));
    cutter.end();
    return lines;
  };

  it('are cut at their ends, over the borders of chunks', () => {
    expect(linesOf('a\nb', 'c\r\n', '\nlast')).toEqual(['a', 'bc', 'last']);
    const [first, second] = [Buffer.from('ä\n').subarray(0, 1), Buffer.from('ä\n').subarray(1)];
    expect(linesOf(first, second)).toEqual(['ä']);
    expect(linesOf(Buffer.from([0xff, 0x0a]))).toEqual(['\ufffd']);
  });

  it('are given in parts when they are very long', () => {
    const lengths = linesOf('x'.repeat(40_000), `${'y'.repeat(20_000)}\nz`).map((l) => l.length);
    expect(lengths).toEqual([16_384, 16_384, 16_384, 10_848, 1]);
  });
});
