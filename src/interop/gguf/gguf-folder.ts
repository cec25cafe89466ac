/** A GGUF file seen as the folder of a Hugging Face model, so that whatever opens such a folder opens the file. */
import { FolderError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { jsonText } from "../folder-files.js";
import { decoderFromConfig } from "../model-config.js";
import type { TensorFile } from "../safetensors.js";
import { configOf } from "./decoder-config.js";
import { openGguf } from "./open-gguf.js";
import { tokenizerFiles } from "./read-vocabulary.js";
import { musicKey } from "./vocabulary.js";
import { weightsOf } from "./weights.js";

/**
 * The model in a file of `folder`, of a model in several files the first: what `openModel` takes. Nothing is read
 * before it is asked for; `GgufError` is thrown then, for a file that is damaged or a model that is not computed exactly.
 */
export function ggufFolder(folder: Folder, file: string): Folder {
  return new GgufFolder(folder, file);
}

/** `config.json`, the tokenizer's files and `generation_config.json` as files, the weights by `openWeights`. */
export class GgufFolder implements Folder {
  readonly location: string;
  private opened: Promise<{ files: Folder; weights: TensorFile }> | undefined;

  constructor(
    private readonly around: Folder,
    private readonly file: string,
  ) {
    this.location = `${around.location}/${file}`;
  }

  async openWeights(): Promise<TensorFile> {
    return (await this.open()).weights;
  }

  async read(path: string): Promise<Uint8Array> {
    return (await this.files()).read(path);
  }

  async readInto(path: string, offset: number, target: Uint8Array): Promise<void> {
    return (await this.files()).readInto(path, offset, target);
  }

  async size(path: string): Promise<number | undefined> {
    return (await this.files()).size(path);
  }

  async list(path: string): Promise<string[]> {
    return (await this.files()).list(path);
  }

  folder(path: string): Folder {
    return memoryFolder(`${this.location}/${path}`);
  }

  write = () => this.refuse();
  append = () => this.refuse();
  rename = () => this.refuse();
  remove = () => this.refuse();

  private async refuse(): Promise<never> {
    throw new FolderError("a GGUF file is not written to", this.location, "give a folder to write to");
  }

  private files = async () => (await this.open()).files;

  private open(): Promise<{ files: Folder; weights: TensorFile }> {
    this.opened ??= this.readFile();
    return this.opened;
  }

  private async readFile(): Promise<{ files: Folder; weights: TensorFile }> {
    const gguf = await openGguf(this.around, this.file);
    const model = decoderFromConfig(await configOf(gguf), this.location);
    const music = gguf.metadata.get(musicKey);
    const weights = weightsOf(gguf, model);
    const { tokenizer, config, ids } = tokenizerFiles(gguf);
    const files = memoryFolder(this.location);
    await files.write("config.json", jsonText({ ...model.huggingFaceConfig(), ...ids, music }));
    await files.write("generation_config.json", jsonText(ids));
    await files.write("tokenizer.json", JSON.stringify(tokenizer));
    await files.write("tokenizer_config.json", jsonText(config));
    return { files, weights };
  }
}
