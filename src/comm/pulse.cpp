#include "pulse.hpp"

#include <ctime>

#include <tessera/base/process.hpp>

namespace tessera::comm {

namespace {

constexpr double working_share = 0.02;  // of a processor: less is idle

double processor_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

WatchReport Pulse::report(Activity::Place const& place) {
    if (place.moves != moves_) {
        moves_ = place.moves;
        stood_.restart();
        idle_.restart();
    }
    if (restarts_) {
        stood_.restart();
        idle_.restart();
        restarts_ = false;
    }
    auto const used = processor_seconds();
    if (used - used_ > working_share * tick_.seconds()) idle_.restart();
    used_ = used;
    tick_.restart();
    WatchReport report{.inside = place.inside,
                       .disk = place.pace == Activity::Pace::disk,
                       .step = place.step,
                       .collectives = place.collectives,
                       .still = stood_.seconds(),
                       .idle = idle_.seconds()};
    put(report.phase, place.phase);
    put(report.collective, place.collective);
    put(report.host, base::host_name());
    return report;
}

}  // namespace tessera::comm
