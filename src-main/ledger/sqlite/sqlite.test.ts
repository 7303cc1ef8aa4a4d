import { ledgerContract } from '../contract.ts';
import { sqliteStore } from '../testing/sqlite-store.ts';

ledgerContract('SQLite', sqliteStore);
