import type { Socket } from 'node:net';

/** A process at the other end of a Unix socket, as it was when it connected. */
export interface PeerUser {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

/** Of a descriptor; undefined where it cannot be told. */
export type ReadPeerUser = (fd: number) => PeerUser | undefined;

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: pid, uid and gid. */
const UCRED_BYTES = 12;

/** The part of koffi that is used. */
interface Koffi {
  load(path: string | null): { func(prototype: string): (...args: unknown[]) => number };
}

/**
 * Who is at the other end of a Unix socket (SO_PEERCRED). Node has no call for it, so it goes through koffi, where that
 * is installed; without it, or elsewhere than on Linux, nobody is known.
 */
export async function openPeerUsers(
  platform: string,
): Promise<{ isKnown: boolean; read: ReadPeerUser }> {
  const getsockopt = platform === 'linux' ? await loadGetsockopt() : undefined;
  if (!getsockopt) return { isKnown: false, read: () => undefined };
  return {
    isKnown: true,
    read: (fd) => {
      if (fd < 0) return undefined;
      const credentials = Buffer.alloc(UCRED_BYTES);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(UCRED_BYTES);
      const result = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length);
      if (result !== 0 || length.readUInt32LE() !== UCRED_BYTES) return undefined;
      const [pid, uid, gid] = new Uint32Array(new Uint8Array(credentials).buffer);
      return { pid: pid!, uid: uid!, gid: gid! };
    },
  };
}

/** For the ledger and for logs. */
export function describeUser(user: PeerUser | undefined): string {
  return user ? `uid ${user.uid}, pid ${user.pid}` : 'user unknown';
}

/** Node has no name for it; -1 when this version has none, and when there is none any more. */
export function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: unknown } | null };
  return typeof handle?.fd === 'number' ? handle.fd : -1;
}

async function loadGetsockopt() {
  // By a variable, because it need not be there, for the compiler either.
  const name = 'koffi';
  try {
    const module = (await import(name)) as { default: Koffi };
    const library = module.default.load(null);
    return library.func(
      'int getsockopt(int fd, int level, int option, _Out_ uint8_t *value, _Inout_ uint8_t *length)',
    );
  } catch {
    return undefined;
  }
}
