#!/usr/bin/env bash
# Measures the engine on a GPU, and probes the GPU, from an archive that bundle.sh built, on a machine that needs only a driver
# and, for NVIDIA, the CUDA libraries.
#
#   run.sh archive [folder for results, default ./gpu-results]
#
# Results: report.md with one table a probe, results.json, and one log a process. From the environment:
#   BACKENDS    which of "cuda opencl ptx" to try, in that order (default all)
#   ENGINE      which parts of the engine's benchmark (default "compare matmul train decode depth"), first cuda, then opencl
#   BLAS        on cuda, how products are made: false (kernels), true (cuBLAS), tf32 (default all three, a process each)
#   SIZE        the decoder of train and decode: layers, width, heads, vocabulary, batch, tokens (default GPT-2 small, "12 768 12 50257 8 512")
#   PROBES      which probes (default "device overhead matmul half rows truth atomics reduce"); half runs on cuda only
#   MATH        1 to measure the error of functions with fast-math on and off (default 1)
#   PEERS       1 to measure torch beside, where python3 has it (default 1)
#   TINY        1 for sizes that a CPU can do, to try the scripts where there is no GPU
#   LIMIT       seconds that the process of a probe may take (default 120); ENGINE_LIMIT, of a part of the benchmark (default 600)
#   MAX_EVENTS  length of the list of events that TornadoVM clears for every task of a graph on every execution (its default is 32768)
#   JVM_OPTIONS further options for the Java processes
# An empty ENGINE or PROBES means none: PROBES= MATH=0 BACKENDS=cuda measures the engine and torch alone.
set -uo pipefail
PATH=$PATH:/usr/sbin:/sbin # ldconfig

archive=${1:?"usage: run.sh archive [folder for results]"}
results=${2:-gpu-results}
backends=${BACKENDS:-cuda opencl ptx}
engine=${ENGINE-compare matmul train decode depth}
probes=${PROBES-device overhead matmul half rows truth atomics reduce}
tiny=${TINY:-0}
size=${SIZE:-$([ "$tiny" = 1 ] && echo 2 32 2 101 2 16 || echo 12 768 12 50257 8 512)}

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

[ -f "$archive" ] || fail "there is no archive $archive; build it with bundle.sh"
command -v xz >/dev/null || fail "xz is not installed"
mkdir -p "$results"
results=$(cd "$results" && pwd)
rm -f "$results"/results.jsonl "$results/report.md"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
xz -dc "$archive" | tar -C "$work" -xf - || fail "cannot unpack $archive"
home=$work/ricci-gpu
java=$home/jdk/bin/java

# Where CUDA's libraries may lie: a toolkit, or the packages that torch brought along.
folders=()
for folder in "${CUDA_HOME:-}" "${CUDA_PATH:-}" /usr/local/cuda; do
    [ -n "$folder" ] && [ -d "$folder" ] && folders+=("$folder")
done
if command -v python3 >/dev/null; then
    while read -r folder; do
        [ -n "$folder" ] && folders+=("$folder")
    done < <(python3 -c 'import glob, sysconfig; print("\n".join(glob.glob(sysconfig.get_paths()["purelib"] + "/nvidia/*")))' 2>/dev/null)
fi
links=$work/links
mkdir -p "$links"
while read -r needed; do
    ldconfig -p 2>/dev/null | grep -q "$needed " && continue
    found=
    for folder in "${folders[@]+"${folders[@]}"}"; do
        for candidate in "$folder/lib64/$needed" "$folder/lib/$needed" "$folder/lib64/${needed%.so*}".so.[0-9]* "$folder/lib/${needed%.so*}".so.[0-9]*; do
            if [ -z "$found" ] && [ -f "$candidate" ]; then
                found=$candidate
            fi
        done
    done
    if [ -n "$found" ]; then
        ln -sf "$found" "$links/$needed"
        # libraries that this one opens by itself lie beside it
        export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$(dirname "$found")"
    else
        echo "run.sh: $needed was not found; what needs it will fail" >&2
    fi
done <"$home/native/needed"
for folder in "${folders[@]+"${folders[@]}"}"; do
    if [ -f "$folder/include/cuda_fp16.h" ]; then
        export CUDA_PATH=$folder
        break
    fi
