// Opens a store as its writer does, in a process of its own, so that it can be killed in the middle of a migration.
import process from 'node:process';
import { openForWriting } from '#codi/workers/storage/open-database.js';

const [path, kind] = process.argv.slice(2);
openForWriting(path, kind).close();
