import type { ConnectionReportView } from '../../../src-shared/contract/index.ts';
import { Badge, EmptyState, SafeText } from '../../components/index.ts';
import { capabilityColumns, testWords } from './connection-words.ts';
import classes from './connections.module.css';

function Cell(props: { readonly value: boolean | string }) {
  const { value } = props;
  if (typeof value === 'string') return <SafeText text={value} />;
  return value ? <span className={classes.yes}>✓ yes</span> : <span className="muted">– no</span>;
}

/** What the server said about itself: problems first, then what it can do, per kind of resource. */
export function TestResult(props: { readonly report: ConnectionReportView }) {
  const { report } = props;
  const resources = Object.entries(report.resources).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <div className={classes.result} role="status">
      <p>
        <Badge
          tone={report.ok ? 'ok' : 'bad'}
          sign={report.ok ? '✓' : '×'}
          word={report.ok ? 'answers as it must' : 'cannot be used as it is'}
        />{' '}
        <SafeText text={testWords(report)} />
      </p>
      {report.problems.length === 0 ? null : (
        <ul className={classes.problems} aria-label="Problems">
          {report.problems.map((problem, index) => (
            <li key={index}>
              <SafeText text={problem} />
            </li>
          ))}
        </ul>
      )}
      {resources.length === 0 ? (
        <EmptyState title="The server names no kind of resource">Nothing can be written to it.</EmptyState>
      ) : (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label={`What ${report.connection} says it can do`}>
          <table className={classes.matrix}>
            <thead>
              <tr>
                <th scope="col">Resource</th>
                {capabilityColumns.map(({ name, meaning }) => (
                  <th key={name} scope="col" title={meaning}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {resources.map(([type, capability]) => (
                <tr key={type}>
                  <th scope="row">
                    <SafeText text={type} />
                  </th>
                  {capabilityColumns.map(({ name, can }) => (
                    <td key={name}>
                      <Cell value={can(capability)} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="muted small">This is what the server declares. What it really does shows when writes are read back.</p>
    </div>
  );
}
