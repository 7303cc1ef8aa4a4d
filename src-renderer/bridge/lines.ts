/** Takes pieces of NDJSON as they come and gives the whole lines; what is left over waits for the next piece. */
export function lineReader(): (piece: string) => readonly string[] {
  let rest = '';
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    return lines.filter((line) => line.trim() !== '');
  };
}

/** How long to wait before trying again, after this many failures in a row: doubling, from half a second to ten. */
export function reconnectDelayMs(failures: number): number {
  return Math.min(10_000, 500 * 2 ** Math.min(failures, 10));
}
