import type { SessionOf } from '../actors/exports/export-ports.ts';
import { showBytePath } from '../protocol/byte-path.ts';
import type { SessionRow } from '../protocol/messages.ts';

/** Keys of a session's metadata that say where it works. */
const PLACES = ['cwd', 'workspace'] as const;
/** File times are those of the last tick of the kernel's clock. */
const CLOCK_STEP_MS = 10;

/** For what the book of sessions does not know: the only active session in a folder around a file, begun before it. */
export function activeSessionOf(active: () => Promise<readonly SessionRow[]>): SessionOf {
  return async ({ path, timeMs }) => {
    const shown = showBytePath(path).path;
    const fitting = (await active()).filter(
      (session) =>
        Date.parse(session.started_at) <= timeMs + CLOCK_STEP_MS && worksAround(session, shown),
    );
    const [only] = fitting;
    if (!only || fitting.length > 1) return undefined;
    const { session_id: id, tenant_id, user_id } = only;
    return { id, by: 'path', tenantId: tenant_id ?? null, userId: user_id ?? null };
  };
}

function worksAround({ metadata }: SessionRow, path: string): boolean {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return false;
  return PLACES.some((key) => {
    const place = metadata[key];
    if (typeof place !== 'string' || !place.startsWith('/')) return false;
    return path.startsWith(place.endsWith('/') ? place : `${place}/`);
  });
}
