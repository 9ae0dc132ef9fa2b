#include "links.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/progress.hpp>
#include <tessera/base/time.hpp>

namespace tessera::doctor {

namespace {

constexpr int most_rounds = 64;
constexpr int short_messages = 20;
constexpr int long_messages = 3;
constexpr std::size_t long_floats = 256 * 1024;  // 1 MiB: long enough to be limited by the wire
// Half of the other links' speed is still within what shared switches do at random.
constexpr double slow_share = 0.25;

Link measure(comm::Communicator const& comm, int peer, std::span<float> send,
             std::span<float> receive) {
    Link link{std::min(comm.rank(), peer), std::max(comm.rank(), peer),
              std::numeric_limits<double>::max(), 0};
    for (int i = 0; i < short_messages; ++i) {
        base::Stopwatch const watch;
        comm::exchange(comm, peer, send.first(1), receive.first(1));
        comm::exchange(comm, peer, send.first(1), receive.first(1));
        link.latency = std::min(link.latency, watch.seconds() / 2);
    }
    for (int i = 0; i < long_messages; ++i) {
        base::Stopwatch const watch;
        comm::exchange(comm, peer, send, receive);
        link.bandwidth =
            std::max(link.bandwidth, static_cast<double>(send.size_bytes()) / watch.seconds());
    }
    return link;
}

/// Every rank's links as text, since ranks have different numbers of them.
std::vector<Link> gathered(comm::Communicator const& comm, std::vector<Link> const& own) {
    std::string text;
    for (auto const& link : own) {
        text += fmt::format("{} {} {} {}\n", link.first, link.second, link.latency, link.bandwidth);
    }
    std::vector<Link> all;
    for (auto const& part : comm::all_gather(comm, text)) {
        std::istringstream words(part);
        for (Link link; words >> link.first >> link.second >> link.latency >> link.bandwidth;)
            all.push_back(link);
    }
    return all;
}

/// A sender is done when its message is in the socket's buffer, so only the receiver knows how slow
/// the wire is: of the two ranks' views of a link the worse one counts.
std::vector<Link> worse_views(std::vector<Link> const& views) {
    std::map<std::pair<int, int>, Link> links;
    for (auto const& view : views) {
        auto const [at, is_first] = links.emplace(std::pair(view.first, view.second), view);
        at->second.latency = std::max(at->second.latency, view.latency);
        at->second.bandwidth = std::min(at->second.bandwidth, view.bandwidth);
    }
    std::vector<Link> result;
    for (auto const& [ranks, link] : links) result.push_back(link);
    return result;
}

double middle_bandwidth(std::vector<Link> links) {
    auto const middle = links.begin() + static_cast<std::ptrdiff_t>(links.size() / 2);
    std::ranges::nth_element(links, middle, {}, &Link::bandwidth);
    return middle->bandwidth;
}

}  // namespace

int partner(int rank, int round, int ranks) {
    auto const places = ranks + ranks % 2;  // an odd number gets an empty place
    auto const others = places - 1;
    auto const last = places - 1;
    int result = 0;
    if (rank == last) {
        result = round * (places / 2) % others;  // the one whose double is the round
    } else {
        result = ((round - rank) % others + others) % others;
        if (result == rank) result = last;
    }
    return result < ranks ? result : -1;
}

std::vector<Link> measure_links(comm::Communicator const& comm) {
    std::vector<float> send(long_floats, 1.0F);
    std::vector<float> receive(long_floats);
    std::vector<Link> own;
    auto const rounds = std::min(comm.size() - 1 + comm.size() % 2, most_rounds);
    for (int round = 0; round < rounds; ++round) {
        comm::barrier(comm);
        auto const peer = partner(comm.rank(), round, comm.size());
        if (peer < 0) continue;
        own.push_back(measure(comm, peer, send, receive));
    }
    return worse_views(gathered(comm, own));
}

Findings judge_links(std::vector<Link> const& links, std::vector<std::string> const& hosts) {
    if (links.empty()) return {};
    auto const middle = middle_bandwidth(links);
    auto const slowest = std::ranges::min_element(links, {}, &Link::bandwidth);
    auto const late = std::ranges::max_element(links, {}, &Link::latency);
    auto const host = [&](int rank) { return hosts.at(static_cast<std::size_t>(rank)); };
    if (slowest->bandwidth < slow_share * middle) {
        return {{"links", Level::warning,
                 fmt::format("ranks {} ({}) and {} ({}): {}B/s, the middle of all links is {}B/s",
                             slowest->first, host(slowest->first), slowest->second,
                             host(slowest->second), base::short_count(slowest->bandwidth),
                             base::short_count(middle)),
                 "one slow link slows every step: look at cable, interface and routes of these "
                 "nodes, or leave one out (sbatch --exclude)"}};
    }
    return {{"links", Level::fine,
             fmt::format("{} links, {}B/s to {}B/s each way, latency at most {:.3g} us",
                         links.size(), base::short_count(slowest->bandwidth),
                         base::short_count(
                             std::ranges::max_element(links, {}, &Link::bandwidth)->bandwidth),
                         late->latency * 1e6),
             ""}};
}

}  // namespace tessera::doctor
