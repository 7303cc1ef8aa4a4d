import {
  Button,
  createTheme,
  type CSSVariablesResolver,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
  Modal,
  Tooltip,
} from '@mantine/core';

/**
 * The component library in the house's tokens (tokens.css). The library's own colours are pointed at the tokens, so
 * that there is one place where a colour is chosen, and one per scheme.
 */

const teal: MantineColorsTuple = [
  '#e3f2f1',
  '#c5e4e2',
  '#9fd3cf',
  '#78c3be',
  '#4fc1bb',
  '#2c9c98',
  '#0b6e6e',
  '#095c5c',
  '#074b4b',
  '#053a3a',
];

export const theme = createTheme({
  colors: { teal },
  primaryColor: 'teal',
  primaryShade: { light: 6, dark: 4 },
  autoContrast: true,
  fontFamily: "'Inter Variable', 'DejaVu Sans', system-ui, sans-serif",
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '0.75rem', sm: '0.84375rem', md: '0.84375rem', lg: '0.90625rem', xl: '1.1875rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.45', lg: '1.6', xl: '1.4' },
  headings: { fontFamily: "'Inter Variable', 'DejaVu Sans', system-ui, sans-serif" },
  radius: { sm: '5px', md: '7px', lg: '10px' },
  defaultRadius: 'md',
  focusRing: 'auto',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    Button: Button.extend({
      defaultProps: { size: 'sm', variant: 'default' },
      // The library would choose black or white by the light scheme's accent, for both schemes.
      vars: (_theme, { variant }) => ({
        root:
          variant === 'filled'
            ? { '--button-bg': 'var(--accent)', '--button-hover': 'var(--accent-hover)', '--button-color': 'var(--accent-ink)' }
            : {},
      }),
    }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        radius: 'lg',
        closeButtonProps: { 'aria-label': 'Close' },
        // Inside a dialog a header element would count as the banner of the page.
        attributes: { header: { role: 'presentation' } },
        overlayProps: { opacity: 0.5 },
      },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true } } }),
  },
});

const tokens = {
  '--mantine-color-body': 'var(--bg)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink2)',
  '--mantine-color-placeholder': 'var(--ink3)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-default': 'var(--panel)',
  '--mantine-color-default-hover': 'var(--line2)',
  '--mantine-color-default-color': 'var(--ink)',
  // The edge of a control keeps 3:1 against what is around it (WCAG 1.4.11); lines between things need not.
  '--mantine-color-default-border': 'var(--edge)',
  '--mantine-primary-color-filled': 'var(--accent)',
  '--mantine-primary-color-filled-hover': 'var(--accent-hover)',
  '--mantine-primary-color-contrast': 'var(--accent-ink)',
  '--mantine-primary-color-light': 'var(--accent-soft)',
  '--mantine-primary-color-light-hover': 'var(--accent-soft)',
  '--mantine-primary-color-light-color': 'var(--accent)',
  '--mantine-color-teal-filled': 'var(--accent)',
  '--mantine-color-teal-filled-hover': 'var(--accent-hover)',
  '--mantine-color-teal-light': 'var(--accent-soft)',
  '--mantine-color-teal-light-color': 'var(--accent)',
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: tokens, dark: tokens });

/** Light, dark or as the system has it: the person's choice on this machine. */
export const schemes = localStorageColorSchemeManager({ key: 'countersign.scheme' });
