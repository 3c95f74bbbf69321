import type { TopFrameView } from '../../protocol/debug/actor-views.ts';
import type { PeerUser } from '../../protocol/peer-user.ts';
import type { System } from '../../supervisor/index.ts';

/** What somebody did to the tree through the debug socket, or was refused. */
export interface DebugAct {
  verb: 'kill' | 'restart' | 'stop' | 'suspend' | 'resume' | 'replay';
  /** Path of an actor; of a replay the addressee, or `deadletters`. */
  subject: string;
  outcome: 'done' | 'refused';
  /** Epoch, reason given, whether it counts, until when, what became of letters, why it was refused. */
  data: Record<string, string | number | boolean>;
  /** Who wanted it, where that can be told. */
  peer: PeerUser | undefined;
}

/** What the debug actor needs from outside. */
export interface DebugPorts {
  /** Asked for at each use: it is made after the specs. */
  system(): System;
  /** Reports since the start of the system, also those before this incarnation. */
  reportCount(): number;
  /** Called after each report; returns the removal. */
  onReport(listener: (kind: string) => void): () => void;
  /** Numbers of the process since the last call; `endMeasuring` when nobody looks any more. */
  measure(): Omit<TopFrameView['process'], 'uptime_ms'>;
  endMeasuring(): void;
  service(): TopFrameView['service'];
  /** process.getActiveResourcesInfo(), counted. */
  handles(): Record<string, number>;
  recordAct(act: DebugAct): void;
  startedAtMs: number;
  canWrite: boolean;
  /** Of one trace; what comes faster is left out and counted. */
  traceEventsPerSecond: number;
}
