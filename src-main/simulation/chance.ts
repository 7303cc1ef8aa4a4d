/**
 * Chance from a seed: the same label under the same seed gives the same draws on every machine, whatever else was drawn
 * before. So an operation or a fault can be taken out of a run without changing the chance of the others.
 */
export class Chance {
  private readonly label: string;
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(label: string) {
    this.label = label;
    [this.a, this.b, this.c, this.d] = mix(label);
  }

  /** Chance of its own for a part; does not depend on what has been drawn here. */
  part(label: string): Chance {
    return new Chance(`${this.label}/${label}`);
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.next() / 4_294_967_296;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  /** True so often in the long run. */
  happens(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.between(0, list.length - 1)];
    if (one === undefined) throw new RangeError('nothing to pick from');
    return one;
  }

  // sfc32 (PractRand): small, fast, 128 bits of state.
  private next(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + sum) | 0;
    return sum >>> 0;
  }
}

/** Running hash of a text: two 32-bit lanes, for seeds and traces, not against anyone. */
export class RunningHash {
  private high = 0xdeadbeef;
  private low = 0x41c6ce57;

  add(text: string): void {
    let { high, low } = this;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      high = Math.imul(high ^ code, 2_654_435_761);
      low = Math.imul(low ^ code, 1_597_334_677);
    }
    this.high = Math.imul(high ^ (high >>> 15), 2_246_822_507);
    this.low = Math.imul(low ^ (low >>> 13), 3_266_489_909);
  }

  /** 16 hexadecimal digits. */
  text(): string {
    return [this.high, this.low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/** The sum of no hashes. */
export const noHash = '0'.repeat(16);

/** Of two hashes of 16 hexadecimal digits, one that does not depend on their order: what ran in parts adds up to the whole. */
export function sumOfHashes(a: string, b: string): string {
  const half = (at: number): string =>
    ((Number.parseInt(a.slice(at, at + 8), 16) + Number.parseInt(b.slice(at, at + 8), 16)) >>> 0).toString(16).padStart(8, '0');
  return half(0) + half(8);
}

function mix(label: string): [number, number, number, number] {
  const state: number[] = [];
  for (let lane = 0; lane < 4; lane += 1) {
    let hash = 0x811c9dc5 ^ (lane * 0x9e3779b9);
    for (let at = 0; at < label.length; at += 1) {
      hash = Math.imul(hash ^ label.charCodeAt(at), 0x01000193);
      hash ^= hash >>> 13;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    state.push((hash ^ (hash >>> 13)) | 0);
  }
  const [a = 0, b = 0, c = 0, d = 0] = state;
  return [a, b, c, d | 1];
}
