import type { ExitReason, Report } from '#codi/supervisor/index.js';
import { ReportDesk, type Restart } from '#codi/wiring/report-desk.js';
import { beforeEach, expect, test } from 'vitest';
import { rememberTelemetry, type TelemetryLog } from '../../support/actor-world.ts';

const KILLED: ExitReason = { kind: 'killed', by: 'operator' };

let log: TelemetryLog;
let desk: ReportDesk;
let restarts: Restart[];

function exited(path: string, reason: ExitReason, willRestart = true): void {
  desk.take({ at: 1, kind: 'childExited', path, epoch: 1, reason, willRestart, delayMs: 0 });
}

function restarted(path: string, at = 2): void {
  desk.take({ at, kind: 'childRestarted', path, epoch: 2, afterMs: 3 });
}

beforeEach(() => {
  log = rememberTelemetry();
  desk = new ReportDesk(log.telemetry);
  restarts = [];
  desk.onRestart((restart) => restarts.push(restart));
});

test('A restart is told with the reason of the exit before it.', () => {
  desk.take({ at: 0, kind: 'childStarted', path: 'a', epoch: 1 });
  exited('a', KILLED);
  restarted('a');
  restarted('b');
  expect(log.names()).toEqual(['ActorStarted', 'ActorExited', 'ActorRestarted', 'ActorRestarted']);
  expect(restarts.map(({ path, reason }) => [path, reason])).toEqual([
    ['a', 'killed by operator'],
    ['b', 'restarted with its group'],
  ]);
});

test('Clean ends are no news.', () => {
  exited('a', { kind: 'normal' }, false);
  exited('a', { kind: 'shutdown' }, false);
  expect(log.names()).toEqual([]);
});

test('Of a child that will not come back nothing is kept.', () => {
  exited('client', KILLED, false);
  restarted('client');
  expect(restarts[0]?.reason).toBe('restarted with its group');
  const failed = { at: 1, kind: 'startFailed', path: 'b', epoch: 1, reason: KILLED, delayMs: 0 };
  desk.take({ ...failed, willRetry: true } as Report);
  desk.take({ ...failed, willRetry: false } as Report);
  restarted('b');
  expect(restarts[1]?.reason).toBe('restarted with its group');
});

test('The summary holds the last hour, and a bounded number.', () => {
  for (let count = 0; count < 300; count++) restarted('a', count);
  const summary = desk.summary(3_600_000 + 200);
  expect([summary.total, summary.last_hour.length]).toEqual([300, 99]);
  expect(desk.summary(0).last_hour).toHaveLength(200);
});

test('Everything else a supervisor reports becomes an event.', () => {
  desk.take({ at: 1, kind: 'parked', path: 'a' });
  desk.take({ at: 1, kind: 'meltdown', path: 'core' });
  desk.take({ at: 1, kind: 'deadLetter', path: 'a', count: 1 });
  expect(log.names()).toEqual(['ActorParked', 'SupervisorMeltdown', 'SupervisorReported']);
});
