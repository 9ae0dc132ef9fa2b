#include "made_flows.hpp"
#include "scratch.hpp"

#include <gtest/gtest.h>

#include <tessera/base/files.hpp>
#include <tessera/loader/flow_input.hpp>

namespace tessera::loader {
namespace {

/// Seven packets a second apart or so, of 20 bytes; `changed` of them has another last byte.
flow::Flow flow_with(std::size_t changed, base::Nanoseconds step = 1'000'000'000,
                     std::uint32_t wire_length = 100) {
    auto flow = test::flow_between(test::endpoint_v4(1, 5000), test::endpoint_v4(2, 53));
    for (std::size_t i = 0; i < 7; ++i) {
        std::vector<std::uint8_t> bytes(20, static_cast<std::uint8_t>(i));
        if (i == changed) bytes.back() = 99;
        test::add_packet(flow, flow::Direction::forward, static_cast<base::Nanoseconds>(i) * step,
                         bytes, wire_length);
    }
    return flow;
}

constexpr std::size_t none = 7;

class FlowInput : public testing::Test {
  protected:
    std::optional<std::uint64_t> hash(flow::Flow const& flow,
                                      batch::ClassifierDataConfig const& config) {
        test::Scratch scratch;
        test::write_store(base::local_files(), scratch.path(), {{{"a.pcap"}, {{flow, 0, {}}}}}, {});
        return flow_input_hash(dataset::open_store(scratch.path()), 0, config);
    }

    static batch::ClassifierDataConfig reading(std::string const& inputs) {
        batch::ClassifierDataConfig config;
        config.inputs = inputs;
        return config;
    }
};

TEST_F(FlowInput, EndsWhereTheModelStopsReading) {
    auto const config = reading("tokens");
    auto const whole = hash(flow_with(none), config);
    EXPECT_EQ(whole, hash(flow_with(5), config)) << "the sixth packet is not read";
    EXPECT_NE(whole, hash(flow_with(4), config));
    auto longer = config;
    longer.packets = 6;
    EXPECT_NE(hash(flow_with(none), longer), hash(flow_with(5), longer));
    auto narrow = config;
    narrow.sequence_length = 16;  // two ids a packet: the last bytes are cut off
    EXPECT_EQ(hash(flow_with(none), narrow), hash(flow_with(4), narrow));
}

TEST_F(FlowInput, HoldsSizesWhereTheModelReadsThem) {
    auto const small = flow_with(none);
    auto const large = flow_with(none, 1'000'000'000, 200);
    EXPECT_EQ(hash(small, reading("tokens")), hash(large, reading("tokens")));
    EXPECT_NE(hash(small, reading("both")), hash(large, reading("both")));
    EXPECT_NE(hash(small, reading("sizes")), hash(large, reading("sizes")));
    EXPECT_EQ(hash(small, reading("sizes")), hash(flow_with(0), reading("sizes")));
}

TEST_F(FlowInput, LeavesTimesOut) {
    EXPECT_EQ(hash(flow_with(none), reading("both")),
              hash(flow_with(none, 7'000), reading("both")));
}

TEST_F(FlowInput, OfPacketsIsAllThatMayBeSamples) {
    auto config = reading("tokens");
    config.level = "packet";
    config.packets_per_flow = 6;
    EXPECT_NE(hash(flow_with(none), config), hash(flow_with(5), config));
    EXPECT_EQ(hash(flow_with(none), config), hash(flow_with(6), config));
}

TEST_F(FlowInput, IsNoneWhereNothingIsRead) {
    auto flow = test::flow_between(test::endpoint_v4(1, 5000), test::endpoint_v4(2, 53));
    test::add_packet(flow, flow::Direction::forward, 0, {}, 60);
    for (auto const* level : {"flow", "packet"}) {
        batch::ClassifierDataConfig config;
        config.level = level;
        EXPECT_FALSE(hash(flow, config).has_value()) << level;
    }
}

}  // namespace
}  // namespace tessera::loader
