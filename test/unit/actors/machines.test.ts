// Every decision of an actor's lifecycle is in its machine. The scenarios say what each machine must decide;
// the mutants prove that no transition, guard, action, entry or tag could be missing unnoticed.
import { acceptorMachine } from '#codi/actors/serving/acceptor.machine.js';
import { connectionMachine } from '#codi/actors/serving/connection.machine.js';
import { spoolsMachine } from '#codi/actors/serving/spools.machine.js';
import { retentionMachine } from '#codi/actors/storage/retention.machine.js';
import { writerMachine } from '#codi/actors/storage/writer.machine.js';
import { rootsMachine } from '#codi/actors/watching/roots.machine.js';
import { watchHostMachine } from '#codi/actors/watching/watch-host.machine.js';
import { watcherMachine } from '#codi/actors/watching/watcher.machine.js';
import { closingMachine } from '#codi/supervisor/closing.machine.js';
import type { AnyStateMachine } from 'xstate';
import type { Scenario, Step } from '../../support/machine-scenarios.ts';
import { describeMachines } from '../../support/machine-suite.ts';

const stop = { type: 'sys.shutdown' };

const closingActor: Scenario[] = [
  {
    title: 'works until it is told to stop, and waits for what it gives back',
    steps: [
      { state: 'working', isReady: true },
      { send: stop, state: 'closing', effects: ['effect.close'] },
      { send: { type: 'closed' }, state: 'stopped' },
    ],
  },
  {
    title: 'closes once',
    steps: [
      { state: 'working', isReady: true },
      { send: stop, state: 'closing', effects: ['effect.close'] },
      { send: stop, state: 'closing' },
      { send: { type: 'closed' }, state: 'stopped' },
    ],
  },
];

const serving: Step = { state: 'serving', isReady: true, effects: ['effect.resume'] };
const refused = { type: 'refused', retryMs: 250 };
const refusing: Step = {
  send: refused,
  state: 'refusing',
  isReady: true,
  effects: ['effect.retryLater {"retryMs":250}'],
};
const closing: Step = { state: 'closing', effects: ['effect.stopThread'] };

const writer: Scenario[] = [
  {
    title: 'drains before it closes',
    steps: [
      serving,
      { send: stop, state: 'draining', effects: ['effect.finish'] },
      { ...closing, send: { type: 'drained' } },
      { send: { type: 'threadStopped' }, state: 'stopped' },
    ],
  },
  {
    title: 'waits as long as the disk says and then goes on',
    steps: [serving, refusing, { ...serving, send: { type: 'retryDue' } }],
  },
  {
    title: 'does not wait for a refusing disk',
    steps: [serving, refusing, { ...closing, send: stop }],
  },
  {
    title: 'gives up draining when the disk refuses',
    steps: [
      serving,
      { send: stop, state: 'draining', effects: ['effect.finish'] },
      { ...closing, send: refused },
    ],
  },
];

const watching: Step = { state: 'watching', isReady: true };
const watchHost: Scenario[] = [
  {
    title: 'stops its process when asked to',
    steps: [
      watching,
      { send: stop, state: 'stopping', effects: ['effect.stopProcess'] },
      { send: { type: 'processStopped' }, state: 'stopped' },
    ],
  },
];

const up = (state: string, effects: string[] = []): Step => ({
  state: `up.${state}`,
  isReady: true,
  effects,
});
const toWatching: Step[] = [
  up('waitingForHost', ['effect.lost']),
  { ...up('opening', ['effect.openRoot']), send: { type: 'hostUp' } },
  { ...up('loading', ['effect.sendIndex']), send: { type: 'rootOpened' } },
  { ...up('scanning'), send: { type: 'indexSent' } },
  { ...up('watching', ['effect.settled']), send: { type: 'watching' } },
];
const watcher: Scenario[] = [
  {
    title: 'starts again from the ledger with every new host',
    steps: [
      ...toWatching,
      { ...up('waitingForHost', ['effect.lost']), send: { type: 'hostDown' } },
      { ...up('opening', ['effect.openRoot']), send: { type: 'hostUp' } },
    ],
  },
  {
    title: 'follows its root when it goes and comes back',
    steps: [
      ...toWatching,
      { ...up('rootGone'), send: { type: 'rootGone' } },
      { ...up('watching', ['effect.settled']), send: { type: 'watching' } },
    ],
  },
  {
    title: 'takes a root that is away at the first look',
    steps: [...toWatching.slice(0, 4), { ...up('rootGone'), send: { type: 'rootGone' } }],
  },
  {
    title: 'tries again after a failure',
    steps: [
      ...toWatching.slice(0, 4),
      { ...up('failed', ['effect.retryLater']), send: { type: 'failed' } },
      { ...up('opening', ['effect.openRoot']), send: { type: 'retryDue' } },
    ],
  },
  {
    title: 'waits for what is under way before it stops',
    steps: [
      ...toWatching,
      { send: stop, state: 'draining', effects: ['effect.unwatch'] },
      { send: { type: 'flushed' }, state: 'stopped' },
    ],
  },
];

