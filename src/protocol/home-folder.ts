import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/**
 * Of this user, absolute: a HOME that is empty or relative would name another folder from each start folder. Who has
 * neither HOME nor an entry in the list of users, as in containers, is at home in `/`.
 */
export function homeFolder(): string {
  try {
    const named = homedir();
    return isAbsolute(named) ? named : userInfo().homedir;
  } catch {
    return '/';
  }
}
