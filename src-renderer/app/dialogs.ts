import { create } from 'zustand';

/** Which of the frame's own dialogs is open. One at most. */
export type FrameDialog = 'palette' | 'keys' | 'verify';

interface DialogsStore {
  readonly open: FrameDialog | null;
  /** The check of the log that was started last in this window; it goes on while its dialog is closed. */
  readonly logJob: string | null;
  show(dialog: FrameDialog): void;
  close(): void;
  keepLogJob(job: string | null): void;
  /** As at the start: nothing open, no check remembered. */
  reset(): void;
}

export const useDialogs = create<DialogsStore>()((set) => ({
  open: null,
  logJob: null,
  show: (open) => set({ open }),
  close: () => set({ open: null }),
  keepLogJob: (logJob) => set({ logJob }),
  reset: () => set({ open: null, logJob: null }),
}));
