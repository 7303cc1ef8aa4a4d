import { useSyncExternalStore } from 'react';
import { splitFragment } from '../components/index.ts';

/**
 * The address behind `#`, path and query both, for the router. (The router's own hash location keeps the query in front
 * of the `#`, where it would reach a server and would not be part of a copied address.)
 */

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  window.addEventListener('popstate', listener);
  return () => {
    window.removeEventListener('hashchange', listener);
    window.removeEventListener('popstate', listener);
  };
}

function navigate(to: string, options: { readonly replace?: boolean } = {}): void {
  const { path, search } = splitFragment(to);
  const fragment = `#${path}${search === '' ? '' : `?${search}`}`;
  if (window.location.hash === fragment) return;
  if (options.replace === true) window.history.replaceState(null, '', fragment);
  else window.history.pushState(null, '', fragment);
  // Neither call tells anybody by itself.
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

const currentPath = (): string => splitFragment(window.location.hash).path;
const currentSearch = (): string => splitFragment(window.location.hash).search;

/** The router's path, and how to go elsewhere. */
export function useFragmentPath(): [string, typeof navigate] {
  return [useSyncExternalStore(subscribe, currentPath), navigate];
}
useFragmentPath.hrefs = (href: string): string => `#${href}`;

/** The router's query, without the question mark. */
export function useFragmentSearch(): string {
  return useSyncExternalStore(subscribe, currentSearch);
}
