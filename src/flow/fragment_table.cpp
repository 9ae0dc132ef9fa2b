#include "datagram.hpp"

#include <algorithm>
#include <list>
#include <map>

#include <tessera/base/error.hpp>
#include <tessera/flow/elapsed.hpp>
#include <tessera/flow/fragment_table.hpp>

namespace tessera::flow {

namespace {

// Room for at least the largest datagram, so that the one being added is never the one to go.
constexpr std::int64_t least_memory = 1 << 20;

}  // namespace

void describe(base::OptionTable& options, FragmentConfig& config) {
    options.section("flow")
        .add(
            "fragment_memory", config.memory,
            "bytes for IP datagrams in pieces until they are whole; when full, the oldest is given "
            "up; 0: the first piece stands for the datagram")
        .add("fragment_timeout", config.timeout,
             "seconds after which a datagram in pieces is given up; 0: never");
}

/// Datagrams in order of their first piece, and where each lies. A map in order of keys, so that no
/// choice of identifications makes it slow.
class FragmentTable::Datagrams {
  public:
    explicit Datagrams(FragmentConfig const& config)
        : memory_(static_cast<std::uint64_t>(config.memory)), timeout_(config.timeout) {}

    std::optional<packet::Frame> add(packet::Frame const& frame, packet::Fragment const& fragment,
                                     packet::DropCounts& drops) {
        advance_clock(frame.time, drops);
        auto const at = find_or_open(DatagramKey(fragment));
        auto& datagram = at->second;
        bytes_ -= datagram.bytes();
        if (auto const why = datagram.add(frame, fragment)) datagram.give_up(*why);
        bytes_ += datagram.bytes();
        if (datagram.is_whole()) return take_out(at, frame.time, drops);
        while (bytes_ > memory_ && by_age_.begin() != at) {
            remove(by_age_.begin(), packet::Drop::fragment_evicted, drops);
        }
        return std::nullopt;
    }

    void finish(packet::DropCounts& drops) {
        while (!by_age_.empty()) {
            remove(by_age_.begin(), packet::Drop::fragment_incomplete, drops);
        }
        clock_.reset();
    }

    std::uint64_t bytes() const { return bytes_; }

  private:
    using ByAge = std::list<std::pair<DatagramKey, Datagram>>;

    void advance_clock(base::Nanoseconds time, packet::DropCounts& drops) {
        clock_ = std::max(clock_.value_or(time), time);
        while (!by_age_.empty() && timeout_.reached(by_age_.front().second.opened(), *clock_)) {
            remove(by_age_.begin(), packet::Drop::fragment_timeout, drops);
        }
    }

    ByAge::iterator find_or_open(DatagramKey const& key) {
        auto const [found, is_new] = by_key_.try_emplace(key);
        if (is_new) {
            found->second = by_age_.insert(by_age_.end(), {key, Datagram(*clock_)});
            bytes_ += found->second->second.bytes();
        }
        return found->second;
    }

    // The datagram counts as one packet, the other pieces as fragments.
    std::optional<packet::Frame> take_out(ByAge::iterator at, base::Nanoseconds time,
                                          packet::DropCounts& drops) {
        auto const pieces = at->second.pieces();
        auto frame = at->second.write(whole_);
        drops.add(packet::Drop::ip_fragment, frame ? pieces - 1 : 0);
        if (!frame) drops.add(packet::Drop::fragment_malformed, pieces);
        erase(at);
        if (frame) frame->time = time;
        return frame;
    }

    void remove(ByAge::iterator at, packet::Drop why, packet::DropCounts& drops) {
        drops.add(at->second.given_up().value_or(why), at->second.pieces());
        erase(at);
    }

    void erase(ByAge::iterator at) {
        bytes_ -= at->second.bytes();
        by_key_.erase(at->first);
        by_age_.erase(at);
    }

    std::uint64_t memory_;
    Timeout timeout_;
    ByAge by_age_;
    std::map<DatagramKey, ByAge::iterator> by_key_;
    std::uint64_t bytes_ = 0;
    std::optional<base::Nanoseconds> clock_;
    std::vector<std::byte> whole_;  // the datagram handed out last
};

FragmentTable::FragmentTable(FragmentConfig const& config) {
    base::validate(config.memory == 0 || config.memory >= least_memory, base::ExitCode::usage,
                   "flow.fragment_memory is {} bytes: give {} (1 MiB) or more, or 0 to put no "
                   "datagrams together",
                   config.memory, least_memory);
    base::validate(Timeout::valid(config.timeout), base::ExitCode::usage,
                   "flow.fragment_timeout is {} s: give a number of seconds from 0 (never) on",
                   config.timeout);
    datagrams_ = std::make_unique<Datagrams>(config);
}

FragmentTable::~FragmentTable() = default;
FragmentTable::FragmentTable(FragmentTable&&) noexcept = default;
FragmentTable& FragmentTable::operator=(FragmentTable&&) noexcept = default;

std::optional<packet::Frame> FragmentTable::add(packet::Frame const& frame,
                                                packet::Fragment const& fragment,
                                                packet::DropCounts& drops) {
    return datagrams_->add(frame, fragment, drops);
}

void FragmentTable::finish(packet::DropCounts& drops) {
    datagrams_->finish(drops);
}

std::uint64_t FragmentTable::bytes() const {
    return datagrams_->bytes();
}

}  // namespace tessera::flow
