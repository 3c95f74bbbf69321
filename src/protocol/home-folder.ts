import { homedir } from 'node:os';

/** Of this user. Who has neither HOME nor an entry in the list of users, as in containers, is at home in `/`. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
