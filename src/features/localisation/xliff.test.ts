import { describe, expect, it } from "vitest";
import { xliffFormat } from "./xliff.js";

const older = `<?xml version="1.0" encoding="UTF-8"?>
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
  <file source-language="en" target-language="de" original="app" datatype="plaintext">
    <body>
      <trans-unit id="hello" datatype="html">
        <source>Hello <x id="PH" equiv-text="{{name}}"/>, it&apos;s &amp; &#x1F600;</source>
        <note from="developer">Greets &lt;the&gt; user</note>
      </trans-unit>
      <trans-unit id="bye">
        <source>Bye</source>
        <target state="final">Tschüss</target>
        <alt-trans><source>See you</source><target>Bis dann</target></alt-trans>
      </trans-unit>
      <trans-unit id="empty"><source><![CDATA[a < b]]></source><target state="new"/></trans-unit>
      <trans-unit id="name" translate="no"><source>Autodidact</source></trans-unit>
    </body>
  </file>
</xliff>
`;

const newer = `<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en" trgLang="de">
  <file id="f1">
    <unit id="u/1">
      <notes><note>About both</note></notes>
      <segment id="s1">
        <source>Press <pc id="1">here</pc>.</source>
        <target></target>
      </segment>
      <ignorable><source> </source></ignorable>
      <segment><source>Then wait.</source></segment>
    </unit>
    <group translate="no"><unit id="u2"><segment><source>Kept</source></segment></unit></group>
  </file>
</xliff>`;

describe("XLIFF", () => {
  it("has the units of 1.2, with inline tags, notes and targets", () => {
    expect(xliffFormat.read(older)).toEqual([
      {
        key: "/app/hello",
        source: 'Hello <x id="PH" equiv-text="{{name}}"/>, it\'s &amp; 😀',
        note: "Greets &lt;the&gt; user",
      },
      { key: "/app/bye", source: "Bye", target: "Tschüss" },
      { key: "/app/empty", source: "a &lt; b" },
    ]);
  });

  it("has the segments of 2.0", () => {
    expect(xliffFormat.read(newer)).toEqual([
      { key: "/f1/u~11/s1", source: 'Press <pc id="1">here</pc>.', note: "About both" },
      { key: "/f1/u~11/1", source: "Then wait.", note: "About both" },
    ]);
  });

  it("stays byte for byte where nothing changed", () => {
    for (const text of [older, newer, older.replaceAll("\n", "\r\n"), `\uFEFF${older}`, `\n${newer}`]) {
      const same = new Map(xliffFormat.read(text).map(({ key, target }) => [key, target ?? ""]));
      expect(xliffFormat.write(text, same)).toBe(text);
    }
  });

  it("writes targets into place, and nothing else", () => {
    const hello = 'Hallo <x id="PH" equiv-text="{{name}}"/> & 1 < 2';
    const translations = new Map([
      ["/app/hello", hello],
      ["/app/bye", "Auf Wiedersehen"],
      ["/app/empty", "a &lt; b"],
    ]);
    expect(xliffFormat.write(older, translations)).toBe(
      older
        .replace(
          "&#x1F600;</source>",
          `&#x1F600;</source>\n        <target>${hello.replace("& 1 < 2", "&amp; 1 &lt; 2")}</target>`,
        )
        .replace("Tschüss", "Auf Wiedersehen")
        .replace('<target state="new"/>', '<target state="new">a &lt; b</target>'),
    );
    const pressed = new Map([
      ["/f1/u~11/s1", '<pc id="1">Hier</pc> drücken.'],
      ["/f1/u~11/1", "Dann warten."],
    ]);
    const written = xliffFormat.write(`\uFEFF${newer}`, pressed);
    expect(written).toBe(
      `\uFEFF${newer
        .replace("<target></target>", '<target><pc id="1">Hier</pc> drücken.</target>')
        .replace("wait.</source>", "wait.</source><target>Dann warten.</target>")}`,
    );
    expect(new Map(xliffFormat.read(written).map(({ key, target }) => [key, target]))).toEqual(pressed);
  });

  it("refuses what is broken or would break", () => {
    const write = (translation: string) => () =>
      xliffFormat.write(newer, new Map([["/f1/u~11/s1", translation]]));
    expect(write('<pc id="1">Hier drücken.')).toThrow(/not well-formed/);
    expect(write("Hier\u0007")).toThrow(/not well-formed/);
    expect(() => xliffFormat.read("")).toThrow(/not well-formed/);
    expect(() => xliffFormat.read(`\n${older.replace("</body>", "").trim()}`)).toThrow(/line 18, column 10/);
    expect(() => xliffFormat.read("<svg/>")).toThrow(/its root is <svg>/);
    expect(() => xliffFormat.read(older.replace('"bye"', '"hello"'))).toThrow(/the same key/);
    expect(() => xliffFormat.write(older, new Map([["/app/none", "x"]]))).toThrow(/app\/none/);
  });
});
