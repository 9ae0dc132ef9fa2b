#include "made_flows.hpp"
#include "scratch.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include <tessera/base/files.hpp>
#include <tessera/dataset/split.hpp>

namespace tessera {
namespace {

using dataset::Fold;

TEST(SplitAudit, CountsWhatStandsOnBothSides) {
    test::Scratch scratch;
    test::write_store(base::local_files(), scratch.path(), test::random_units(11, 3, 120),
                      test::three_classes());
    auto const store = dataset::open_store(scratch.path());
    auto const split = dataset::make_split(store, {});
    std::array<std::set<packet::Address>, 2> clients;
    std::array<std::set<std::uint64_t>, 2> captures;
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const fold = split.fold_of(i);
        if (fold == Fold::valid) continue;
        std::size_t const side = fold == Fold::train ? 0 : 1;
        clients[side].insert(store.flow(i).initiator.address);
        captures[side].insert(store.flow(i).capture);
    }
    std::vector<packet::Address> both;
    std::set_intersection(clients[0].begin(), clients[0].end(), clients[1].begin(),
                          clients[1].end(), std::back_inserter(both));
    auto const& pair = split.audit.pairs.at(1);
    EXPECT_EQ(pair.clients.first, clients[0].size());
    EXPECT_EQ(pair.clients.second, clients[1].size());
    EXPECT_EQ(pair.clients.shared, both.size());
    EXPECT_EQ(pair.captures.shared, 9U);
    EXPECT_EQ(pair.flows.shared, 0U);
    EXPECT_EQ(pair.five_tuples.shared, 0U);
    EXPECT_EQ(split.audit.sampled, 1U);

    std::array<std::set<std::vector<std::int64_t>>, 2> sequences;
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const fold = split.fold_of(i);
        if (fold == Fold::valid) continue;
        std::vector<std::int64_t> sizes;
        auto const flow = store.flow(i);
        for (std::uint64_t p = 0; p < std::min<std::uint64_t>(30, flow.packets); ++p) {
            auto const packet = store.packet(flow.first_packet + p);
            auto const back = packet.direction == flow::Direction::backward;
            sizes.push_back(back ? -std::int64_t{packet.wire_length} : packet.wire_length);
        }
        sequences[fold == Fold::train ? 0 : 1].insert(sizes);
    }
    EXPECT_EQ(pair.sequences.first, sequences[0].size());
    EXPECT_EQ(pair.sequences.second, sequences[1].size());
}

TEST(SplitAudit, CountsACaptureInPartsOnce) {
    test::Scratch scratch;
    auto units = test::random_units(11, 2, 120);
    for (std::uint32_t part = 0; part < 2; ++part) {
        units[part].captures = {"big.pcap"};
        units[part].part = part;
        units[part].parts = 2;
        for (auto& flow : units[part].flows) flow.capture = 0;
    }
    test::write_store(base::local_files(), scratch.path(), units, test::three_classes());
    auto const split = dataset::make_split(dataset::open_store(scratch.path()), {});
    auto const& captures = split.audit.pairs.at(1).captures;
    EXPECT_EQ(captures.first, 1U);
    EXPECT_EQ(captures.second, 1U);
    EXPECT_EQ(captures.shared, 1U);
}

}  // namespace
}  // namespace tessera
