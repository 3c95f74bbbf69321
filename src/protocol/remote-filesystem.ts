/** statfs(2) f_type of file systems whose changes by others the kernel does not announce. */
const REMOTE = new Map<number, string>([
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x00c36400, 'ceph'],
  [0x5346414f, 'afs'],
]);

/** The name of a file system that is elsewhere, or in another program; undefined for all others. */
export function remoteFilesystem(type: number | undefined): string | undefined {
  return type === undefined ? undefined : REMOTE.get(type >>> 0);
}
