import { Link, Redirect, Route, Switch } from 'wouter';
import { EmptyState, Panel, Screen } from '../components/index.ts';
import { ApprovalsScreen } from '../features/approvals/index.ts';
import { ConnectionsScreen } from '../features/connections/index.ts';
import { QueueScreen } from '../features/queue/index.ts';
import { TodayScreen } from '../features/today/index.ts';
import { WriteScreen } from '../features/write/index.ts';
import { useMe } from '../stores/index.ts';
import { firstPlace } from './places.ts';

/** The screen at the present address. */
export function Screens() {
  const me = useMe();
  return (
    <Switch>
      <Route path="/">
        <Redirect to={firstPlace(me)} replace />
      </Route>
      <Route path="/today" component={TodayScreen} />
      <Route path="/queue/:tab?" component={QueueScreen} />
      <Route path="/write/:id" component={WriteScreen} />
      <Route path="/approvals/:id?" component={ApprovalsScreen} />
      <Route path="/connections" component={ConnectionsScreen} />
      <Route>
        <Screen windowTitle="Not found" title="Nothing here">
          <Panel title="There is no screen at this address">
            <EmptyState title="The address may be old, or part of it got lost.">
              Go to <Link href={firstPlace(me)}>the first screen</Link>, or look for a write with Ctrl K.
            </EmptyState>
          </Panel>
        </Screen>
      </Route>
    </Switch>
  );
}
