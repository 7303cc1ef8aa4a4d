import { ledgerContract } from '../testing/contract.ts';
import { sqliteStore } from '../testing/sqlite-store.ts';

ledgerContract('SQLite', sqliteStore);
