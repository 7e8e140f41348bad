#!/usr/bin/env bash
# Runs the GPU probes from an archive that bundle.sh built, on a machine that needs only a driver and, for NVIDIA, the CUDA libraries.
#
#   run.sh archive [folder for results, default ./gpu-results]
#
# Results: report.md with one table a probe, results.json, and one log a process. From the environment:
#   BACKENDS    which of "cuda opencl ptx" to try, in that order (default all)
#   PROBES      which probes (default "device overhead matmul half rows truth atomics reduce"); half runs on cuda only
#   MATH        1 to measure the error of functions with fast-math on and off (default 1)
#   PEERS       1 to measure torch beside, where python3 has it (default 1)
#   TINY        1 for sizes that a CPU can do, to try the scripts where there is no GPU
#   LIMIT       seconds a process may take (default 120)
#   MAX_EVENTS  length of the list of events that TornadoVM clears for every task of a graph on every execution (its default is 32768)
#   JVM_OPTIONS further options for the Java processes
set -uo pipefail

archive=${1:?"usage: run.sh archive [folder for results]"}
results=${2:-gpu-results}
backends=${BACKENDS:-cuda opencl ptx}
probes=${PROBES:-device overhead matmul half rows truth atomics reduce}
limit=${LIMIT:-120}

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
    echo "# GPU probes"
    echo
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv 2>/dev/null || echo "no nvidia-smi"
    echo
    echo "CUDA: ${CUDA_PATH:-none}; libraries: $(cd "$links" && for l in *; do [ -e "$l" ] && readlink "$l"; done | tr '\n' ' ')"
} | tee "$results/report.md"

# probe BACKEND NAME FAST-MATH PROBES...
probe() {
    local backend=$1 name=$2 fast=$3
    shift 3
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
    (cd "$work" && exec timeout "$limit" "$java" -XX:ErrorFile="$results/$name-crash.log" -XX:+UnlockExperimentalVMOptions -XX:+EnableJVMCI -XX:+UseParallelGC -Xmx8g -XX:MaxDirectMemorySize=16g "@$work/options" \
        "-Djava.library.path=$home/native" --upgrade-module-path "$home/graal" --module-path "$home/tornado/common:$home/tornado/$backend" \
        --add-modules "ALL-SYSTEM,tornado.runtime,tornado.annotation,tornado.drivers.common,$module$([ "$backend" = cuda ] && echo ,tornado.cublas)" \
        --enable-native-access="$module,ALL-UNNAMED" --sun-misc-unsafe-memory-access=allow \
        -Dtornado.recover.bailout=False -Dtornado.tvm.maxbytecodesize=65536 "-Dtornado.max.events=${MAX_EVENTS:-64}" -Dtornado.device.memory="$([ "${TINY:-0}" = 1 ] && echo 512MB || echo 16GB)" \
        "${flags[@]}" "-Dprobe.json=$results/results.jsonl" "-Dprobe.backend=$backend" "-Dprobe.flags=fast-math $fast" "-Dprobe.tiny=$([ "${TINY:-0}" = 1 ] && echo true)" \
        ${JVM_OPTIONS:-} -cp "$home/probe" dev.ricci.gpu.probe.Main "$@") >"$work/out" 2>"$work/err"
    local status=$?
    cat "$work/err" "$work/out" >"$results/$name.log"
    # tables only; whatever else the backend printed is in the log
    grep -aE '^(### |\|)' "$work/out" | sed 's/^### .*/\n&\n/' | tee -a "$results/report.md"
    if [ $status -ne 0 ]; then
        printf '\n%s ended with status %s; the end of its log:\n\n```\n%s\n```\n' "$name" "$status" "$(tail -15 "$results/$name.log")" | tee -a "$results/report.md"
    fi
}

for backend in $backends; do
    # a process each, so that a crash costs one probe
    for name in $probes; do
        [ "$name" = half ] && [ "$backend" != cuda ] && continue
        probe "$backend" "$backend-$name" off "$name"
    done
    if [ "${MATH:-1}" = 1 ]; then
        probe "$backend" "$backend-math-exact" off math
        probe "$backend" "$backend-math-fast" on math
    fi
done

if [ "${PEERS:-1}" = 1 ]; then
    if python3 -c 'import torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)' 2>/dev/null; then
        timeout "$limit" python3 "$home/peers.py" "$results/results.jsonl" 2>"$results/peers.log" | tee -a "$results/report.md"
    else
        printf '\ntorch with a GPU is not here: no peers measured\n' | tee -a "$results/report.md"
    fi
fi

# one JSON array of all rows
{
    echo '['
    [ ! -f "$results/results.jsonl" ] || sed '$!s/$/,/' "$results/results.jsonl"
    echo ']'
} >"$results/results.json"
echo "results in $results" >&2
