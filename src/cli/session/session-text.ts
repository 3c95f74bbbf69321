import type { SessionRow } from '../../protocol/messages.ts';
import { showDuration } from '../amounts.ts';
import { showMoment } from '../clock-text.ts';
import { labelledLines } from '../labelled-lines.ts';
import { metadataText } from '../row-lines.ts';
import { safeText } from '../safe-text.ts';
import type { Style } from '../style.ts';

/** Beside the words of the row: whether it runs, and for how long it did. */
export function sessionFacts(row: SessionRow, nowMs: number) {
  const endMs = row.ended_at == null ? nowMs : Date.parse(row.ended_at);
  return {
    state: row.ended_at == null ? ('active' as const) : ('ended' as const),
    duration_ms: Math.max(0, endMs - Date.parse(row.started_at)),
  };
}

/** `run: exit 3`, `run: SIGTERM`, `timeout`, `client`; empty while it runs, or where nobody has said. */
export function endWords({ ended_by, exit_code, exit_signal }: SessionRow): string {
  const exit = exit_signal ?? (exit_code == null ? undefined : `exit ${exit_code}`);
  return [ended_by, exit]
    .filter((part) => part != null)
    .map((part) => safeText(part))
    .join(': ');
}

/** What stands above a timeline. */
export function sessionHead(row: SessionRow, nowMs: number, style: Style): string[] {
  const { state, duration_ms } = sessionFacts(row, nowMs);
  const { command, cwd, workspace, parent_session_id: parent, ...rest } = mapOf(row.metadata);
  const ended = row.ended_at == null ? undefined : showMoment(row.ended_at, nowMs);
  const who = [row.identity, row.agent_type].filter((part) => part != null && part !== '');
  const by = [endWords(row), row.ended_who].filter((part) => part != null && part !== '');
  return [
    style.bold(`session ${safeText(row.session_id)}`),
    ...labelledLines(
      [
        ['who', who.map((part) => safeText(part!)).join(', ')],
        ['within', typeof parent === 'string' ? safeText(parent) : undefined],
        ['started', showMoment(row.started_at, nowMs)],
        [state, ended === undefined ? `for ${showDuration(duration_ms)}` : ended],
        ['lasted', ended === undefined ? undefined : showDuration(duration_ms)],
        ['end', by.length === 0 ? undefined : by.map((part) => safeText(part!)).join(', by ')],
        ['command', Array.isArray(command) ? command.map(shellWord).join(' ') : undefined],
        ['folder', folderOf(cwd ?? workspace)],
        ['facts', Object.keys(rest).length === 0 ? undefined : metadataText(rest)],
        ['tenant', row.tenant_id == null ? undefined : safeText(row.tenant_id)],
        ['user', row.user_id == null ? undefined : safeText(row.user_id)],
      ],
      style,
    ),
  ];
}

/** A word of a command line, quoted where a shell would want it. */
function shellWord(word: unknown): string {
  const text = typeof word === 'string' ? word : (JSON.stringify(word) ?? '');
  const isPlain = /^[\w@%+=:,./…-]+$/.test(text);
  return safeText(isPlain ? text : `'${text.replaceAll("'", "'\\''")}'`);
}

function folderOf(value: unknown): string | undefined {
  return typeof value === 'string' ? safeText(value) : undefined;
}

function mapOf(metadata: unknown): Record<string, unknown> {
  const isMap = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  return isMap ? (metadata as Record<string, unknown>) : {};
}
