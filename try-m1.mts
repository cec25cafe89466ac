import { Reading } from "/work/main/src/data/reading.ts";
import { musicPieces } from "/work/main/src/data/music/music-files.ts";
import { readChorales } from "/work/main/src/data/music/chorales.ts";
import { withBeats } from "/work/main/src/features/music/with-beats.ts";
import { remiPiece, remiScore } from "/work/main/src/features/music/remi.ts";
import { voiceLeading } from "/work/main/src/evaluation/music/voice-leading.ts";
import { copiedNotes, noteRuns } from "/work/main/src/evaluation/music/note-runs.ts";
import { musicStatistics } from "/work/main/src/evaluation/music/music-statistics.ts";
const set=await readChorales("/work/shared/data/jsb-chorales.zip");
for (const s of ["train","validation","test"] as const) { const all=set[s].map(voiceLeading); const w=set[s].map(g=>g.length); const sum=w.reduce((a,b)=>a+b,0);
 const m=(k:string)=>all.reduce((t,v:any,i)=>t+v[k]*w[i],0)/sum; console.log("JSB",s,set[s].length,"crossings",m("crossings").toFixed(3),"fifths",m("parallelFifths").toFixed(3),"octaves",m("parallelOctaves").toFixed(3)); }
const cpu=()=>{const c=process.cpuUsage(); return (c.user+c.system)/1e6};
let c0=cpu(), read=0, spell=0, n=0, words=0, runs:any[]=[], stats:any[]=[];
for await (const p of musicPieces(process.argv[2], new Reading())) { read+=cpu()-c0; c0=cpu(); const s=withBeats(p.score,p.beats!); const r=remiPiece(s); spell+=cpu()-c0; words+=r.bars.flat().length; n++; const sc=remiScore(r.bars.flat()); runs.push(noteRuns(sc)); if(n%20===0) stats.push(musicStatistics(sc)); c0=cpu(); if(n>=(+process.argv[3])) break; }
console.log(n,"songs",words,"words; cpu read",read,"spell",spell);
c0=cpu(); const test=runs.filter((_,i)=>i%20===19), train=runs.filter((_,i)=>i%20!==19);
const copies=test.map(t=>copiedNotes(t,train)); console.log("copies",JSON.stringify(copies),cpu()-c0);
console.log(stats.map(s=>[s.notesPerBeat.toFixed(2),s.emptyBars.toFixed(2),s.stuckBars.toFixed(3),s.longestRepeat]));
