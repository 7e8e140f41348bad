// A llama.cpp model as a process: reads a command a line, as JSON, and answers each with a line of JSON.
// Arguments: a folder that holds node_modules/node-llama-cpp, the model's file, threads, whether with flash attention.
import readline from "readline";
import {createRequire} from "module";
import {pathToFileURL} from "url";

const [folder, file, threads, flash] = process.argv.slice(2);
const found = createRequire(folder + "/package.json").resolve("node-llama-cpp");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(found));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: Number(threads)});
const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
const context = await model.createContext({contextSize: Math.min(2048, model.trainContextSize), batchSize: 512,
    threads: Number(threads), flashAttention: flash === "true"});
const sequence = context.getSequence();
const greedy = {temperature: 0, yieldEogToken: true};
const raw = {temperature: 1, topK: 0, topP: 1, minP: 0};

// Evaluates ids and generates tokens behind them: as many as wanted, at least one.
async function generate(ids, wanted) {
    let last, n = 0;
    for await (const id of sequence.evaluate(ids, greedy)) {
        last = id;
        if (++n >= wanted) break;
    }
    return last;
}

const commands = {
    // Reads a prompt into an empty cache.
    async prompt({ids}) {
        await sequence.clearHistory();
        await generate(ids, 1);
        return {};
    },
    // Generates tokens behind the first ids, which are read only if the cache does not hold them.
    async generate({ids, tokens}) {
        let last = ids[0];
        if (sequence.nextTokenIndex >= ids.length) {
            await sequence.eraseContextTokenRanges([{start: ids.length, end: sequence.nextTokenIndex}]);
        } else {
            await sequence.clearHistory();
            last = await generate(ids, 1);
        }
        await generate([last], tokens);
        return {};
    },
    // Log-probabilities of the id behind these.
    async score({ids}) {
        await sequence.clearHistory();
        const wanted = {generateNext: {probabilities: true, options: raw}};
        const results = await sequence.controlledEvaluate(ids.map((id, i) => i === ids.length - 1 ? [id, wanted] : id));
        const scores = [];
        results[ids.length - 1].next.probabilities.forEach((p, id) => { scores[id] = Math.log(p); });
        await sequence.clearHistory();
        return {scores};
    }
};

console.log("{}");
for await (const line of readline.createInterface({input: process.stdin})) {
    const command = JSON.parse(line);
    console.log(JSON.stringify(await commands[command.name](command)));
}
process.exit(0);
