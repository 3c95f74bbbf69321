import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Peer } from '#codi/actors/serving/door.js';
import { Lobby } from '#codi/actors/serving/lobby.js';
import { SendRoom, type Waiter } from '#codi/actors/serving/send-room.js';
import { FakeSocket } from '../../../support/fake-socket.ts';
import { virtualEnvironment } from '../../../support/virtual-environment.ts';

const { clock } = virtualEnvironment();
const client = (uid?: number) => {
  const user = uid === undefined ? {} : { user: { uid, gid: 0, pid: 1 } };
  return new FakeSocket(clock, { transport: 'unix', ...user } as Peer);
};
const LIMITS = { connections: 3, connectionsPerUser: 2 };

test('So many connections of all, and so many of one user, and no more until one leaves.', () => {
  const lobby = new Lobby(LIMITS);
  const [first, second, third] = [client(7), client(7), client(7)];
  expect([lobby.enter(first!, false), lobby.enter(second!, false)]).toEqual([{}, {}]);
  expect(lobby.enter(third!, false).error?.code).toBe('CODI_TOO_MANY_OF_USER');
  expect(lobby.enter(client(8), false)).toEqual({});
  expect(lobby.enter(client(), false).error?.code).toBe('CODI_TOO_MANY_CONNECTIONS');
  lobby.leave(first!);
  lobby.leave(first!);
  expect([lobby.enter(third!, false), lobby.size]).toEqual([{}, 3]);
});

test('A stranger who has owed his token for longest makes room, and nobody else does.', () => {
  const lobby = new Lobby(LIMITS);
  const strangers = [client(), client(), client()];
  for (const stranger of strangers) lobby.enter(stranger, true);
  lobby.prove(strangers[0]!);
  expect(lobby.enter(client(), true)).toEqual({ out: strangers[1] });
  expect(lobby.enter(client(), false)).toEqual({ out: strangers[2] });
  lobby.leave(strangers[1]!);
  expect(lobby.size).toBe(3);
});

test('Property: whoever comes and goes, there are never more than allowed, and nobody proven has to go.', () => {
  const step = fc.record({
    act: fc.constantFrom('enter', 'prove', 'leave'),
    who: fc.nat(20),
    uid: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const lobby = new Lobby({ connections: 5, connectionsPerUser: 3 });
      const inside = new Map<FakeSocket, { isProven: boolean; uid: number }>();
      for (const { act, who, uid } of steps) {
        const known = [...inside.keys()][who % Math.max(1, inside.size)];
        if (act === 'enter') {
          const socket = client(uid);
          const { out, error } = lobby.enter(socket, who % 2 === 0);
          if (out) {
            expect(inside.get(out as FakeSocket)?.isProven).toBe(false);
            inside.delete(out as FakeSocket);
          }
          if (!error) inside.set(socket, { isProven: who % 2 !== 0, uid });
        } else if (known && act === 'prove') {
          lobby.prove(known);
          inside.get(known)!.isProven = true;
        } else if (known) {
          lobby.leave(known);
          inside.delete(known);
        }
        expect(lobby.size).toBe(inside.size);
        expect(inside.size).toBeLessThanOrEqual(5);
        const ofOne = [...inside.values()].filter((guest) => guest.uid === uid).length;
        expect(ofOne).toBeLessThanOrEqual(3);
      }
    }),
  );
});

class Reader implements Waiter {
  readonly room: SendRoom;
  queuedBytes = 0;
  hasGivenUp = false;
  canGiveUp: boolean;

  constructor(room: SendRoom, canGiveUp = true) {
    this.room = room;
    this.canGiveUp = canGiveUp;
  }

  queue(bytes: number): void {
    this.queuedBytes += bytes;
    this.room.note(this);
  }

  giveUp(): void {
    this.hasGivenUp = true;
  }
}

test('When too much waits for all together, the one most waits for gives up.', () => {
  const room = new SendRoom(100);
  const [small, large, old] = [new Reader(room), new Reader(room), new Reader(room, false)];
  old!.queue(90);
  large!.queue(60);
  small!.queue(40);
  expect([room.bytes, large!.hasGivenUp]).toEqual([190, false]);
  small!.queue(1);
  expect([small!.hasGivenUp, large!.hasGivenUp, old!.hasGivenUp]).toEqual([false, true, false]);
  expect(room.bytes).toBe(131);
});

test('What was sent meanwhile counts no more.', () => {
  const room = new SendRoom(100);
  const [first, second] = [new Reader(room), new Reader(room)];
  first!.queue(90);
  first!.queuedBytes = 5;
  second!.queue(20);
  expect([room.bytes, first!.hasGivenUp, second!.hasGivenUp]).toEqual([25, false, false]);
  room.leave(first!);
  room.leave(first!);
  expect(room.bytes).toBe(20);
});

test('Old clients have a quarter of the room, are never cut off, and count otherwise after Hello.', () => {
  const room = new SendRoom(100);
  const old = new Reader(room, false);
  old.queue(24);
  expect(room.isFullForOld).toBe(false);
  old.queue(1);
  expect(room.isFullForOld).toBe(true);
  old.queue(500);
  expect(old.hasGivenUp).toBe(false);
  old.canGiveUp = true;
  room.note(old);
  expect([old.hasGivenUp, room.isFullForOld, room.bytes]).toEqual([true, false, 0]);
});
