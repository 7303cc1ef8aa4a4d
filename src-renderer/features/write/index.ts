export { WriteScreen } from './write-screen.tsx';
