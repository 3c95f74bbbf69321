/** Whether the system watches whole trees itself; on Linux a recursive watch is one watch for each directory, too. */
export const HAS_RECURSIVE_WATCHES = process.platform !== 'linux';
