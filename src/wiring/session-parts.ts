import { SessionBook } from '../actors/coordination/session-book.ts';
import { SessionLives } from '../actors/coordination/session-lives.ts';
import type { Config } from '../config/schema.ts';
import { identifyProcess } from '../platform/process-watch.ts';
import { SessionDesk, type SessionDeskParts } from './session-desk.ts';

/** Who waited for a process says how it ended; so long its session waits for that. */
const PROCESS_GRACE_MS = 2_000;
/** Clients look for a new daemon every 5 s, and many have nothing to say for a while. */
const RETURN_MS = 5 * 60_000;
/** Reading of a process takes some 20 microseconds. */
const LOOKS_MAX = 200;

export interface SessionParts {
  /** Which session worked where, and when. */
  sessions: SessionBook;
  /** Which sessions run, and when they were heard of. */
  lives: SessionLives;
  sessionDesk: SessionDesk;
}

export function sessionParts({
  config,
  ...ports
}: Pick<SessionDeskParts, 'book' | 'clock' | 'telemetry'> & { config: Config }): SessionParts {
  const sessions = new SessionBook(config.limits.rememberedSessionCount);
  const lives = new SessionLives({
    timeoutMs: config.general.sessionTimeoutMs,
    processGraceMs: PROCESS_GRACE_MS,
    returnMs: RETURN_MS,
    looksMax: LOOKS_MAX,
  });
  const sessionDesk = new SessionDesk({
    ...ports,
    worked: sessions,
    lives,
    identify: identifyProcess,
    sessionsMax: config.limits.sessionLimitCount,
  });
  return { sessions, lives, sessionDesk };
}
