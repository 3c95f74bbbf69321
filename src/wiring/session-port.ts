import type { SessionBook } from '../actors/coordination/session-book.ts';
import { foldersOf, textOf } from '../actors/coordination/session-folders.ts';
import type { SessionPort } from '../actors/serving/ports.ts';
import type { RequestBook } from '../actors/storage/request-book.ts';
import { stringifyJson } from '../protocol/json-text.ts';
import { timestampFromMs, type Timestamp } from '../protocol/timestamp.ts';
import type { StateCommand } from '../workers/storage/state.messages.ts';

export interface SessionPortParts {
  book: RequestBook<StateCommand>;
  sessions: SessionBook;
  nowMs(): number;
}

/** Sessions, kept by the state writer; what it has committed, the book of working sessions is told. */
export function sessionPort({ book, sessions, nowMs }: SessionPortParts): SessionPort {
  return {
    start: async (body, context, requestId, at = timestampFromMs(nowMs())) => {
      const { session_id: sessionId, metadata } = body;
      const tenantId = context.tenantId ?? textOf(metadata, 'tenant_id') ?? null;
      const userId = context.userId ?? textOf(metadata, 'user_id') ?? null;
      await book.request({
        type: 'sessionStart',
        requestId,
        sessionId,
        identity: body.identity,
        agentType: body.agent_type ?? null,
        metadata: metadata == null ? null : stringifyJson(metadata),
        tenantId,
        userId,
        at,
      });
      sessions.begin({
        sessionId,
        folders: foldersOf(metadata),
        startedMs: unixMs(at),
        parentId: textOf(metadata, 'parent_session_id'),
        tenantId,
        userId,
      });
    },
    end: async (sessionId, requestId, at = timestampFromMs(nowMs())) => {
      await book.request({ type: 'sessionEnd', sessionId, requestId, at });
      sessions.end(sessionId, unixMs(at));
    },
  };
}

function unixMs({ seconds, nanos }: Timestamp): number {
  return seconds * 1_000 + nanos / 1_000_000;
}
