import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { type Files, fileWriters, zipOf } from "../../../test/image-sets.js";
import { encodedTones, toneFile } from "../../../test/sounds.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { AudioError } from "./audio.js";
import { debianSpeech } from "./debian-speech.js";
import { decodeAudio } from "./decode.js";
import { openRecordings, type Recording } from "./recordings.js";

const { folderOf, fileOf } = fileWriters();
const wav = toneFile(0.01);

/** Files of sound by their names, each a little other than the last. */
function sounds(...names: string[]): Files {
  return Object.fromEntries(names.map((name, i) => [name, toneFile(0.01 * (i + 1))]));
}

function known({ id, text, speaker, group, split }: Recording): Partial<Recording> {
  return JSON.parse(JSON.stringify({ id, text, speaker, group, split }));
}

async function opened(files: Files) {
  const { layout, recordings, leftOut } = await openRecordings(await folderOf(files));
  return { layout, leftOut, found: recordings.map(known) };
}

describe("sound files", () => {
  const files = {
    ...sounds("b.wav", "a/x.FLAC", "a/x.txt.mp3"),
    "b.txt": "\uFEFFHello,\r\nworld.\r\n",
    "alone.txt": "nobody says this",
    "c.m4a": "not read",
    ".hidden.wav": wav,
    "__MACOSX/._b.wav": wav,
  };

  it("have their text beside them or not", async () => {
    const { layout, found, leftOut } = await opened(files);
    expect(layout).toBe("sound files");
    expect(found).toEqual([{ id: "a/x" }, { id: "a/x.txt" }, { id: "b", text: "Hello, world." }]);
    expect(leftOut).toEqual([
      "1 text without a recording of its name: alone.txt",
      "1 file of other kinds (.m4a): c.m4a",
    ]);
  });

  it("are the same in a zip", async () => {
    const zip = await fileOf("set.zip", zipOf(files));
    const { recordings } = await openRecordings(zip);
    expect(recordings.map(known)).toEqual((await opened(files)).found);
    expect(recordings[2].source).toBe(`${zip}/b.wav`);
    expect((await decodeAudio(await recordings[2].read(), "b")).samples.length).toBe(160);
  });

  it("say their splits by their folders", async () => {
    const { found } = await opened(sounds("train/a.wav", "dev/b.wav", "test/c.wav"));
    expect(found.map(({ split }) => split)).toEqual(["validation", "test", "train"]);
  });

  it("have texts in composed form", async () => {
    const { found } = await opened({ ...sounds("a.wav"), "a.txt": "lod\u030C" });
    expect(found[0].text).toBe("lo\u010F");
  });

  it("may have an empty text file, which is none", async () => {
    const { found, leftOut } = await opened({ ...sounds("a.wav"), "a.txt": " \n" });
    expect(found).toEqual([{ id: "a" }]);
    expect(leftOut).toEqual([]);
  });

  it("may be a single one", async () => {
    const { recordings } = await openRecordings(await fileOf("one.wav", wav));
    expect(recordings.map(known)).toEqual([{ id: "one" }]);
  });

  it("whose text is not UTF-8 are refused", async () => {
    const files = { ...sounds("a.wav"), "a.txt": Uint8Array.of(0x68, 0xe9) };
    await expect(opened(files)).rejects.toThrow(/not UTF-8[\s\S]*a\.txt: byte 0xe9 at byte offset 1/);
  });
});

