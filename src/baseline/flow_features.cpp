#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include <tessera/baseline/flow_features.hpp>

namespace tessera::baseline {

namespace {

using dataset::FlowView;
using dataset::PacketView;
using flow::Direction;

constexpr std::array flag_names{"fin", "syn", "rst", "psh", "ack", "urg"};

/// Moments of a series that is seen once.
class Moments {
  public:
    void add(double value) {
        low_ = count_ == 0 ? value : std::min(low_, value);
        high_ = count_ == 0 ? value : std::max(high_, value);
        count_ += 1;
        auto const gap = value - mean_;  // Welford 1962
        mean_ += gap / count_;
        squares_ += gap * (value - mean_);
    }

    void append_to(std::vector<float>& values) const {
        auto const deviation = count_ > 0 ? std::sqrt(squares_ / count_) : 0.0;
        for (auto const value : {mean_, deviation, low_, high_}) {
            values.push_back(static_cast<float>(value));
        }
    }

    double count() const { return count_; }
    double sum() const { return count_ * mean_; }

  private:
    double count_ = 0;
    double mean_ = 0;
    double squares_ = 0;
    double low_ = 0;
    double high_ = 0;
};

void name_moments(std::vector<std::string>& names, std::string const& what) {
    for (auto const* part : {"mean", "deviation", "least", "most"}) {
        names.push_back(fmt::format("{} {}", what, part));
    }
}

struct Totals {
    std::array<Moments, 2> sizes;     // by direction
    std::array<Moments, 2> payloads;  // by direction
    Moments gaps;                     // s
    std::array<double, flag_names.size()> flags{};
};

double seconds_between(base::Nanoseconds earlier, base::Nanoseconds later) {
    return (static_cast<double>(later) - static_cast<double>(earlier)) * 1e-9;
}

void count(Totals& totals, PacketView const& packet) {
    auto const side = packet.direction == Direction::forward ? 0U : 1U;
    totals.sizes.at(side).add(packet.wire_length);
    totals.payloads.at(side).add(packet.payload_length);
    for (std::size_t bit = 0; bit < totals.flags.size(); ++bit) {
        totals.flags.at(bit) += packet.tcp_flags >> bit & 1U;
    }
}

void append_totals(std::vector<float>& values, Totals const& totals, FlowView const& flow) {
    values.push_back(flow.protocol == packet::Protocol::tcp ? 0.0F : 1.0F);
    values.push_back(static_cast<float>(seconds_between(flow.first, flow.last)));
    for (std::size_t side = 0; side < 2; ++side) {
        auto const& sizes = totals.sizes.at(side);
        values.push_back(static_cast<float>(sizes.count()));
        values.push_back(static_cast<float>(sizes.sum()));
        sizes.append_to(values);
        totals.payloads.at(side).append_to(values);
    }
    totals.gaps.append_to(values);
    for (auto const flags : totals.flags) values.push_back(static_cast<float>(flags));
}

void append_packet(std::vector<float>& values, PacketView const& packet, double gap) {
    auto const sign = packet.direction == Direction::forward ? 1.0F : -1.0F;
    values.push_back(sign * static_cast<float>(packet.wire_length));
    values.push_back(sign * static_cast<float>(packet.payload_length));
    values.push_back(static_cast<float>(gap));
    values.push_back(static_cast<float>(packet.tcp_flags));
}

void append_ends(std::vector<float>& values, FlowView const& flow) {
    for (auto const* end : {&flow.initiator, &flow.responder}) {
        for (auto const byte : end->address.bytes) values.push_back(static_cast<float>(byte));
    }
    values.push_back(static_cast<float>(flow.initiator.port));
    values.push_back(static_cast<float>(flow.responder.port));
}

void name_totals(std::vector<std::string>& names) {
    names = {"udp", "duration"};
    for (auto const* side : {"forward", "backward"}) {
        names.push_back(fmt::format("{} packets", side));
        names.push_back(fmt::format("{} bytes", side));
        name_moments(names, fmt::format("{} size", side));
        name_moments(names, fmt::format("{} payload", side));
    }
    name_moments(names, "gap");
    for (auto const* flag : flag_names) names.push_back(fmt::format("{} packets", flag));
}

}  // namespace

FeatureColumns feature_columns(std::size_t packets) {
    FeatureColumns columns;
    name_totals(columns.names);
    for (std::size_t i = 1; i <= packets; ++i) {
        for (auto const* part : {"size", "payload", "gap", "flags"}) {
            columns.names.push_back(fmt::format("packet {} {}", i, part));
        }
    }
    columns.plain = columns.names.size();
    for (auto const* end : {"initiator", "responder"}) {
        for (int i = 0; i < 16; ++i) columns.names.push_back(fmt::format("{} byte {}", end, i));
    }
    columns.names.insert(columns.names.end(), {"initiator port", "responder port"});
    return columns;
}

std::vector<float> flow_features(dataset::Store const& store, FlowView const& flow,
                                 std::size_t packets) {
    Totals totals;
    std::vector<float> first;
    auto before = flow.first;
    for (std::uint64_t i = 0; i < flow.packets; ++i) {
        auto const packet = store.packet(flow.first_packet + i);
        auto const gap = i == 0 ? 0.0 : seconds_between(before, packet.time);
        if (i > 0) totals.gaps.add(gap);
        count(totals, packet);
        if (i < packets) append_packet(first, packet, gap);
        before = packet.time;
    }
    first.resize(4 * packets);
    std::vector<float> values;
    append_totals(values, totals, flow);
    values.insert(values.end(), first.begin(), first.end());
    append_ends(values, flow);
    return values;
}

}  // namespace tessera::baseline
