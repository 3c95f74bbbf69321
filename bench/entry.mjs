// The entry that every benchmark of ingest writes: about 250 bytes on the wire, or as many as asked for.
const FIELDS_BYTES = 70;

export function newEntry(bytes = 250) {
  return {
    level: 'Info',
    component: 'bench',
    message: 'm'.repeat(bytes - FIELDS_BYTES),
    metadata: { user: 42, request: 'a1b2c3d4' },
  };
}

/** The same as a line of JSON with its time, as programs without codi write it. */
export function jsonLine(entry) {
  return JSON.stringify({ timestamp: new Date().toISOString(), ...entry });
}
