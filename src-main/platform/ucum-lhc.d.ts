// The library has no types of its own: what of it is used (source-cjs/ucumLhcUtils.js).
declare module '@lhncbc/ucum-lhc' {
  interface UcumLhcUtils {
    validateUnitString(unit: string): { readonly status: 'valid' | 'invalid' | 'error'; readonly ucumCode: string | null };
    convertUnitTo(
      from: string,
      value: number,
      to: string,
    ): { readonly status: 'succeeded'; readonly toVal: number } | { readonly status: 'failed' | 'error'; readonly toVal: null };
  }
  const ucum: { readonly UcumLhcUtils: { getInstance(): UcumLhcUtils } };
  export = ucum;
}
