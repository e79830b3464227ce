#!/usr/bin/env bash
# Runs every test on SQLite, in memory, and on a throw-away PostgreSQL.
#
#   tests/run.sh [--without-postgres] [arguments of cargo test, in the place of --workspace]
#
# The PostgreSQL cluster lives in a temporary folder, on a free port of the loopback, owned by a user that
# isn't root, and is stopped and deleted at the end. Debian's `postgresql` is installed when it is missing and
# this user may; otherwise the run fails and says what to install, unless it is told to do without.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

with_postgres=true
if [[ ${1:-} == --without-postgres ]]; then
    with_postgres=false
    shift
fi

# The folder of the newest server programs; empty when there are none.
postgres_programs() {
    local folder
    folder=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
    if [[ -z $folder ]] && command -v initdb >/dev/null; then
        folder=$(dirname "$(command -v initdb)")
    fi
    if [[ -n $folder && -x $folder/initdb && -x $folder/pg_ctl ]]; then echo "$folder"; fi
}

install_postgres() {
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then return 1; fi
    echo "== installing PostgreSQL" >&2
    apt-get update -qq
    # The package would start a cluster of its own; in runlevel 1 it doesn't.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >&2
}

# Runs a command as a user who isn't root, since PostgreSQL refuses root.
as_owner() {
    if [[ $(id -u) == 0 ]]; then runuser -u "$owner" -- "$@"; else "$@"; fi
}

cluster=""
stop_cluster() {
    if [[ -n $cluster ]]; then
        as_owner "$programs/pg_ctl" -D "$cluster/data" -m immediate -w stop >/dev/null 2>&1 || true
        rm -rf "$cluster"
    fi
}
trap stop_cluster EXIT

start_cluster() {
    owner=postgres
    if ! id postgres >/dev/null 2>&1; then owner=nobody; fi
    cluster=$(mktemp -d)
    if [[ $(id -u) == 0 ]]; then chown "$owner" "$cluster"; fi
    as_owner "$programs/initdb" -D "$cluster/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >/dev/null
    local port tries
    for tries in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + RANDOM % 20000))
        # No fsync: this cluster never outlives a crash of the machine.
        if as_owner "$programs/pg_ctl" -D "$cluster/data" -l "$cluster/data/log" -w -s start -o \
            "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=300" \
            >/dev/null 2>&1; then
            export FLOW_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres"
            return
        fi
    done
    echo "PostgreSQL could not be started on $tries ports; its log says:" >&2
    cat "$cluster/data/log" >&2
    exit 1
}

if $with_postgres; then
    programs=$(postgres_programs)
    if [[ -z $programs ]]; then
        install_postgres || true
        programs=$(postgres_programs)
    fi
    if [[ -z $programs ]]; then
        echo "PostgreSQL's server programs are missing. Install them (Debian: apt-get install postgresql)," >&2
        echo "or leave its tests out: tests/run.sh --without-postgres" >&2
        exit 1
    fi
    start_cluster
else
    export FLOW_TEST_WITHOUT_POSTGRES=1
fi

if [[ $# == 0 ]]; then set -- --workspace; fi
cargo test --locked "$@"

if ! $with_postgres; then
    echo
    echo "******************************************************************"
    echo "** NOT TESTED: PostgreSQL. Its tests were skipped, as you asked. **"
    echo "******************************************************************"
fi
