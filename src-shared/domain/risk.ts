/** How much harm a wrong write of a kind can do (B3). */
export const riskTiers = ['low', 'medium', 'high', 'blocked'] as const;
export type RiskTier = (typeof riskTiers)[number];
