export interface Lockfile {
  readonly packages?: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}
export const projectRoot: string;
export function packagesToInstall(lockfile: Lockfile, installed: Lockfile | null): string[];
export function ensureInstalled(root?: string): number;
