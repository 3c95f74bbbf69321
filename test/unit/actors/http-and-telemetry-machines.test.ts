// As in machines.test.ts: the actors that only look, and show or keep what they see.
import { sessionsMachine } from '#codi/actors/coordination/sessions.machine.js';
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

const sessions: Scenario[] = [
  {
    title: 'looks at them again and again once it knows them',
    steps: [
      { state: 'loading', effects: ['effect.load'] },
      { send: { type: 'loaded' }, state: 'watching', isReady: true },
      { send: { type: 'late' }, state: 'watching', isReady: true },
      { send: { type: 'lookDue' }, state: 'watching', isReady: true, effects: ['effect.look'] },
      { send: stop, state: 'stopped' },
    ],
  },
  {
    title: 'keeps nobody waiting for long, and ends nothing it does not know',
    steps: [
      { state: 'loading', effects: ['effect.load'] },
      { send: { type: 'late' }, state: 'waiting', isReady: true },
      { send: { type: 'lookDue' }, state: 'waiting', isReady: true },
      { send: { type: 'loaded' }, state: 'watching', isReady: true },
      { send: stop, state: 'stopped' },
    ],
  },
  {
    title: 'stops in every state',
    steps: [
      { state: 'loading', effects: ['effect.load'] },
      { send: { type: 'late' }, state: 'waiting', isReady: true },
      { send: stop, state: 'stopped' },
    ],
  },
  {
    title: 'stops while it loads',
    steps: [
      { state: 'loading', effects: ['effect.load'] },
      { send: stop, state: 'stopped' },
    ],
  },
];

describeMachines([
  ['the sessions', sessionsMachine, sessions],
  ['HTTP', httpMachine, http],
  ['telemetry', telemetryMachine, telemetry],
]);
