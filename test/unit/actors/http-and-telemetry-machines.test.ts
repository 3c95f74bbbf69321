// As in machines.test.ts: the actors that only look, and show or keep what they see.
import { exportsMachine } from '#codi/actors/exports/exports.machine.js';
import { httpMachine } from '#codi/actors/serving/http.machine.js';
import { telemetryMachine } from '#codi/actors/telemetry/telemetry.machine.js';
import type { Scenario, Step } from '../../support/machine-scenarios.ts';
import { describeMachines } from '../../support/machine-suite.ts';

const stop = { type: 'sys.shutdown' };

const binding: Step = { state: 'binding', effects: ['effect.bind'] };
const listening: Step = { send: { type: 'bound' }, state: 'listening', isReady: true };
const unavailable: Step = {
  send: { type: 'refused' },
  state: 'unavailable',
  isReady: true,
  effects: ['effect.retryLater'],
};
const rebinding: Step = {
  send: { type: 'retryDue' },
  state: 'rebinding',
  isReady: true,
  effects: ['effect.bind'],
};
const shutting: Step = { send: stop, state: 'closing', effects: ['effect.close'] };
const shut: Step = { send: { type: 'closed' }, state: 'stopped' };
const http: Scenario[] = [
  { title: 'listens, and closes when asked to', steps: [binding, listening, shutting, shut] },
  { title: 'closes also while it binds', steps: [binding, shutting, shut] },
  {
    title: 'is ready without its port, and goes on trying',
    steps: [binding, unavailable, rebinding, unavailable, rebinding, listening],
  },
  { title: 'stops also without its port', steps: [binding, unavailable, shutting, shut] },
  {
    title: 'closes once',
    steps: [binding, listening, shutting, { send: stop, state: 'closing' }, shut],
  },
];

const telemetry: Scenario[] = [
  {
    title: 'looks whenever it is time',
    steps: [
      { state: 'measuring', isReady: true, effects: ['effect.open'] },
      {
        send: { type: 'lookDue' },
        state: 'measuring',
        isReady: true,
        effects: ['effect.look'],
      },
      { send: stop, state: 'stopped' },
    ],
  },
];

const exports: Scenario[] = [
  {
    title: 'follows from the start, and does not wait for captures when it stops',
    steps: [
      { state: 'following', isReady: true, effects: ['effect.follow'] },
      { send: stop, state: 'closing', effects: ['effect.closePool'] },
      { send: { type: 'poolClosed' }, state: 'stopped' },
    ],
  },
];

describeMachines([
  ['exports', exportsMachine, exports],
  ['HTTP', httpMachine, http],
  ['telemetry', telemetryMachine, telemetry],
]);
