import type { BodyOf } from '../../protocol/messages.ts';
import type { SessionEndRequest } from './ports.ts';

/** What SessionEnd says. */
export function sessionEnd(body: BodyOf<'SessionEnd'>): SessionEndRequest {
  const { session_id: sessionId, ended_by: by, exit_code: code, exit_signal: signal } = body;
  const end = { by: by ?? 'client', exitCode: code ?? null, exitSignal: signal ?? null } as const;
  return { sessionId, end };
}