const open = (state: string): Step => ({ state: `open.${state}`, isReady: true });
const finishing: Step = { state: 'finishing', effects: ['effect.finish'] };
const ending: Step = { send: { type: 'answered' }, state: 'ending', effects: ['effect.end'] };
const closed: Step = { send: { type: 'socketClosed' }, state: 'closed' };
const connection: Scenario[] = [
  {
    title: 'owes its answers to a peer that sent its last byte',
    steps: [open('anonymous'), { ...finishing, send: { type: 'peerEnded' } }, ending, closed],
  },
  {
    title: 'ends live queries and answers when the daemon stops',
    steps: [
      open('anonymous'),
      { ...open('greeted'), send: { type: 'hello' } },
      { send: stop, state: 'finishing', effects: ['effect.stopFollows', 'effect.finish'] },
      ending,
    ],
  },
  {
    title: 'does not wait for a peer that leaves its last answers unread when the daemon stops',
    steps: [
      open('anonymous'),
      { ...finishing, send: { type: 'peerEnded' } },
      ending,
      { send: stop, state: 'ending', effects: ['effect.cut'] },
    ],
  },
  {
    title: 'ends live queries of a peer that only reads',
    steps: [
      open('anonymous'),
      { ...finishing, send: { type: 'peerEnded' } },
      { send: stop, state: 'finishing', effects: ['effect.stopFollows'] },
    ],
  },
  {
    title: 'tells a peer that broke the protocol and closes',
    steps: [
      open('anonymous'),
      {
        send: { type: 'broken', code: 'CODI_FRAME_INVALID' },
        state: 'refusing',
        effects: [
          'effect.refuse {"code":"CODI_FRAME_INVALID"}',
          'effect.stopFollows',
          'effect.finish',
        ],
      },
      ending,
    ],
  },
];

const acceptor: Scenario[] = [
  {
    title: 'listens, and closes when asked to',
    steps: [
      { state: 'binding', effects: ['effect.listen'] },
      { send: { type: 'listening' }, state: 'listening', isReady: true },
      { send: stop, state: 'closing', effects: ['effect.close'] },
      { send: { type: 'closed' }, state: 'stopped' },
    ],
  },
  {
    title: 'closes also while it binds',
    steps: [
      { state: 'binding', effects: ['effect.listen'] },
      { send: stop, state: 'closing', effects: ['effect.close'] },
    ],
  },
];

const roots: Scenario[] = [
  {
    title: 'serves when the stored paths are loaded',
    steps: [
      { state: 'loading', effects: ['effect.load'] },
      {
        send: { type: 'loaded' },
        state: 'serving',
        isReady: true,
        effects: ['effect.serveWaiting'],
      },
      { send: stop, state: 'stopped' },
    ],
  },
  {
    title: 'stops also while it loads',
    steps: [
      { state: 'loading', effects: ['effect.load'] },
      { send: stop, state: 'stopped' },
    ],
  },
];

const spools: Scenario[] = [
  {
    title: 'looks when something is due, and rests after it',
    steps: [
      { state: 'resting', isReady: true },
      { send: { type: 'due' }, state: 'draining', isReady: true, effects: ['effect.drain'] },
      { send: { type: 'finished' }, state: 'resting', isReady: true },
      { send: stop, state: 'stopped' },
    ],
  },
  {
    title: 'stops in the middle',
    steps: [
      { state: 'resting', isReady: true },
      { send: { type: 'due' }, state: 'draining', isReady: true, effects: ['effect.drain'] },
      { send: stop, state: 'closing', effects: ['effect.stop'] },
      { send: { type: 'finished' }, state: 'stopped' },
    ],
  },
];

const retention: Scenario[] = [
  {
    title: 'runs when something is due, and rests after it',
    steps: [
      { state: 'resting', isReady: true, effects: ['effect.rest'] },
      { send: { type: 'due' }, state: 'running', isReady: true, effects: ['effect.run'] },
      { send: { type: 'finished' }, state: 'resting', isReady: true, effects: ['effect.rest'] },
      { send: stop, state: 'closing', effects: ['effect.closePool'] },
      { send: { type: 'poolClosed' }, state: 'stopped' },
    ],
  },
  {
    title: 'does not wait for a run when it stops',
    steps: [
      { state: 'resting', isReady: true, effects: ['effect.rest'] },
      { send: { type: 'due' }, state: 'running', isReady: true, effects: ['effect.run'] },
      { send: stop, state: 'closing', effects: ['effect.closePool'] },
      { send: { type: 'poolClosed' }, state: 'stopped' },
    ],
  },
];

const MACHINES: [string, AnyStateMachine, Scenario[]][] = [
  ['a writer', writerMachine, writer],
  ['a watch host', watchHostMachine, watchHost],
  ['a watcher', watcherMachine, watcher],
  ['a connection', connectionMachine, connection],
  ['an acceptor', acceptorMachine, acceptor],
  ['the roots', rootsMachine, roots],
  ['an actor that closes', closingMachine('an actor', 'working'), closingActor],
  ['retention', retentionMachine, retention],
  ['the spools', spoolsMachine, spools],
];

describeMachines(MACHINES);
