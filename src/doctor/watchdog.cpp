#include "watchdog.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>

namespace tessera::doctor {

Watchdog::Watchdog(std::chrono::seconds limit, std::string who)
    : limit_(limit), who_(std::move(who)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
    {
        std::scoped_lock const lock(mutex_);
        over_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Watchdog::begin(std::string check) {
    {
        std::scoped_lock const lock(mutex_);
        check_ = std::move(check);
        ++begun_;
    }
    changed_.notify_one();
}

void Watchdog::watch() {
    std::unique_lock lock(mutex_);
    while (!over_) {
        auto const current = begun_;
        if (changed_.wait_for(lock, limit_, [&] { return over_ || begun_ != current; })) continue;
        fmt::print(stderr,
                   "tessera doctor [{}]: check '{}' did not end in {} s: a peer of this rank does "
                   "not answer; look at the network between the nodes, or raise --limit-seconds\n",
                   who_, check_, limit_.count());
        std::fflush(stderr);
        std::_Exit(static_cast<int>(base::ExitCode::environment));
    }
}

}  // namespace tessera::doctor
