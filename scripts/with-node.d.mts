import type { SpawnOptions } from 'node:child_process';

export function platformPackage(platform?: string, arch?: string): { name: string; program: string } | null;
export function stripsTypes(version: string): boolean;
export function node24Path(): string | null;
export function nodeMissingText(): string;
export function isNode24(): boolean;
export function runInstead(program: string, args: readonly string[], options?: SpawnOptions): void;
