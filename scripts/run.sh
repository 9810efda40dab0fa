#!/usr/bin/env bash
# Builds the program and runs it: configs/fiducial.yml unless a configuration is named. Other arguments go to the program.
#
#   scripts/run.sh
#   scripts/run.sh configs/quick.yml
#   scripts/run.sh configs/fiducial.yml --outdir out/hot --override radiation.TM_K=4500
#
# Without --outdir the run goes to out/NAME, or to out/NAME-2, out/NAME-3 … when that is taken
# (not with --overwrite, which means the folder that is there).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

config=$root/configs/fiducial.yml
if [[ ${1-} == *.yml || ${1-} == *.yaml ]]; then
    config=$1
    shift
fi

folder=
reuse=
previous=
for argument in "$@"; do
    case $argument in
        --overwrite) reuse=yes ;;
        *outdir=*) folder=${argument##*outdir=} ;;
        *) [[ $previous != --outdir ]] || folder=$argument ;;
    esac
    previous=$argument
done
outdir=()
if [[ -z $folder ]]; then
    name=out/$(basename "${config%.*}")
    folder=$name
    for ((number = 2; ; number++)); do
        [[ -z $reuse && -e $folder ]] || break
        folder=$name-$number
    done
    [[ $folder == "$name" ]] || echo "$name holds an earlier run, this one goes to $folder"
    outdir=(--outdir "$folder")
fi

"$root/scripts/install.sh"
cargo build --release --manifest-path "$root/Cargo.toml"
cargo run --quiet --release --manifest-path "$root/Cargo.toml" -- "$config" "${outdir[@]}" "$@"

cat <<END

Read it    pandas.read_parquet("$folder/series/run.parquet")    columns: docs/output.md
Plot it    scripts/python.sh scripts/plot.py $folder
END
