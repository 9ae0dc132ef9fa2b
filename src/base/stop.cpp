#include <atomic>
#include <csignal>

#include <unistd.h>

#include <tessera/base/stop.hpp>

namespace tessera::base {

namespace {

std::atomic<bool> stop_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");

void on_signal(int signal) {
    if (signal == SIGINT && stop_flag.load()) ::_exit(128 + SIGINT);
    stop_flag.store(true);
}

}  // namespace

void watch_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (int const signal : {SIGUSR1, SIGTERM, SIGINT}) ::sigaction(signal, &action, nullptr);
}

bool stop_requested() noexcept {
    return stop_flag.load(std::memory_order_relaxed);
}

void request_stop() noexcept {
    stop_flag.store(true);
}

}  // namespace tessera::base
