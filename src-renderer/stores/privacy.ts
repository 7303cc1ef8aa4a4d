import { create } from 'zustand';

/** Whether lists hide patients' names from whoever looks over a shoulder. Lasts as long as the window. */
export const usePrivacy = create<{ readonly masked: boolean; toggle(): void }>()((set) => ({
  masked: false,
  toggle: () => set(({ masked }) => ({ masked: !masked })),
}));