done
export LD_LIBRARY_PATH="$links:$home/native${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
ldconfig -p 2>/dev/null | grep -q 'libOpenCL\.so\.1 ' || export LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$home/native/loader"
# A driver that brings OpenCL but no registration of it: register it, alone, for this run.
if [ -z "${OCL_ICD_VENDORS:-}" ] && ! grep -qs nvidia /etc/OpenCL/vendors/*.icd; then
    icd=$(ldconfig -p 2>/dev/null | sed -n 's/.*libnvidia-opencl\.so\.1 .*=> //p' | head -1)
    [ -n "$icd" ] || icd=$(find /usr/local/nvidia /usr/lib /usr/lib64 -name 'libnvidia-opencl.so.1' 2>/dev/null | head -1)
    if [ -n "$icd" ]; then
        mkdir -p "$work/vendors"
        echo "$icd" >"$work/vendors/nvidia.icd"
        export OCL_ICD_VENDORS=$work/vendors
    fi
fi

{
    echo "# Ricci on a GPU"
    echo
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv 2>/dev/null || echo "no nvidia-smi"
    echo
    echo "CUDA: ${CUDA_PATH:-none}; libraries: $(cd "$links" && for l in *; do [ -e "$l" ] && readlink "$l"; done | tr '\n' ' ')"
} | tee "$results/report.md"

# java_run SECONDS BACKEND NAME FAST-MATH OPTIONS... -- PROBES...
java_run() {
    local limit=$1 backend=$2 name=$3 fast=$4
    shift 4
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    [ -d "$home/tornado/$backend" ] || { echo "run.sh: the archive has no backend $backend" >&2; return; }
    local module=tornado.drivers.$backend flags=(-Dtornado.enable.fastMathOptimizations=True)
    if [ "$fast" = off ]; then
        flags=(-Dtornado.enable.fastMathOptimizations=False "-Dtornado.opencl.compiler.flags=-w")
    fi
    # TornadoVM folds integer a * b + c into fma.s32, which PTX does not have
    [ "$backend" = ptx ] && flags+=("-Dtornado.enable.fma=${PTX_FMA:-False}")
    # exports of backends that are not here would only make Java complain
    local others
    others=$(printf '%s\n' opencl ptx cuda spirv metal | grep -vx "$backend" | paste -sd'|')
    grep -vE "tornado\\.drivers\\.($others)(=|\$)" "$home/options" >"$work/options"
    (cd "$work" && exec timeout "$limit" "$java" -XX:ErrorFile="$results/$name-crash.log" -XX:+UnlockExperimentalVMOptions -XX:+EnableJVMCI -XX:+UseParallelGC "@$work/options" \
        "-Djava.library.path=$home/native" --upgrade-module-path "$home/graal" --module-path "$home/tornado/common:$home/tornado/$backend" \
        --add-modules "ALL-SYSTEM,tornado.runtime,tornado.annotation,tornado.drivers.common,$module$([ "$backend" = cuda ] && echo ,tornado.cublas)" \
        --enable-native-access="$module,ALL-UNNAMED" --sun-misc-unsafe-memory-access=allow \
        -Dtornado.recover.bailout=False -Dtornado.tvm.maxbytecodesize=65536 "-Dtornado.max.events=${MAX_EVENTS:-64}" \
        "${flags[@]}" "-Dprobe.json=$results/results.jsonl" "-Dprobe.backend=$backend" "-Dprobe.flags=fast-math $fast" "-Dprobe.tiny=$([ "$tiny" = 1 ] && echo true)" \
        "${options[@]}" ${JVM_OPTIONS:-} -cp "$home/probe:$home/engine" dev.ricci.gpu.probe.Main "$@") >"$work/out" 2>"$work/err"
    local status=$?
    cat "$work/err" "$work/out" >"$results/$name.log"
    # tables only; whatever else the backend printed is in the log
    grep -aE '^(### |\|)' "$work/out" | sed 's/^### .*/\n&\n/' | tee -a "$results/report.md"
    if [ $status -ne 0 ]; then
        printf '\n%s ended with status %s; the end of its log:\n\n```\n%s\n```\n' "$name" "$status" "$(tail -15 "$results/$name.log")" | tee -a "$results/report.md"
    fi
}

# bench BACKEND PART: the engine, strict, with the memory that the device has. While it captures, the host holds every
# intermediate value of a step.
bench() {
    local tasks blas modes=false memory=(-XX:MaxRAMPercentage=50 -XX:MaxDirectMemorySize=64g)
    [ "$tiny" = 1 ] && memory=(-Xmx3g -Dtornado.device.memory=2GB)
    [ "$1" = cuda ] && [ "$2" != depth ] && modes=${BLAS:-false true tf32}
    # fewer launches a graph: less to compile, more graphs
    for tasks in $([ "$tiny" = 1 ] && echo 16 || { [ "$2" = depth ] && echo 16; echo 96; }); do
        for blas in $modes; do
            java_run "${ENGINE_LIMIT:-600}" "$1" "$1-engine-$2-$tasks-blas-$blas" off "${memory[@]}" -Dricci.gpu.strict=true "-Dricci.gpu.tasks=$tasks" \
                "-Dricci.gpu.blas=$blas" "-Dprobe.size=$size" "-Dprobe.backend=$1$([ "$blas" = false ] || echo ", cuBLAS $blas")" -- "engine-$2"
        done
    done
}

# probe BACKEND NAME FAST-MATH PROBES...
probe() {
    local backend=$1 name=$2 fast=$3
    shift 3
    java_run "${LIMIT:-120}" "$backend" "$name" "$fast" -Xmx8g -XX:MaxDirectMemorySize=16g "-Dtornado.device.memory=$([ "$tiny" = 1 ] && echo 512MB || echo 16GB)" -- "$@"
}

# a process each, so that a crash costs one part or probe; the engine has no use for ptx
for backend in $backends; do
    for part in $engine; do
        [ "$backend" = ptx ] || bench "$backend" "$part"
    done
done

if [ "${PEERS:-1}" = 1 ]; then
    if python3 -c "import torch, sys; sys.exit(0 if $tiny == 1 or torch.cuda.is_available() else 1)" 2>/dev/null; then
        # $size is six arguments
        timeout "${ENGINE_LIMIT:-600}" python3 "$home/peers.py" "$results/results.jsonl" $size 2>"$results/peers.log" | tee -a "$results/report.md"
    else
        printf '\ntorch with a GPU is not here: no peers measured\n' | tee -a "$results/report.md"
    fi
fi

for backend in $backends; do
    for name in $probes; do
        [ "$name" = half ] && [ "$backend" != cuda ] && continue
        probe "$backend" "$backend-$name" off "$name"
    done
    if [ "${MATH:-1}" = 1 ]; then
        probe "$backend" "$backend-math-exact" off math
        probe "$backend" "$backend-math-fast" on math
    fi
done

# one JSON array of all rows
{
    echo '['
    [ ! -f "$results/results.jsonl" ] || sed '$!s/$/,/' "$results/results.jsonl"
    echo ']'
} >"$results/results.json"
echo "results in $results" >&2
