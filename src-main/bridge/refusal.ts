import type { BoundaryCode } from '../../src-shared/contract/index.ts';

/** A handler's "no", in words for the person: what happened, whether the chart changed, what to do. */
export class Refusal {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly chart: 'unchanged' | 'may-have-changed';

  constructor(code: string, message: string, next: string, chart: 'unchanged' | 'may-have-changed' = 'unchanged') {
    this.code = code;
    this.message = sentence(message);
    this.next = sentence(next);
    this.chart = chart;
  }
}

export function boundaryRefusal(code: BoundaryCode, message: string, next: string): Refusal {
  return new Refusal(code, message, next);
}

/** Refusals of the domain are clauses; on a screen they stand alone. */
function sentence(text: string): string {
  if (text === '') return text;
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
