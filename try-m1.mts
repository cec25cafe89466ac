import { BasicMIDI, SoundBankLoader, SpessaSynthProcessor, SpessaSynthSequencer } from "spessasynth_core";
import { readFileSync } from "node:fs";
import { readMidi } from "/work/main/src/data/music/midi.ts";
import { writeMidi } from "/work/main/src/data/music/write-midi.ts";
import { secondsAt, endOf } from "/work/main/src/data/music/score-time.ts";
const sf=readFileSync("/tmp/w/s25/m1/sf/usr/share/sounds/sf2/TimGM6mb.sf2");
const {score}=readMidi(readFileSync("/tmp/w/s25/m1/all/POP909/001/001.mid"),"x");
const secs=secondsAt(score)(endOf(score));
async function go(rate:number, fx:boolean, size:number, interp:number){
  let t=Date.now(); const c0=process.cpuUsage();
  const synth=new SpessaSynthProcessor(rate,{effectsEnabled:fx,eventsEnabled:false,maxBufferSize:size});
  const b=sf.buffer.slice(sf.byteOffset,sf.byteOffset+sf.length) as ArrayBuffer;
  synth.soundBankManager.addSoundBank(SoundBankLoader.fromArrayBuffer(b),"main");
  await synth.processorInitialized;
  synth.setSystemParameter("interpolationType",interp as any);
  const t1=Date.now()-t;
  const seq=new SpessaSynthSequencer(synth); const m=writeMidi(score);
  seq.loadNewSongList([BasicMIDI.fromArrayBuffer(m.buffer as ArrayBuffer)]); seq.loopCount=0; seq.skipToFirstNoteOn=false; seq.play();
  const n=Math.ceil((secs+2)*rate); const L=new Float32Array(n),R=new Float32Array(n);
  for(let i=0;i<n;i+=size){seq.processTick(); synth.process(L,R,i,Math.min(size,n-i));}
  let first=L.findIndex(x=>Math.abs(x)>1e-4); let peak=0; for(const x of L) peak=Math.max(peak,Math.abs(x));
  const c=process.cpuUsage(c0);
  console.log(rate,fx,size,interp,"load",t1,"ms total",Date.now()-t,"cpu",(c.user+c.system)/1e6,"of",secs,"first",first/rate,secondsAt(score)(score.notes[0].start),"peak",peak);
}
await go(44100,true,128,2); await go(44100,false,128,2); await go(44100,false,512,1); await go(44100,true,512,0);  await go(32000,false,512,0);
