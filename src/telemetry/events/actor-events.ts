import { defineEvent, number, object, oneOf, optional, text } from '../event-definition.ts';
import { ACTOR_KINDS, actorKindOf } from '../actor-kinds.ts';
import { REPORT_KINDS } from '../labels.ts';

const path = text('Path of the actor in the tree.');
const kind = optional(oneOf('Kind of the actor, by its place in the tree.', ACTOR_KINDS));
const epoch = number('Incarnation, from 1; grows by one with each restart.');

/** What every report of the supervisors carries. */
interface Reported {
  path: string;
  kind: (typeof REPORT_KINDS)[number];
}

export const ACTOR_EVENTS = {
  ActorStarted: defineEvent({
    level: 'debug',
    sentence: 'Actor {path} started.',
    fields: { path, epoch },
    metrics: [
      { name: 'codi_actor_starts_total', type: 'counter', help: 'Starts of actors of any kind.' },
    ],
    repeatedBy: ['path'],
  }),
  ActorExited: defineEvent({
    level: 'warn',
    sentence: 'Actor {path} ended: {reason}.',
    fields: { path, epoch, reason: text('How it ended.'), kind },
    complete: (fields) => ({ ...fields, kind: actorKindOf(fields.path) }),
    metrics: [
      {
        name: 'codi_actor_exits_total',
        type: 'counter',
        help: 'Actors that ended without being asked to, or did not start.',
        labels: ['kind'],
        startsAtZero: true,
      },
    ],
    repeatedBy: ['path'],
  }),
  ActorRestarted: defineEvent({
    level: 'info',
    sentence: 'Actor {path} is back after {afterMs} ms.',
    fields: {
      path,
      epoch,
      reason: text('How the incarnation before it ended.'),
      afterMs: number('From the exit to readiness, in milliseconds.'),
      kind,
    },
    complete: (fields) => ({ ...fields, kind: actorKindOf(fields.path) }),
    metrics: [
      {
        name: 'codi_actor_restarts_total',
        type: 'counter',
        help: 'Actors that were restarted.',
        labels: ['kind'],
        startsAtZero: true,
      },
      {
        name: 'codi_actor_recovery_duration_seconds',
        type: 'histogram',
        help: 'Time from the exit of an actor to its readiness.',
        value: ({ afterMs }) => afterMs / 1000,
        buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
      },
    ],
    repeatedBy: ['path'],
  }),
  ActorParked: defineEvent({
    level: 'error',
    sentence: 'Actor {path} spent its restart budget and is parked.',
    fields: { path, kind },
    complete: (fields) => ({ ...fields, kind: actorKindOf(fields.path) }),
    metrics: [
      {
        name: 'codi_actor_parks_total',
        type: 'counter',
        help: 'Actors that were given up.',
        labels: ['kind'],
      },
    ],
    repeatedBy: ['path'],
  }),
  SupervisorMeltdown: defineEvent({
    level: 'error',
    sentence: 'Supervisor {path} gave up: too many restarts.',
    fields: { path },
    metrics: [
      {
        name: 'codi_supervisor_meltdowns_total',
        type: 'counter',
        help: 'Supervisors that restarted too often and gave up.',
      },
    ],
    repeatedBy: ['path'],
  }),
  SupervisorReported: defineEvent({
    level: 'warn',
    sentence: 'A supervisor reports: {kind}.',
    fields: {
      report: object('The report as the supervisor gave it.'),
      path: optional(path),
      kind: optional(oneOf('What it is about.', REPORT_KINDS)),
    },
    complete: ({ report }) => ({ ...(report as Reported), report }),
    metrics: [
      {
        name: 'codi_supervisor_reports_total',
        type: 'counter',
        help: 'What supervisors reported beside starts, exits and restarts.',
        labels: ['kind'],
        startsAtZero: true,
      },
    ],
    repeatedBy: ['path', 'kind'],
  }),
} as const;
