// The parts of the admin page, and who may see each.
import type { Role } from '../../api';

export interface Part {
  id: string;
  label: string;
  /** Wanted everywhere; without it, everybody who is logged in. */
  role?: Role;
}

export const PARTS: Part[] = [
  { id: 'users', label: 'Users', role: 'admin' },
  { id: 'tokens', label: 'Tokens' },
  { id: 'secrets', label: 'Secrets', role: 'author' },
  { id: 'pools', label: 'Pools', role: 'viewer' },
  { id: 'audit', label: 'Audit', role: 'admin' },
  { id: 'backup', label: 'Backup', role: 'admin' },
  { id: 'health', label: 'Health', role: 'viewer' },
  { id: 'about', label: 'About' },
];
