import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { askTokens } from './token-source.ts';

/** `codi token revoke` */
export async function revokeToken(
  name: string,
  id: string | undefined,
  invocation: Invocation,
): Promise<void> {
  const { globals, out } = invocation;
  const { ids, closed } = await askTokens('RevokeToken', { name, id: id ?? null }, invocation);
  if (globals.json) return out.json({ name, ids, closed });
  if (globals.quiet) return;
  const connections = closed === 1 ? '1 connection' : `${closed} connections`;
  const tokens = ids.length === 1 ? 'token' : `${ids.length} tokens`;
  await out.line(`${tokens} ${safeText(name)} revoked, ${connections} closed`);
}
