import { describe, expect, it } from 'vitest';
import { narrativeFaults } from './narrative.ts';

const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';
const div = (content: string): string => `<div ${XHTML}>${content}</div>`;

describe('F1 narrative', () => {
  it.each([
    ['text', div('Cough for two days.')],
    ['formatting', div('<h2>Plan</h2><p>Rest &amp; <b>fluids</b><br/>for 3 days</p><ul><li>one</li></ul>')],
    [
      'a table',
      div(
        '<table border="1"><thead><tr><th colspan="2">BP</th></tr></thead><tbody><tr><td>128</td><td>80</td></tr></tbody></table>',
      ),
    ],
    [
      'a link',
      div('<a href="https://example.org/a?b=1&amp;c=2">more</a> <a href="#x">below</a> <a href="mailto:a@example.org">mail</a>'),
    ],
    ['a picture inside', div('<img src="data:image/png;base64,iVBORw0KGgo=" alt="x"/>')],
    ['a picture contained in the resource', div('<img src="#pic" alt="x"/>')],
    ['a relative address', div('<a href="Patient/p1">patient</a>')],
    ['a harmless style', div('<span style="font-weight: bold">x</span>')],
    ['a comment', div('<!-- made by hand -->x')],
    ['numeric entities', div('caf&#233; &#x2764;')],
    ['single quotes', `<div xmlns='http://www.w3.org/1999/xhtml' xml:lang='en'>x</div>`],
  ])('F1 may be %s', (_name, text) => {
    expect(narrativeFaults(text)).toEqual([]);
  });

  it.each([
    ['a script', div('<script>alert(1)</script>'), /<script>/],
    ['a script in capitals', div('<SCRIPT>alert(1)</SCRIPT>'), /<SCRIPT>/],
    ['an event handler', div('<p onclick="x()">x</p>'), /"onclick"/],
    ['an event handler on a picture', div('<img src="#p" onerror="x()"/>'), /"onerror"/],
    ['SVG', div('<svg><circle/></svg>'), /<svg>/],
    ['a frame', div('<iframe src="https://example.org"></iframe>'), /<iframe>/],
    ['an object', div('<object data="x"></object>'), /<object>/],
    ['a form', div('<form action="x"><input/></form>'), /<form>/],
    ['a style sheet', div('<style>p {}</style>x'), /<style>/],
    ['a base address', div('<base href="https://example.org/"/>x'), /<base>/],
    ['a javascript address', div('<a href="javascript:alert(1)">x</a>'), /address/],
    ['a javascript address with an entity in it', div('<a href="java&#115;cript:alert(1)">x</a>'), /address/],
    ['a javascript address with a tab in it', div('<a href="java&#9;script:alert(1)">x</a>'), /address/],
    ['a data address', div('<a href="data:text/html,x">x</a>'), /address/],
    ['a picture from elsewhere', div('<img src="https://example.org/t.png"/>'), /address/],
    ['a picture from elsewhere without a scheme', div('<img src="//example.org/t.png"/>'), /address/],
    ['a picture from elsewhere with a backslash', div('<img src="/\\example.org/t.png"/>'), /address/],
    ['a picture that may run', div('<img src="data:image/svg+xml;base64,PHN2Zz4="/>'), /address/],
    ['a style that loads', div('<p style="background: url(https://example.org/x)">x</p>'), /style/],
    ['a style that loads, written with an escape', div('<p style="background: u\\72l(x)">x</p>'), /style/],
    ['an HTML entity', div('a&nbsp;b'), /entities/],
    ['a bare ampersand', div('a & b'), /entities/],
    ['a bare ampersand in an address', div('<a href="x?a=1&b=2">x</a>'), /entities/],
    ['an attribute without quotes', div('<p class=x>x</p>'), /well-formed/],
    ['an attribute twice', div('<p class="a" class="b">x</p>'), /twice/],
    ['an open element', div('<p>x'), /well-formed/],
    ['elements that cross', div('<b><i>x</b></i>'), /well-formed/],
    ['an element never closed', `<div ${XHTML}>x`, /never closed/],
    ['a stray bracket', div('a < b'), /well-formed/],
    ['a document type', `<!DOCTYPE html>${div('x')}`, /well-formed/],
    ['a processing instruction', div('<?php x ?>'), /well-formed/],
    ['a CDATA section', div('<![CDATA[<script>]]>'), /well-formed/],
    ['a comment that hides more', div('<!-- a -- b -->x'), /comment/],
    ['two divs', div('x') + div('y'), /one single div/],
    ['another element', `<p ${XHTML}>x</p>`, /one single div/],
    ['text before the div', `x${div('y')}`, /outside/],
    ['no namespace', '<div>x</div>', /xmlns/],
    ['another namespace', '<div xmlns="http://www.w3.org/2000/svg">x</div>', /xmlns/],
    ['nothing', div('<p> </p>'), /shows nothing/],
    ['nothing at all', `<div ${XHTML}/>`, /shows nothing/],
    ['plain text', 'Cough for two days.', /outside/],
  ])('F1 must not be %s', (_name, text, words) => {
    expect(narrativeFaults(text).join('\n')).toMatch(words);
  });

  it('F1 reports everything that is wrong, each once', () => {
    expect(narrativeFaults(div('<p onclick="x">a&nbsp;b</p><p onclick="y">x</p><font>x</font>'))).toEqual([
      'uses the attribute "onclick", which a narrative must not',
      'has an "&" that is not one of the entities of XML',
      'uses <font>, which a narrative must not',
    ]);
  });

  it('F1 stays quick on a text of 1 MB made to be slow', () => {
    for (const text of [
      '<p '.repeat(300_000),
      `<!--${'-'.repeat(1_000_000)}`,
      div('<b>'.repeat(100_000)),
      `<div a="${'&'.repeat(1_000_000)}">`,
    ]) {
      expect(narrativeFaults(text)).not.toEqual([]);
    }
  });
});
