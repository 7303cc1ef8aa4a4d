export { cssVariables, schemes, theme } from './theme.ts';
