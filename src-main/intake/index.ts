export { recordsOf, UnreadableFile } from './file.ts';
