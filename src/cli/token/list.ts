import { showClock } from '../clock-text.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { askTokens } from './token-source.ts';

/** `codi token list` */
export async function listTokens(invocation: Invocation): Promise<void> {
  const { globals, io, out, style } = invocation;
  const { tokens } = await askTokens('ListTokens', {}, invocation);
  if (globals.json) {
    for (const token of tokens) await out.json({ ...token });
    return;
  }
  if (tokens.length === 0) return invocation.note('no tokens');
  const nowMs = io.nowMs();
  const clock = (time: string | null | undefined, absent: string) =>
    time == null ? absent : showClock(time, nowMs);
  const cells = tokens.map((token) => {
    const isOver = token.expires_at != null && Date.parse(token.expires_at) <= nowMs;
    const expires = clock(token.expires_at, 'never');
    return [
      safeText(token.name),
      token.id,
      token.scopes.join(','),
      clock(token.created_at, '-'),
      isOver ? `${expires}, over` : expires,
      clock(token.last_used_at, 'never'),
      safeText(token.last_used_from ?? '-'),
    ];
  });
  const titles = ['NAME', 'ID', 'SCOPES', 'CREATED', 'EXPIRES', 'LAST USED', 'FROM'];
  await out.lines(
    tableLines(
      titles.map((title) => ({ title })),
      cells,
      style.dim,
    ),
  );
}
