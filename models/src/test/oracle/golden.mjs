// Makes llama-cpp.json for OracleTest: the logits of llama.cpp for the GGUF files of a folder.
//   npm install node-llama-cpp@3.22.1
//   node golden.mjs FOLDER > ../resources/dev/ricci/models/architecture/llama-cpp.json
// F32 cache and no flash attention, so that as little as possible is rounded.
import {getLlama, LlamaLogLevel} from "node-llama-cpp";
import fs from "fs";
import path from "path";

const TOKENS = 24, IDS = 288, STEP = 18;
const folder = process.argv[2];
const ids = Array.from({length: TOKENS}, (_, i) => 3 + (37 * i + i * i) % (IDS - 3));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 1});
const models = {};
for (const file of fs.readdirSync(folder).filter(f => f.endsWith(".gguf")).sort()) {
    const model = await llama.loadModel({modelPath: path.join(folder, file), gpuLayers: 0});
    const context = await model.createContext({contextSize: 64, batchSize: 64, threads: 1, flashAttention: false,
        experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32", swaFullCache: true});
    const next = {generateNext: {logits: true, options: {temperature: 0}}};
    const steps = await context.getSequence().controlledEvaluate(ids.map(id => [id, next]));
    models[file.replace(".gguf", "")] = steps.flatMap(step =>
        Array.from({length: IDS / STEP}, (_, k) => Number(step.next.logits.get(k * STEP).toFixed(4))));
    await context.dispose();
    await model.dispose();
}
console.log("{" + Object.entries(models).map(([name, row]) => `\n"${name}": [${row.join(", ")}]`).join(",") + "\n}");
process.exit(0);
