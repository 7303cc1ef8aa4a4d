import { hex, utf8, type PreparedRecord, type Sha256 } from '../../../src-shared/domain/index.ts';

export type RequestBytes = Pick<PreparedRecord, 'method' | 'path' | 'headers' | 'body'>;

/**
 * SHA-256 over the request as it will leave: method, path, headers by name, an empty line, body. A line end cannot stand
 * in any part before the body, so no two requests give the same bytes.
 */
export function requestSha256(sha256: Sha256, request: RequestBytes): string {
  const names = Object.keys(request.headers).sort();
  const lines = names.map((name) => `${name}:${request.headers[name] ?? ''}\n`).join('');
  return hex(sha256(utf8(`${request.method}\n${request.path}\n${lines}\n${request.body}`)));
}
