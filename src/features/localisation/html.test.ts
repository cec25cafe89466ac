import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitHtml } from "./html.js";

const textsOf = (html: string) => splitHtml(html).texts;
const shouted = (html: string) => {
  const { texts, join } = splitHtml(html);
  return join(texts.map((text) => text.toUpperCase().replaceAll("<X", "<x").replaceAll("</X", "</x")));
};

describe("HTML taken apart", () => {
  it.each([
    ['<p class="a">A <b>big</b> dog.</p>', '<p class="a">A <b>BIG</b> DOG.</p>'],
    ["<P>one<BR/>two <!-- three --> four", "<P>ONE<BR/>TWO <!-- three --> FOUR"],
    ['<a title="a > b" href=x=y>go</a>', '<a title="a > b" href=x=y>GO</a>'],
    ["<a title='it is \">\"' >go</a>", "<a title='it is \">\"' >GO</a>"],
    ["<!doctype html><title>t</title>", "<!doctype html><title>T</title>"],
    ["<script>if (a < b) c('</p>')</script>x", "<script>if (a < b) c('</p>')</script>X"],
    ["<style>a > b {}</STYLE >x", "<style>a > b {}</STYLE >X"],
    ["run <code>a <i>b</i></code> now", "RUN <code>a <i>b</i></code> NOW"],
    ['<p translate="no">a<p>b</p>c</p>d', '<p translate="no">a<p>b</p>c</p>D'],
    ['<span class="x notranslate">Acme</span> works', '<span class="x notranslate">Acme</span> WORKS'],
    ['<img translate="no" alt=a>b', '<img translate="no" alt=a>B'],
    ["a < b, 1<2, 3 > 2 & c", "A &lt; B, 1&lt;2, 3 &gt; 2 &amp; C"],
    ["  a\n  b  <i> </i>\n", "  A B  <i> </i>\n"],
  ])("%s: what stands between the tags is translated", (html, expected) =>
    expect(shouted(html)).toBe(expected),
  );

  it("reads references and writes those that HTML needs", () => {
    expect(textsOf("caf&eacute; &lt;b&gt; &amp;amp; AT&T &#x1F600;&#233; &copy 2024")).toEqual([
      "café <b> &amp; AT&T 😀é © 2024",
    ]);
    expect(shouted("&lt;b&gt; &amp;amp;&nbsp;x")).toBe("&lt;B&gt; &amp;AMP;&nbsp;X");
    expect(shouted("&#0;&#xD800;&#99999999;")).toBe("\ufffd\ufffd\ufffd");
  });

  it("leaves references that it does not know where they are", () => {
    expect(textsOf("a &rarr; b")).toEqual(["a <x0> b"]);
    expect(shouted("a &rarr; b")).toBe("A &rarr; B");
  });

  it.each([
    ["<p>A <b>big</b>\n dog.</p>", ["A <x0>big</x0> dog."]],
    [
      'See <a href="a>b"><i>this</i></a>, or <code>ls <b>-l</b></code>.',
      ["See <x0><x1>this</x1></x0>, or <x4>."],
    ],
    ["<p><b>Note</b></p><p> <b>One</b> two </p>", ["Note", "<x0>One</x0> two"]],
    ["a</b> c<i> d<br>e", ["a<x0> c<x1> d", "e"]],
    ["<td>one<td>two", ["one", "two"]],
    ["&lt;x0&gt; <b>a</b>", ["<x0>", "a"]],
  ])("%s: tags inside of a sentence do not end it", (html, texts) => {
    expect(textsOf(html)).toEqual(texts);
    expect(splitHtml(html).join(texts)).toBe(html.replace("\n", ""));
  });

  it("puts markup where its marks are, and marks that it does not know as text", () => {
    const { join, markup } = splitHtml("<b>Two</b> big dogs");
    expect(join(["Zwei <x0>große</x0> <x7>"])).toBe("Zwei <b>große</b> &lt;x7&gt;");
    expect(markup.get("</x0>")).toBe("</b>");
  });

  it.each([
    "<p",
    '<a href="x',
    "<!-- a",
    "</",
    "<",
    "a</p",
    "<script>a",
    "<!",
    '<p translate="no">a',
    "<!-->",
  ])("torn in the middle: %s", (html) => {
    const { texts, join } = splitHtml(html);
    expect(join(texts)).toBe(html.replace(/<$|<\/$/, (end) => end.replace("<", "&lt;")));
  });

  it("whatever it is given, markup stays, and it is taken apart in the same way again", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ..."<p>|</p>|<b c='|\"|'|<!--|-->|<script>|</script>|&amp;|&lt|&x;| |a b|<|>|=|/".split("|"),
      ),
      fc.string({ maxLength: 4 }),
    );
    const html = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
    const isStable = fc.property(html, (given) => {
      const { texts, join } = splitHtml(given);
      const again = splitHtml(join(texts));
      expect(again.texts).toEqual(texts);
      expect(again.join(texts)).toBe(join(texts));
    });
    fc.assert(isStable, { seed: 4, numRuns: 500 });
  });

  it("takes time in proportion to its length", () => {
    const hostile = [" ", "<", "<a b=", '<a b="', "<!--", "<script>", "&", "&#", "<p translate=no>", "</a "];
    for (const part of hostile) expect(typeof shouted(part.repeat(30_000))).toBe("string");
  });
});
