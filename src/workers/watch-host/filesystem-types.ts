import { remoteFilesystem } from '../../protocol/remote-filesystem.ts';

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
  const name = remoteFilesystem(type);
  return name && `${name} does not announce changes made elsewhere`;
}

export function isPseudoFilesystem(type: number | undefined): boolean {
  return type !== undefined && PSEUDO.has(type >>> 0);
}
