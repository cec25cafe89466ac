/**
 * 1 prepare data: reading, checks, splits, token shards and batches; and the folders that they lie in.
 *
 * @module autodidact/data
 */

export type { OnProgress, Watching } from "../core/watching.js";
export { openFolder } from "../files/disk.js";
export { DataError, FolderError, MissingFileError, ShardError } from "../files/errors.js";
export type { Folder } from "../files/folder.js";
export { memoryFolder } from "../files/memory.js";
export { type Audio, AudioError } from "./audio/audio.js";
export { decodeAudio, decodePieces, type SoundPiece } from "./audio/decode.js";
export { openRecordings, type Recording, type RecordingSet } from "./audio/recordings.js";
export { Resampler, resample } from "./audio/resample.js";
export { type SplitRecordings, splitRecordings } from "./audio/split.js";
export { encodeSound, SOUND_ENDINGS, type SoundEnding } from "./audio/write-sound.js";
export { encodeWav } from "./audio/write-wav.js";
export { readChats } from "./chat/chat.js";
export { packRows } from "./chat/packing.js";
export { readPreferences } from "./chat/preferences.js";
export type { RowReader } from "./chat/rows.js";
export type { Box, BoxedPicture, Detection } from "./detection/boxes.js";
export { type BoxSet, type BoxSourceOptions, openBoxes } from "./detection/open-boxes.js";
export type { BoxSplits } from "./detection/split-boxes.js";
export { annotationFiles, type PictureWithBoxes, type WrittenFormat } from "./detection/write-boxes.js";
export type { ImageBatch, ImageShape, LabelledImage } from "./images/image.js";
export {
  decodeImage,
  type ImageSource,
  type ImageSourceOptions,
  openImages,
  type PictureProblem,
  type Split,
  type SplitCounts,
} from "./images/open-images.js";
export { encodeAnimation, encodePng } from "./images/write-images.js";
export { type Beat, readBeats } from "./music/beats.js";
export { MusicError } from "./music/errors.js";
export { type MidiRead, readMidi } from "./music/midi.js";
export { describeOmissions, type Omission } from "./music/omissions.js";
export type { Note, Score, Tempo, TimeSignature } from "./music/score.js";
export { findSoundfont, type Soundfont } from "./music/soundfont.js";
export { writeMidi } from "./music/write-midi.js";
export { describeLeftOut, type LeftOut, type ReadingOptions } from "./reading.js";
export { type Clip, type ClipOptions, type ClipSet, openClips } from "./sounds/clips.js";
export { type ClipSplitOptions, type SplitClips, splitClips } from "./sounds/split-clips.js";
export {
  type BatchShape,
  evaluationBatches,
  type TokenBatch,
  tokenWindows,
  trainingBatch,
} from "./text/batches.js";
export { type Corpus, type CorpusOptions, openCorpus } from "./text/corpus.js";
export { type PreparedTokens, prepareTokens } from "./text/prepare.js";
export { openShards, type TokenShards, writeShards } from "./text/shards.js";
export type { Batch, TrainingData } from "./training-data.js";
