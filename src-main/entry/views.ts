import type { Output } from './outputs.ts';
import type { Source } from '../../src-shared/domain/index.ts';

export {
  connectionView,
  findingView,
  isoTime,
  layered,
  personView,
  timelineEntry,
  windowView,
  writeDetail,
  writeSummary,
} from '../bridge/index.ts';

export function sourceView(source: Source): Output<'source-list'> {
  const { name, tenants, types, origin, approvals, owner, active } = source;
  return {
    name,
    tenants: tenants === null ? null : [...tenants],
    types: types === null ? null : [...types],
    origin,
    approvals,
    owner,
    active,
  };
}
