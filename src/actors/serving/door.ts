import type { RequestKind } from '../../protocol/kinds.ts';
import { describeUser, type PeerUser } from '../../protocol/peer-user.ts';
import { SCOPE_OF, type Scope } from '../../protocol/scopes.ts';

/** What somebody may do. */
export interface Grant {
  readonly scopes: readonly Scope[];
  /** Whether the requests of the original protocol are allowed whatever their scope. */
  readonly hasOriginal: boolean;
}

/** A way into the daemon. */
export interface Door {
  readonly name: 'unix' | 'legacy' | 'tcp';
  /** What is allowed without a token; absent: nothing, Hello has to bring one. */
  readonly grant?: Grant;
  /** Whether Hello is taken. Without it there are only the requests of the original protocol. */
  readonly takesHello: boolean;
}

/** Who is at the other end, as far as the kernel tells. */
export interface Peer {
  readonly transport: 'unix' | 'tcp' | 'tls';
  /** Of a peer on TCP; its port tells connections apart. */
  readonly address?: string;
  readonly port?: number;
  /** Of a peer on a Unix socket, where the system and the installation can tell. */
  readonly user?: PeerUser;
}

/** Requests that the original protocol has, or has an answer for. */
export const ORIGINAL_REQUESTS: ReadonlySet<RequestKind> = new Set([
  'LogEntry',
  'StartMonitoring',
  'StopMonitoring',
  'SessionStart',
  'SessionEnd',
  'QueryLogs',
  'Health',
]);

/** Everything: who opens the private socket has the rights of its owner anyway. */
export const OWNER: Grant = { scopes: ['admin'], hasOriginal: true };
/** Only what the original protocol could do. */
export const ORIGINAL_ONLY: Grant = { scopes: [], hasOriginal: true };
/** Somebody on this machine, when the owner has decided that nobody is asked who he is. */
export const NO_TOKEN: Grant = { scopes: ['read', 'write'], hasOriginal: true };

/** The scope that is missing, or undefined when this is allowed. */
export function missingScope(grant: Grant, kind: RequestKind): Scope | undefined {
  const scope = SCOPE_OF[kind];
  if (scope === null || (grant.hasOriginal && ORIGINAL_REQUESTS.has(kind))) return undefined;
  return grant.scopes.includes(scope) || grant.scopes.includes('admin') ? undefined : scope;
}

/** For the ledger, logs and the debug socket. */
export function describePeer(peer: Peer, token?: { id: string; name: string }): string {
  const { transport, address, port, user } = peer;
  const by = token ? `token ${token.name} (${token.id}), ` : '';
  if (transport !== 'unix') return `${by}${transport} ${address ?? '?'}:${port ?? '?'}`;
  return `${by}unix socket, ${describeUser(user)}`;
}
