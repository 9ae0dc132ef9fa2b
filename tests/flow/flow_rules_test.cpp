// Random packets through the table and through a plain model of its rules: same flows, same order,
// whatever the hash.
#include "flow_packets.hpp"
#include "live_flows.hpp"

#include <algorithm>
#include <limits>
#include <list>
#include <random>

#include <gtest/gtest.h>

namespace tessera::flow {
namespace {

__extension__ using Wide = __int128;  // no difference of time stamps overflows it

struct ModelFlow {
    FlowKey key;
    Flow flow;
    Wide first = 0;
    Wide last = 0;
    Wide clock = 0;
};

// The rules as flow_table.hpp states them, by linear search over a list in order of activity.
class Model {
  public:
    explicit Model(FlowConfig const& config)
        : idle_(static_cast<Wide>(config.idle_timeout * 1e9)),
          active_(static_cast<Wide>(config.active_timeout * 1e9)),
          max_packets_(static_cast<std::size_t>(config.max_packets)) {}

    void add(packet::Packet const& packet, base::ByteSpan kept) {
        clock_ = running_.empty() && !started_ ? packet.time : std::max<Wide>(clock_, packet.time);
        started_ = true;
        while (!running_.empty() && clock_ - running_.front().clock >= idle_) {
            close(running_.begin(), FlowEnd::idle_timeout);
        }
        auto const key = key_of(packet);
        auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](auto const& each) { return each.key == key; });
        if (found != running_.end()) {
            if (packet.time - found->last >= idle_) {
                close(found, FlowEnd::idle_timeout);
            } else if (packet.time - found->first >= active_) {
                close(found, FlowEnd::active_timeout);
            } else if (found->flow.packets.size() == max_packets_) {
                close(found, FlowEnd::packet_limit);
            } else {
                running_.splice(running_.end(), running_, found);
                return append(running_.back(), packet, kept);
            }
        }
        running_.push_back({key, {}, packet.time, packet.time, clock_});
        running_.back().flow.low_sent_first = packet.source == key.low;
        running_.back().flow.key = key;
        append(running_.back(), packet, kept);
    }

    std::vector<Flow> finish() {
        while (!running_.empty()) close(running_.begin(), FlowEnd::capture_end);
        return closed_;
    }

  private:
    void append(ModelFlow& to, packet::Packet const& packet, base::ByteSpan kept) {
        auto& flow = to.flow;
        bool const forward = packet.source == flow.initiator();
        flow.packets.push_back(
            {packet.time, packet.wire_length, packet.payload_length,
             static_cast<std::uint32_t>(flow.bytes.size()), static_cast<std::uint16_t>(kept.size()),
             forward ? Direction::forward : Direction::backward, packet.tcp_flags});
        flow.bytes.insert(flow.bytes.end(), kept.begin(), kept.end());
        to.last = std::max<Wide>(to.last, packet.time);
        to.clock = clock_;
    }

    void close(std::list<ModelFlow>::iterator at, FlowEnd end) {
        at->flow.end = end;
        closed_.push_back(at->flow);
        running_.erase(at);
    }

    Wide idle_;
    Wide active_;
    std::size_t max_packets_;
    Wide clock_ = 0;
    bool started_ = false;
    std::list<ModelFlow> running_;
    std::vector<Flow> closed_;
};

struct Input {
    packet::Packet packet;
    test::Bytes kept;
};

// A clock that mostly goes on, sometimes waits out a time-out, steps back, or leaps to an extreme.
std::vector<Input> random_packets(std::uint32_t seed, std::size_t count, bool hostile) {
    std::mt19937_64 random(seed);
    base::Nanoseconds time = 1'600'000'000 * test::second;
    std::vector<Input> inputs;
    while (inputs.size() < count) {
        auto const dice = random() % 1000;
        auto stamp = time += static_cast<base::Nanoseconds>(random() % test::second);
        if (dice < 3) time += 200 * test::second;
        if (dice >= 3 && dice < 50)
            stamp -= static_cast<base::Nanoseconds>(random() % 300) * test::second;
        if (hostile && dice >= 990) stamp = static_cast<base::Nanoseconds>(random());
        if (hostile && dice == 989) stamp = std::numeric_limits<base::Nanoseconds>::min();
        auto a = test::endpoint(static_cast<std::uint32_t>(random() % 6));
        auto b = test::endpoint(static_cast<std::uint32_t>(random() % 6));
        test::Bytes kept(random() % 300);
        for (auto& byte : kept) byte = static_cast<std::byte>(random());
        inputs.push_back({test::tcp_packet(a, b, stamp), kept});
    }
    return inputs;
}

std::vector<Flow> flows_of(std::vector<Input> const& inputs, FlowConfig const& config,
                           LiveFlows::Hash hash = flow::hash) {
    test::Collected collected;
    LiveFlows table(config, collected.sink(), hash);
    for (auto const& input : inputs) table.add(input.packet, input.kept);
    table.finish();
    return collected.flows;
}

std::uint64_t same_for_all(PackedKey const&, std::uint64_t) noexcept {
    return 0xffff'ffff;
}

TEST(FlowRules, HoldOnRandomPackets) {
    FlowConfig const config{.idle_timeout = 2, .active_timeout = 20, .max_packets = 40};
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        auto const inputs = random_packets(seed, 2000, seed % 2 == 1);
        Model model(config);
        for (auto const& input : inputs) model.add(input.packet, input.kept);
        ASSERT_EQ(test::lines(flows_of(inputs, config)), test::lines(model.finish())) << seed;
    }
}

TEST(FlowRules, DoNotDependOnTheHash) {
    FlowConfig config{.idle_timeout = 2, .active_timeout = 20};
    config.memory = 1 << 20;  // tight: evictions too
    auto const inputs = random_packets(99, 20'000, true);
    auto const expected = test::lines(flows_of(inputs, config));
    for (std::uint64_t const seed : {1U, 2U, 3U}) {
        config.hash_seed = seed;
        ASSERT_EQ(test::lines(flows_of(inputs, config)), expected);
    }
    EXPECT_EQ(test::lines(flows_of(inputs, config, same_for_all)), expected);
}

TEST(FlowRules, CollidingKeysStayApartInAFullTable) {
    FlowConfig config;
    config.memory = 1 << 20;
    std::vector<Input> inputs;
    for (std::uint32_t n = 0; n < 8000; ++n) {
        auto const from = test::endpoint(n % 2500);
        inputs.push_back({test::tcp_packet(from, test::endpoint(9999), n), {}});
    }
    auto const expected = flows_of(inputs, config);
    EXPECT_GE(expected.size(), 2500U);
    EXPECT_EQ(test::lines(flows_of(inputs, config, same_for_all)), test::lines(expected));
    for (auto const& flow : expected) {
        for (auto const& packet : flow.packets) {
            auto const from = test::endpoint(static_cast<std::uint32_t>(packet.time) % 2500);
            ASSERT_EQ(flow.initiator(), from);
        }
    }
}

}  // namespace
}  // namespace tessera::flow
