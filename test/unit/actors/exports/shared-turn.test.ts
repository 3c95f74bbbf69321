import { expect, test } from 'vitest';
import { SharedTurn } from '#codi/actors/exports/shared-turn.js';
import { pending } from '../../../support/serving-world.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('What may be shared runs beside its like; what runs alone waits for it and is waited for.', async () => {
  const turn = new SharedTurn();
  const journal: string[] = [];
  const works = new Map<string, ReturnType<typeof pending<void>>>();
  const work = (name: string) => async () => {
    journal.push(`+${name}`);
    const { promise } = works.set(name, pending<void>()).get(name)!;
    await promise;
    journal.push(`-${name}`);
  };
  const end = async (name: string) => {
    works.get(name)!.resolve();
    await settle();
  };
  void turn.share(work('a'));
  void turn.share(work('b'));
  await settle();
  void turn.alone(work('x'));
  void turn.share(work('c'));
  void turn.alone(work('y'));
  await settle();
  expect(journal).toEqual(['+a', '+b']);
  await end('a');
  await end('b');
  expect(journal.splice(0)).toEqual(['+a', '+b', '-a', '-b', '+x']);
  await end('x');
  await end('y');
  await end('c');
  expect(journal).toEqual(['-x', '+y', '-y', '+c', '-c']);
});

test('A failure is told to whoever asked, and holds nobody up.', async () => {
  const turn = new SharedTurn();
  const fail = () => Promise.reject(new Error('broken'));
  await expect(turn.alone(fail)).rejects.toThrow('broken');
  await expect(turn.share(fail)).rejects.toThrow('broken');
  expect(await turn.alone(async () => 'done')).toBe('done');
});
