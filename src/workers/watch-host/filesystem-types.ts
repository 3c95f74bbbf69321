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

/** Views of kernel state: no files, no end, no events. */
const PSEUDO = new Set([
  0x9fa0, // proc
  0x62656572, // sysfs
  0x27e0eb, // cgroup
  0x63677270, // cgroup2
  0x1cd1, // devpts
  0x64626720, // debugfs
  0x74726163, // tracefs
  0x73636673, // securityfs
  0xcafe4a11, // bpf
  0x6165676c, // pstore
  0xf97cff8c, // selinuxfs
  0x42494e4d, // binfmt_misc
]);

/** Why the file system can only be polled; undefined for all others. */
export function pollReason(type: number | undefined): string | undefined {
  const name = type === undefined ? undefined : REMOTE.get(type >>> 0);
  return name && `${name} does not announce changes made elsewhere`;
}

export function isPseudoFilesystem(type: number | undefined): boolean {
  return type !== undefined && PSEUDO.has(type >>> 0);
}