describe("layouts", () => {
  it("LJSpeech: several sets in one folder", async () => {
    const { found } = await opened({
      "train/metadata.csv": "a|one|one",
      "test/metadata.csv": "b|two",
      ...sounds("train/wavs/a.wav", "test/wavs/b.wav"),
    });
    expect(found).toEqual([
      { id: "b", text: "two", split: "test" },
      { id: "a", text: "one", split: "train" },
    ]);
  });

  it("LJSpeech: the normalised text, no quotes, books as groups", async () => {
    const { layout, found } = await opened({
      "metadata.csv": 'LJ001-0001|In 1, "he said|In one, "he said\r\nLJ002-0001|Two, 2|\r\n',
      ...sounds("wavs/LJ001-0001.wav", "wavs/LJ002-0001.wav"),
    });
    expect(layout).toBe("LJSpeech");
    expect(found).toEqual([
      { id: "LJ001-0001", text: 'In one, "he said', group: "LJ001" },
      { id: "LJ002-0001", text: "Two, 2", group: "LJ002" },
    ]);
  });

  const clips = (...rows: string[][]) =>
    [["client_id", "path", "sentence", "up_votes"], ...rows].map((row) => row.join("\t")).join("\n");

  it("Common Voice: quotes are letters, splits by table, other tables are said", async () => {
    const { layout, found, leftOut } = await opened({
      "cs/train.tsv": clips(["anna", "1.mp3", '"Ano", řekla.', "2"], ["jan", "2.mp3", 'Ne "', "2"]),
      "cs/dev.tsv": clips(["eva", "3.mp3", "Možná.", "2"]),
      "cs/test.tsv": clips(["iva", "4.mp3", "Snad.", "2"]),
      "cs/validated.tsv": clips(["iva", "4.mp3", "Snad.", "2"]),
      "cs/reported.tsv": "sentence\treason\nx\ty",
      ...sounds(...["1", "2", "3", "4"].map((name) => `cs/clips/${name}.mp3`)),
    });
    expect(layout).toBe("Common Voice");
    expect(found).toEqual([
      { id: "clips/3", text: "Možná.", speaker: "eva", split: "validation" },
      { id: "clips/4", text: "Snad.", speaker: "iva", split: "test" },
      { id: "clips/1", text: '"Ano", řekla.', speaker: "anna", split: "train" },
      { id: "clips/2", text: 'Ne "', speaker: "jan", split: "train" },
    ]);
    expect(leftOut).toEqual(["1 table of Common Voice's beside those that are read: cs/validated.tsv"]);
  });

  it("Common Voice without splits: what is validated", async () => {
    const { found } = await opened({
      "validated.tsv": clips(["anna", "1.mp3", "Ano.", "2"]),
      "other.tsv": clips(["anna", "2.mp3", "Ne.", "2"]),
      ...sounds("clips/1.mp3", "clips/2.mp3"),
    });
    expect(found).toEqual([{ id: "clips/1", text: "Ano.", speaker: "anna" }]);
  });

  it("LibriSpeech: speakers, chapters and splits", async () => {
    const { layout, found } = await opened({
      "LibriSpeech/train-clean-100/19/198/19-198.trans.txt":
        "19-198-0000 NORTHANGER ABBEY\n19-198-0001 THIS\n",
      "LibriSpeech/dev-clean/84/12/84-12.trans.txt": "84-12-0000 GO\n",
      ...sounds(
        "LibriSpeech/train-clean-100/19/198/19-198-0000.flac",
        "LibriSpeech/train-clean-100/19/198/19-198-0001.flac",
        "LibriSpeech/dev-clean/84/12/84-12-0000.flac",
      ),
    });
    expect(layout).toBe("LibriSpeech");
    expect(found).toEqual([
      { id: "84-12-0000", text: "GO", speaker: "84", group: "84-12", split: "validation" },
      { id: "19-198-0000", text: "NORTHANGER ABBEY", speaker: "19", group: "19-198", split: "train" },
      { id: "19-198-0001", text: "THIS", speaker: "19", group: "19-198", split: "train" },
    ]);
  });

  it("Kaldi: wav.scp with text and utt2spk, also of absolute paths", async () => {
    const outside = await fileOf("far.wav", wav);
    const { layout, found } = await opened({
      "data/train/wav.scp": `u1 ../../audio/one.wav\nu2 audio/two.wav\nu3 ${outside}\n`,
      "data/train/text": "u1 hello there\nu2\n",
      "data/train/utt2spk": "u1 anna\nu2 jan\n",
      ...sounds("audio/one.wav", "audio/two.wav"),
    });
    expect(layout).toBe("Kaldi");
    expect(found).toEqual([
      { id: "u1", text: "hello there", speaker: "anna", split: "train" },
      { id: "u2", speaker: "jan", split: "train" },
      { id: "u3", split: "train" },
    ]);
  });

  it("Kaldi: commands and segments are refused by name", async () => {
    const piped = { "wav.scp": "u1 sph2pipe -f wav a.sph |\n", ...sounds("a.wav") };
    await expect(opened(piped)).rejects.toThrow(/command[\s\S]*u1: sph2pipe -f wav a\.sph \|/);
    const cut = { "wav.scp": "r1 a.wav\n", segments: "u1 r1 0 1\n", ...sounds("a.wav") };
    await expect(opened(cut)).rejects.toThrow(/segments/);
  });

  it("JSON lines of several programs", async () => {
    const lines = [
      { audio_filepath: "a.wav", text: "nemo", duration: 1 },
      { audio: { path: "b.wav" }, sentence: "hub", speaker: 7 },
      { path: "c.wav", transcription: "plain", speaker_id: "s" },
    ];
    const { found } = await opened({
      "manifest.json": lines.map((line) => JSON.stringify(line)).join("\r\n"),
      "config.json": '{\n  "a": 1\n}\n',
      ...sounds("a.wav", "b.wav", "c.wav"),
    });
    expect(found).toEqual([
      { id: "a", text: "nemo" },
      { id: "b", text: "hub", speaker: "7" },
      { id: "c", text: "plain", speaker: "s" },
    ]);
  });

  it("JSON lines that are bad or cut recordings up are refused", async () => {
    await expect(opened({ "a.jsonl": '{"audio": "a.wav"}\n[1]\n', ...sounds("a.wav") })).rejects.toThrow(
      /a\.jsonl:2: \[1\]/,
    );
    const part = { "a.jsonl": '{"audio": "a.wav", "offset": 1.5}\n', ...sounds("a.wav") };
    await expect(opened(part)).rejects.toThrow(/a\.wav from 1\.5 s/);
  });

  it("CSV with quotes, TSV without, both with a mark and CRLF, splits by name", async () => {
    const { layout, found } = await opened({
      "train.csv": '\uFEFFfile,transcript,speaker\r\na.wav,"He said ""no"", and\r\nleft",x\r\n',
      "test.tsv": '\uFEFFpath\ttext\r\nb.wav\t"so', // as it is
      ...sounds("a.wav", "b.wav"),
    });
    expect(layout).toBe("a list of recordings");
    expect(found).toEqual([
      { id: "b", text: '"so', split: "test" },
      { id: "a", text: 'He said "no", and left', speaker: "x", split: "train" },
    ]);
  });

  it("a list may write names in another of Unicode's forms", async () => {
    const { found } = await opened({ "a.tsv": "path\ttext\nlo\u010F.wav\tloď", ...sounds("lod\u030C.wav") });
    expect(found[0].text).toBe("loď");
  });

  it("a list may be given by itself", async () => {
    const folder = await folderOf({ "a.tsv": "path\ttext\none.wav\tone", ...sounds("one.wav", "two.wav") });
    expect((await openRecordings(`${folder}/a.tsv`)).recordings.map(known)).toEqual([
      { id: "one", text: "one" },
    ]);
  });

  const spoken = (bytes: (Uint8Array | null)[]) =>
    new Uint8Array(
      parquetWriteBuffer({
        schema: [
          { name: "root", num_children: 3 },
          { name: "audio", num_children: 2, repetition_type: "OPTIONAL" },
          { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
          { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
          { name: "sentence", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
          { name: "speaker_id", type: "INT32", repetition_type: "OPTIONAL" },
        ],
        columnData: [
          { name: "audio", data: bytes.map((one) => ({ bytes: one, path: "x.wav" })) },
          { name: "sentence", data: bytes.map((_, i) => ["ano", "ne", ""][i % 3]) },
          { name: "speaker_id", data: bytes.map((_, i) => i) },
        ],
        rowGroupSize: 2,
      }),
    );

  it("Parquet: embedded sound, text and speakers, splits by name", async () => {
    const folder = await folderOf({
      "data/train-00000-of-00001.parquet": spoken([toneFile(0.01), toneFile(0.02), toneFile(0.03)]),
      "data/test-00000-of-00001.parquet": spoken([null]),
    });
    const { layout, recordings, leftOut } = await openRecordings(folder);
    expect(layout).toBe("Parquet");
    const [unread, ...train] = recordings;
    expect(train.map(known)).toMatchObject([
      { text: "ano", speaker: "0", split: "train" },
      { text: "ne", speaker: "1", split: "train" },
      { speaker: "2", split: "train" },
    ]);
    expect(train[2].text).toBeUndefined();
    expect(leftOut).toEqual([]);
    for (const i of [2, 0, 1]) {
      expect((await decodeAudio(await train[i].read(), "row")).samples.length).toBe(160 * (i + 1));
    }
    await expect(unread.read()).rejects.toThrow(AudioError);
  });

  it("Parquet without sound or cut short is refused", async () => {
    const table = spoken([wav]);
    const noSound = parquetWriteBuffer({ columnData: [{ name: "text", data: ["a"] }] });
    await expect(openRecordings(await fileOf("a.parquet", new Uint8Array(noSound)))).rejects.toThrow(
      /has: text/,
    );
    await expect(openRecordings(await fileOf("a.parquet", table.subarray(0, 200)))).rejects.toThrow(
      DataError,
    );
  });
});

describe("Debian's packages", () => {
  it("asterisk: what is in brackets is not said, and who says nothing is left out", async () => {
    const root = await folderOf({
      "doc/asterisk-core-sounds-en/core-sounds-en.txt.gz": gzipSync(
        '; English\n\nactivated: Activated.\nbeep: [a beep]\nletters/at: at [@]\nsilence/1: (1 second)\njoin: <beep>\nspy: IAX (not "2")\ngone: Gone.\n',
      ),
      ...sounds(
        ...["activated", "beep", "letters/at", "silence/1", "join", "spy"].map(
          (name) => `asterisk/sounds/en/${name}.wav`,
        ),
      ),
    });
    const { recordings, leftOut } = (await debianSpeech("asterisk", root))!;
    expect(recordings.map(known)).toEqual([
      { id: "activated", text: "Activated.", speaker: "en" },
      { id: "letters/at", text: "at", speaker: "en" },
      { id: "spy", text: "IAX", speaker: "en" },
    ]);
    expect(leftOut).toEqual([
      "3 prompts without words, such as beep",
      "1 file of lists, not to be found: gone",
    ]);
  });

  const fillets = {
    "script/airplane/dialogs_cs.lua":
      '\ndialogId("let-m", "font_small", "What?")\ndialogStr("Co je to za \\"loď\\"?")\n\n\ndialogId("let-v", "font_big",\n  "That.")\ndialogStr("To je vrak.")\n',
    "script/cabin/dialogs_cs.lua": 'dialogId("let-v", "", "x")\ndialogStr("Jinak.")',
    "script/share/black_dialogs_cs.lua": 'dialogId("smrt", "font_both", "x")\ndialogStr("Sdílené.")',
    "script/airplane/code.lua": "function prog_init() end",
    ...sounds(
      "sound/airplane/cs/let-m.ogg",
      "sound/airplane/cs/let-v.ogg",
      "sound/airplane/cs/let-x.ogg",
      "sound/cabin/cs/let-v.ogg",
      "sound/share/blackjokes/cs/smrt.ogg",
      "music/a.ogg",
    ),
  };

  it("fillets: dialogues by level and speaker", async () => {
    const { found, leftOut, layout } = await opened(fillets);
    expect(layout).toBe("Fish Fillets' dialogues");
    expect(found).toEqual([
      { id: "sound/airplane/cs/let-m", text: 'Co je to za "loď"?', speaker: "small", group: "airplane" },
      { id: "sound/airplane/cs/let-v", text: "To je vrak.", speaker: "big", group: "airplane" },
      { id: "sound/airplane/cs/let-x", group: "airplane" },
      { id: "sound/cabin/cs/let-v", text: "Jinak.", group: "cabin" },
      { id: "sound/share/blackjokes/cs/smrt", text: "Sdílené.", speaker: "both", group: "share" },
    ]);
    expect(leftOut).toEqual(["1 recording outside of the lists: music/a.ogg"]);
  });

  it("that are not installed are told with the command", async () => {
    const root = await folderOf({ "games/fillets-ng/script/a.lua": "" });
    await expect(debianSpeech("asterisk-fr", root)).rejects.toThrow(
      /apt-get install asterisk-core-sounds-fr-wav/,
    );
    await expect(debianSpeech("fillets", root)).rejects.toThrow(
      /apt-get install fillets-ng-data fillets-ng-data-cs/,
    );
    expect(await debianSpeech("asterisks", root)).toBeUndefined();
  });
});

describe("recordings that are not as the list says", () => {
  const list = (count: number) =>
    ["path\ttext", ...Array.from({ length: count }, (_, i) => `${i}.wav\ttext ${i}`)].join("\n");

  it("are counted, with the first names", async () => {
    const { found, leftOut } = await opened({
      "a.tsv": `${list(6)}\n0.wav\tagain\n\tno path`,
      ...sounds("0.wav", "x.wav"),
    });
    expect(found).toEqual([{ id: "0", text: "text 0" }]);
    expect(leftOut).toEqual([
      "1 record without a path of a recording: a.tsv, record 8",
      "5 files of lists, not to be found, such as 1.wav, 2.wav, 3.wav",
      "1 line naming a file again: 0.wav",
      "1 recording outside of the lists: x.wav",
    ]);
  });

  it("are refused where none is there", async () => {
    await expect(opened({ "a.tsv": list(6), ...sounds("x.wav") })).rejects.toThrow(
      /6 missing, 0\.wav, 1\.wav, 2\.wav/,
    );
  });

  it("are told of when they are read", async () => {
    const { rm } = await import("node:fs/promises");
    const folder = await folderOf(sounds("a.wav"));
    const { recordings } = await openRecordings(folder);
    await rm(`${folder}/a.wav`);
    await expect(recordings[0].read()).rejects.toThrow(AudioError);
  });

  it("are decoded by what they are, whatever they are called", async () => {
    const { recordings } = await openRecordings(await folderOf({ "a.wav": encodedTones.flac }));
    expect((await decodeAudio(await recordings[0].read(), "a.wav")).samples.length).toBe(4800);
  });
});

describe("what holds no recordings", () => {
  it("is refused with what it holds", async () => {
    await expect(opened({ "a.m4a": "x", "b.md": "y" })).rejects.toThrow(
      /holds \.m4a, \.md[\s\S]*convert others/,
    );
    await expect(opened({ "a.tsv": "path\ttext\n" })).rejects.toThrow(DataError);
    await expect(openRecordings(await fileOf("broken.zip", "PK\x03\x04 no zip"))).rejects.toThrow(DataError);
    await expect(openRecordings("no-such-folder")).rejects.toThrow(MissingFileError);
  });
});
