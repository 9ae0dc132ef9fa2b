#include "links.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tessera::doctor {

namespace {

constexpr int attempts = 5;
constexpr double notable = 1;    // s: records of several nodes are out of order
constexpr double too_far = 240;  // s: munge and Kerberos refuse tickets from 300 s on

double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// The root asks, `peer` reads its clock between the two messages (Cristian 1989).
struct Asked {
    double before = 0;
    double after = 0;
};

Asked ask(comm::Communicator const& comm, int peer, double& own_reading) {
    std::array<float, 1> const send{};
    std::array<float, 1> receive{};
    Asked asked{.before = now(), .after = 0};
    comm::exchange(comm, peer, send, receive);
    own_reading = now();
    comm::exchange(comm, peer, send, receive);
    asked.after = now();
    return asked;
}

}  // namespace

std::vector<ClockSkew> measure_clocks(comm::Communicator const& comm) {
    auto const ranks = static_cast<std::size_t>(comm.size());
    std::vector<ClockSkew> best(ranks, {0, std::numeric_limits<double>::max()});
    best[0].error = 0;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        double reading = 0;
        std::vector<Asked> asked(ranks);
        for (int peer = 1; peer < comm.size(); ++peer) {
            double ignored = 0;
            if (comm.is_root()) asked[static_cast<std::size_t>(peer)] = ask(comm, peer, ignored);
            if (comm.rank() == peer) ask(comm, 0, reading);
        }
        auto const readings = comm::all_gather(comm, fmt::format("{:.9f}", reading));
        for (std::size_t rank = 1; rank < ranks; ++rank) {
            auto const error = (asked[rank].after - asked[rank].before) / 2;
            if (error >= best[rank].error) continue;
            best[rank] = {std::stod(readings[rank]) - asked[rank].before - error, error};
        }
    }
    return best;
}

Findings judge_clocks(std::vector<ClockSkew> const& skews, std::vector<std::string> const& hosts) {
    if (skews.size() < 2) return {};
    auto const sure = [](ClockSkew const& skew) { return std::abs(skew.ahead) - skew.error; };
    auto const worst = std::ranges::max_element(skews, {}, sure);
    auto const seconds = sure(*worst);
    auto const host = hosts.at(static_cast<std::size_t>(worst - skews.begin()));
    if (seconds < notable)
        return {{"clock", Level::fine, fmt::format("clocks agree within {} s", notable), ""}};
    return {{"clock", seconds < too_far ? Level::warning : Level::fault,
             fmt::format("the clock of {} is {:.1f} s {} that of {}", host, std::abs(worst->ahead),
                         worst->ahead > 0 ? "ahead of" : "behind", hosts.at(0)),
             "start the time service of this node (chrony, ntpd); munge refuses clocks 5 minutes "
             "apart"}};
}

}  // namespace tessera::doctor
