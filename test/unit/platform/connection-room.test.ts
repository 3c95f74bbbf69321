import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { ConnectionRoom } from '#codi/platform/connection-room.js';
import { beforeEach, expect, test } from 'vitest';

let cuts: number;
let room: ConnectionRoom;
beforeEach(() => {
  cuts = 0;
  room = new ConnectionRoom(2, () => (cuts += 1));
});

class FakeConnection extends EventEmitter {
  isCut = false;
  destroy() {
    this.isCut = true;
    this.emit('close');
  }
}

function enter(): FakeConnection & Socket {
  const socket = new FakeConnection() as FakeConnection & Socket;
  room.enter(socket);
  return socket;
}

test('The longest silent connection makes room; one that is being answered does not.', () => {
  const asking = enter();
  room.busy(asking);
  const silent = enter();
  const newcomer = enter();
  expect([asking.isCut, silent.isCut, newcomer.isCut, cuts]).toEqual([false, true, false, 1]);
});

test('An answered connection is silent again, from then on.', () => {
  const first = enter();
  const second = enter();
  room.busy(first);
  room.silent(first);
  enter();
  expect([first.isCut, second.isCut]).toEqual([false, true]);
});

test('When every other one is being answered, the newcomer is cut.', () => {
  for (const socket of [enter(), enter()]) room.busy(socket);
  expect([enter().isCut, cuts]).toEqual([true, 1]);
});

test('A connection that ended takes no place.', () => {
  const [first, second] = [enter(), enter()];
  room.busy(first);
  first.destroy();
  second.destroy();
  room.silent(first);
  expect([enter().isCut, enter().isCut, cuts]).toEqual([false, false, 0]);
});
