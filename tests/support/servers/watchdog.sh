# Starts a server in a folder and ends both when nobody wants them any more.
#   sh -c "$(cat watchdog.sh)" watchdog FOLDER SIGNAL
# Reads orders from its standard input, which only the test process can write to, and answers each
# with a line. The system closes that pipe when the test process ends, however it ends, kill -9
# included: then the server is ended by SIGNAL, or by KILL if it does not go, and the folder removed.
# FOLDER/run is what to start. It leaves its process id in FOLDER/pid; FOLDER/exit says that it ended.
folder=$1
signal=$2
cd "$folder" || exit 1

# A signal to this script interrupts the wait for orders, and so ends everything.
trap : HUP INT TERM
# The test process may be gone before it has read an answer.
trap '' PIPE

runs() { [ -s pid ] && [ ! -e exit ]; }

# The server, then the processes that it has started: Postgres has one for each connection.
family() {
    read -r main <pid
    ps -A -o ppid= -o pid= | {
        list=$main
        while read -r parent child; do
            if [ "$parent" = "$main" ]; then list="$list $child"; fi
        done
        echo "$list"
    }
}

# shellcheck disable=SC2046 # a list of numbers
send() { if runs; then kill -s "$1" $(family); fi; }

start() {
    rm -f pid exit
    {
        sh ./run
        echo $? >exit
    } >>log 2>&1 </dev/null &
    job=$!
    until [ -s pid ] || [ -e exit ]; do sleep 0.01; done
}

# A process is stopped a moment after the signal was sent.
stop() {
    send STOP
    while runs; do
        case $(ps -o stat= -p "$(cat pid)") in T*) break ;; esac
    done
}

# A process that was stopped takes the signal only when it goes on.
end() {
    runs || return
    kill -s "$signal" "$(cat pid)"
    send CONT
    patience=100
    while runs && [ "$patience" -gt 0 ]; do
        sleep 0.02
        patience=$((patience - 1))
    done
    send KILL
    wait "$job"
}

while read -r order; do
    case $order in
        start) start ;;
        stop) stop ;;
        continue) send CONT ;;
        kill)
            send KILL
            wait "$job"
            ;;
        end) end ;;
    esac
    echo done
done
end
cd /
for _ in 1 2 3 4 5; do
    rm -rf "$folder" && break
    sleep 0.2
done
