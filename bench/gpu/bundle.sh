#!/usr/bin/env bash
# Builds one archive with which run.sh measures the engine on a GPU, and probes the GPU, on a machine that has a driver and CUDA
# but no Java.
#
#   JAVA_HOME=... TORNADOVM_HOME=... bench/gpu/bundle.sh [archive]
#
# The archive (default target/ricci-gpu-bundle.tar.xz) holds a small JDK image, TornadoVM's jars and native libraries, and the compiled
# engine, benchmark and probes. It needs no Maven and no network.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # ldconfig

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
archive=${1:-$root/target/ricci-gpu-bundle.tar.xz}
limit=$((60 * 1000 * 1000))

fail() {
    echo "bundle.sh: $*" >&2
    exit 1
}

[ -n "${JAVA_HOME:-}" ] || fail "JAVA_HOME is not set; point it at a JDK 25"
[ -x "$JAVA_HOME/bin/jlink" ] || fail "JAVA_HOME=$JAVA_HOME has no bin/jlink; point it at a whole JDK 25"
grep -q '^JAVA_VERSION="25' "$JAVA_HOME/release" || fail "JAVA_HOME=$JAVA_HOME is not a JDK 25"
[ -n "${TORNADOVM_HOME:-}" ] || fail "TORNADOVM_HOME is not set; point it at a TornadoVM SDK for JDK 25"
jars=$TORNADOVM_HOME/share/java/tornado
[ -d "$jars" ] || fail "TORNADOVM_HOME=$TORNADOVM_HOME has no share/java/tornado; point it at a TornadoVM SDK"
template=$TORNADOVM_HOME/tornado-argfile
[ -f "$template" ] || template=$TORNADOVM_HOME/tornado-argfile.template
[ -f "$template" ] || fail "TORNADOVM_HOME=$TORNADOVM_HOME has no tornado-argfile"
command -v xz >/dev/null || fail "xz is not installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/ricci-gpu
mkdir -p "$out"/{tornado/common,graal,native,probe}

echo "JDK image" >&2
"$JAVA_HOME/bin/jlink" --output "$out/jdk" --strip-debug --no-header-files --no-man-pages --compress zip-0 --add-modules \
    java.base,java.logging,java.management,java.desktop,java.instrument,java.naming,java.sql,java.xml,jdk.management,jdk.unsupported,jdk.internal.vm.ci,jdk.incubator.vector
rm -f "$out"/jdk/lib/server/*.jsa "$out/jdk/lib/src.zip"

# A jar whose entries are stored, not deflated: the archive compresses all of them together, to half the size.
store() {
    local dir
    dir=$(mktemp -d -p "$work")
    (cd "$dir" && "$JAVA_HOME/bin/jar" -xf "$1")
    "$JAVA_HOME/bin/jar" -c -0 -M -f "$2/$(basename "$1")" -C "$dir" .
    rm -rf "$dir"
}

echo "TornadoVM" >&2
# The jars of a backend lie in a folder of their own: whatever is on the module path is loaded, and two backends in one process get in each other's way.
for jar in "$jars"/*.jar; do
    name=$(basename "$jar")
    case $name in
        *-libs.jar | jmh-* | ejml-* | jopt-* | log4j-* | jsr305-*) continue ;;
        tornado-drivers-opencl-*) to=opencl ;;
        tornado-drivers-ptx-*) to=ptx ;;
        tornado-drivers-cuda-* | tornado-cublas-*) to=cuda ;;
        tornado-drivers-common-*) to=common ;;
        tornado-drivers-* | tornado-cu* | tornado-examples-* | tornado-unittests-* | tornado-benchmarks-* | tornado-fuzz-*) continue ;;
        collections-* | word-* | nativeimage-* | polyglot-*) continue ;;
        *) to=common ;;
    esac
    mkdir -p "$out/tornado/$to"
    store "$jar" "$out/tornado/$to"
done
for jar in "$TORNADOVM_HOME"/share/java/graalJars/*.jar "$jars"/nativeimage-*.jar; do
    case $(basename "$jar") in
        truffle-api-* | polyglot-* | graal-sdk-*) continue ;;
    esac
    [ -f "$jar" ] && store "$jar" "$out/graal"
done
cp "$TORNADOVM_HOME"/lib/libtornado-{opencl,ptx,cuda,cublas}.so "$out/native/" 2>/dev/null || true
ls "$out"/native/*.so >/dev/null 2>&1 || fail "TORNADOVM_HOME=$TORNADOVM_HOME/lib has no native library of a backend"
# The OpenCL loader is small, and may be missing where the driver's own OpenCL is present.
loader=$(ldconfig -p 2>/dev/null | sed -n 's/.*libOpenCL\.so\.1 .*=> //p' | head -1)
[ -z "$loader" ] || install -D "$loader" "$out/native/loader/libOpenCL.so.1"
# Which libraries of CUDA the natives were linked with, so that run.sh can look for them by name.
for so in "$out"/native/*.so; do
    readelf -d "$so" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'
done | sort -u | grep -E 'nvrtc|cublas|cudart' >"$out/native/needed" || true
# Exports and implementation classes; paths and modules are set by run.sh.
grep -E '^(--add-(exports|opens|reads)=|-Dtornado\.load)' "$template" >"$out/options"

echo "Engine" >&2
# Classes, not jars: the archive compresses them better. -g: kernels need their tables of local variables.
classpath=$(ls "$jars"/tornado-{api,runtime,cublas}-*.jar | tr '\n' ':')
mapfile -t sources < <(find "$root"/{tensor,autograd,nn,models,gpu-backend}/src/main/java "$root/gpu-backend/src/tornado/java" -name '*.java' ! -name module-info.java)
"$JAVA_HOME/bin/javac" -g -nowarn --add-modules jdk.incubator.vector -d "$out/engine" -cp "$classpath" "${sources[@]}" 2>"$work/javac" \
    || { cat "$work/javac" >&2; fail "the engine does not compile"; }
cp -r "$root"/gpu-backend/src/{main,tornado}/resources/META-INF "$out/engine/"

echo "Benchmark and probes" >&2
"$JAVA_HOME/bin/javac" -g -Xlint:all,-requires-automatic,-exports,-classfile -d "$out/probe" -cp "$out/engine:$classpath" "$here"/src/dev/ricci/gpu/probe/*.java
cp -r "$here/src/META-INF" "$out/probe/"
cp "$here/run.sh" "$here/peers.py" "$out/"

mkdir -p "$(dirname "$archive")"
tar -C "$work" -cf - ricci-gpu | xz -6 -T1 >"$archive"
size=$(stat -c %s "$archive")
echo "$archive: $size bytes, unpacked $(du -sm "$out" | cut -f1) MB" >&2
[ "$size" -lt "$limit" ] || fail "the archive is larger than 60 MB"
