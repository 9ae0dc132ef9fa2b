#include "made_flows.hpp"
#include "scratch.hpp"
#include "split_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/split.hpp>

namespace tessera {
namespace {

using dataset::Fold;
using dataset::Split;
using dataset::SplitConfig;
using dataset::Store;

/// Two stores; the other has the same captures with fewer flows, and captures more.
class SplitLikeTest : public testing::Test {
  protected:
    SplitLikeTest() {
        auto units = test::random_units(11, 3, 120);
        test::write_store(base::local_files(), scratch_.path(), units, test::three_classes());
        store_ = dataset::open_store(scratch_.path());
        for (std::size_t u = 0; u < units.size(); ++u) {
            auto& flows = units[u].flows;
            std::erase_if(flows, [&](auto const& made) { return made.capture == u; });
            units[u].captures.push_back("later/" + std::to_string(u) + ".pcap");
            for (std::size_t i = 0; i < 5; ++i) flows[i].capture = 3;
        }
        test::write_store(base::local_files(), other_scratch_.path(), units, test::three_classes());
        other_ = dataset::open_store(other_scratch_.path());
    }

    SplitConfig like(std::string const& what) const {
        auto config = by(what, "second");
        config.like = (scratch_ / "first").string();
        return config;
    }

    Split publish_first(std::string const& what) {
        auto config = by(what, "first");
        config.seed = 3;
        config.train = 0.5;
        config.valid = 0.2;
        config.test = 0.3;
        auto split = dataset::make_split(store_, config);
        dataset::publish_split(base::local_files(), store_, split, dataset::Overwrite::yes);
        return split;
    }

    std::string refusal(SplitConfig const& config) {
        try {
            dataset::make_split(other_, config);
        } catch (base::Error const& error) {
            EXPECT_EQ(error.code(), base::ExitCode::usage);
            return error.what();
        }
        return "no error";
    }

    test::Scratch scratch_;
    Store store_;
    test::Scratch other_scratch_;
    Store other_;
};

TEST_F(SplitLikeTest, PutsGroupsWhereAnotherStoreHasThem) {
    for (auto const* what : {"capture", "site", "folder", "client", "server"}) {
        auto const first = publish_first(what);
        auto second = dataset::make_split(other_, like(what));
        std::uint64_t unknown = 0;
        for (auto const& [group, fold] : second.groups) {
            auto const known = first.groups.find(group);
            unknown += known == first.groups.end() ? 1U : 0U;
            EXPECT_EQ(fold, known == first.groups.end() ? Fold::excluded : known->second) << group;
        }
        ASSERT_TRUE(second.like.has_value());
        EXPECT_EQ(second.like->split, first.checksum);
        EXPECT_EQ(second.like->groups_left_out, unknown) << what;
        EXPECT_EQ(second.like->flows_left_out, second.counts[3]) << what;
        EXPECT_EQ(second.config.seed, 3U);
        EXPECT_EQ(second.config.train, 0.5);
        dataset::publish_split(base::local_files(), other_, second, dataset::Overwrite::yes);
        auto const loaded = dataset::load_split(other_, "second");
        EXPECT_EQ(dataset::to_json(other_, loaded), dataset::to_json(other_, second));
    }
}

TEST_F(SplitLikeTest, CountsWhatTheOtherSplitDoesNotKnow) {
    publish_first("capture");
    auto const second = dataset::make_split(other_, like("capture"));
    EXPECT_EQ(second.like->groups_left_out, 3U);
    EXPECT_EQ(second.like->flows_left_out, 15U);
    EXPECT_EQ(second.groups.at("later/0.pcap"), Fold::excluded);
    EXPECT_EQ(second.groups.contains("run1/a.pcap"), false) << "no flow of it is in this store";
}

TEST_F(SplitLikeTest, TakesSeedFractionsAndCutsAsTheyAre) {
    auto const by_time = publish_first("time");
    EXPECT_EQ(dataset::make_split(other_, like("time")).cuts, by_time.cuts);
    auto const by_flow = publish_first("flow");
    std::map<flow::FlowKey, Fold> fold_of;
    for (std::uint64_t i = 0; i < store_.flows(); ++i) {
        fold_of[store_.flow(i).key()] = by_flow.fold_of(i);
    }
    auto const second = dataset::make_split(other_, like("flow"));
    for (std::uint64_t i = 0; i < other_.flows(); ++i) {
        EXPECT_EQ(second.fold_of(i), fold_of.at(other_.flow(i).key()));
    }
}

TEST_F(SplitLikeTest, GoesByTheOwnNameWhereAStoreIsGiven) {
    publish_first("capture");
    auto config = like("capture");
    config.like = scratch_.path().string();
    EXPECT_THROW(dataset::make_split(other_, config), base::Error) << "no 'second' there";
    config.name = "first";
    EXPECT_TRUE(dataset::make_split(other_, config).like.has_value());
}

TEST_F(SplitLikeTest, RefusesAnotherRule) {
    publish_first("capture");
    EXPECT_THAT(refusal(like("client")),
                testing::HasSubstr("that split is by capture, this one by client"));
    publish_first("leaky-legacy");
    EXPECT_THAT(refusal(like("leaky-legacy")), testing::HasSubstr("not by leaky-legacy"));
}

}  // namespace
}  // namespace tessera
