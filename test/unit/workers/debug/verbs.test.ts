import type { TreeNodeView } from '#codi/protocol/debug/tree-views.js';
import type { KillOutcome } from '#codi/workers/debug/debug.messages.js';
import { runVerb, type DebugBackend } from '#codi/workers/debug/verbs.js';
import { expect, test } from 'vitest';

const TREE = { path: 'root', children: [] } as unknown as TreeNodeView;

function backend(overrides: Partial<DebugBackend> = {}): DebugBackend {
  return {
    canWrite: true,
    hello: () => ({ version: '1', pid: 2, write: true }),
    tree: async () => ({ tree: TREE, staleMs: 0 }),
    kill: async (path) => ({ ok: true, path, epoch: 3 }),
    ...overrides,
  };
}

const code = (wanted: string) => expect.objectContaining({ code: wanted });

test('hello says who answers.', async () => {
  await expect(runVerb({ id: 1, verb: 'hello' }, backend())).resolves.toMatchObject({ pid: 2 });
});

test('tree gives the tree, and its age when it is not the present one.', async () => {
  await expect(runVerb({ id: 1, verb: 'tree' }, backend())).resolves.toEqual(TREE);
  const stale = backend({ tree: async () => ({ tree: TREE, staleMs: 40 }) });
  await expect(runVerb({ id: 1, verb: 'tree' }, stale)).resolves.toEqual({ ...TREE, stale_ms: 40 });
});

test('kill gives the epoch that was killed, or why not.', async () => {
  const kill = (outcome: KillOutcome) =>
    runVerb({ id: 1, verb: 'kill', path: 'a' }, backend({ kill: async () => outcome }));
  await expect(kill({ ok: true, path: 'a', epoch: 3 })).resolves.toEqual({ path: 'a', epoch: 3 });
  await expect(kill({ ok: false, error: 'root' })).rejects.toThrow(code('CODI_ROOT_KILL'));
  await expect(kill({ ok: false, error: 'noproc' })).rejects.toThrow(code('CODI_ACTOR_NOT_FOUND'));
});

test('kill needs a path, and the grant to change something.', async () => {
  for (const path of [undefined, '', 7])
    await expect(runVerb({ id: 1, verb: 'kill', path }, backend())).rejects.toThrow(
      code('CODI_MESSAGE_INVALID'),
    );
  const readOnly = backend({ canWrite: false });
  await expect(runVerb({ id: 1, verb: 'kill', path: 'a' }, readOnly)).rejects.toThrow(
    code('CODI_NOT_PERMITTED'),
  );
});

test('An unknown verb is said to be one.', async () => {
  await expect(runVerb({ id: 1, verb: 'dance' }, backend())).rejects.toThrow(
    code('CODI_MESSAGE_UNKNOWN'),
  );
});
