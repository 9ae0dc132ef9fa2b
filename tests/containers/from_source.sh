#!/usr/bin/env bash
# Builds the images as a user's command does, compiling inside, and runs each one's own test: the definitions by a
# real Apptainer and the Dockerfile by buildah, both from a local Debian 12. A quarter of an hour each on two cores,
# 30 GB for the CUDA image: run by hand.
# Usage: tests/containers/from_source.sh FOLDER cpu|cuda|docker...      (root, debootstrap; docker: buildah)
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"; folder=$(realpath "$1"); shift
trees=${TESSERA_APPTAINER:-$here/../../build/apptainer}

[ -d "$trees/base" ] || python3 "$here/apptainer_tree.py" base "$trees/base"
rm -rf "$folder/repository"
python3 "$here/apptainer_tree.py" sources "$folder/repository"

apptainer() {
    [ -d "$trees/sid" ] || python3 "$here/apptainer_tree.py" make "$trees/sid"
    python3 "$here/apptainer_tree.py" run "$trees/sid" "$folder" \
        bash -c 'cd repository && exec apptainer "$@"' _ "$@"
}

definition() {
    local image=$folder/$1.sif
    rm -rf "$image" "$folder/base"
    cp -a "$trees/base" "$folder/base"   # where the tree's own mounts show it
    apptainer build --build-arg BOOTSTRAP=localimage --build-arg FROM="$folder/base" "$image" "containers/$1.def"
    apptainer test --containall "$image"
    apptainer inspect --labels "$image"
    du -h "$image"
}

# Nothing is asked of a registry: the local tree is what debian:12 means here.
docker_file() {
    local buildah=(buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver vfs) base
    base=$("${buildah[@]}" from scratch)
    "${buildah[@]}" add --quiet "$base" "$trees/base" / >/dev/null
    "${buildah[@]}" commit --quiet "$base" docker.io/library/debian:12 >/dev/null
    "${buildah[@]}" bud --isolation chroot --pull-never --file "$folder/repository/containers/Dockerfile" \
        --build-arg REVISION="$(cat "$folder/repository/revision")" --tag tessera "$folder/repository"
    base=$("${buildah[@]}" from --pull-never tessera)
    "${buildah[@]}" run --isolation chroot "$base" -- bash /opt/tessera/containers/image.sh test
    "${buildah[@]}" images
}

for name in "$@"; do
    start=$SECONDS
    case $name in
        cpu | cuda) definition "$name" ;;
        docker) docker_file ;;
        *) echo "no image $name: cpu, cuda or docker" >&2; exit 2 ;;
    esac
    printf '%s: built and tested in %d s\n' "$name" $((SECONDS - start))
done
